# Everything this library is built on, from the folders below MOBILEDIFFUSION_SOURCES_DIR, as provide-sources.sh fetches them:
# for targets that have no packages, and for a library that an app ships whole. Included where that is set; what it defines is
# what find_package() and find_path() would have found.
set(XNNPACK_SOURCE_DIR ${MOBILEDIFFUSION_SOURCES_DIR}/xnnpack)
set(PTHREADPOOL_SOURCE_DIR ${MOBILEDIFFUSION_SOURCES_DIR}/pthreadpool CACHE PATH "")
set(FXDIV_SOURCE_DIR ${MOBILEDIFFUSION_SOURCES_DIR}/fxdiv CACHE PATH "")
set(FP16_SOURCE_DIR ${MOBILEDIFFUSION_SOURCES_DIR}/fp16 CACHE PATH "")
# Debian has cpuinfo's header alone. What people run knows their processor: then XNNPACK fetches the version that it pins.
option(MOBILEDIFFUSION_FETCH_CPUINFO "Fetch cpuinfo from its own project in place of the stand-in of our checks" OFF)
if(NOT MOBILEDIFFUSION_FETCH_CPUINFO AND NOT CPUINFO_SOURCE_DIR)
  set(CPUINFO_SOURCE_DIR ${PROJECT_SOURCE_DIR}/.ci/cpuinfo)
  set(CPUINFO_HEADER_DIR ${MOBILEDIFFUSION_SOURCES_DIR}/libcpuinfo-dev/usr/include)
endif()

# Adds a dependency's own CMake project, its libraries static, nothing of it installed or built that is not linked.
function(_add_source name folder)
  set(BUILD_SHARED_LIBS OFF)
  set(CMAKE_POSITION_INDEPENDENT_CODE ON)
  set(CMAKE_CXX_VISIBILITY_PRESET hidden)
  set(CMAKE_C_VISIBILITY_PRESET hidden)
  set(CMAKE_POLICY_DEFAULT_CMP0077 NEW)  # options that are set here are taken
  foreach(setting ${ARGN})
    string(REPLACE "=" ";" setting ${setting})
    list(GET setting 0 option)
    list(GET setting 1 value)
    set(${option} ${value})
  endforeach()
  add_subdirectory(${MOBILEDIFFUSION_SOURCES_DIR}/${folder} ${CMAKE_BINARY_DIR}/sources/${name} EXCLUDE_FROM_ALL SYSTEM)
endfunction()

_add_source(highway highway HWY_ENABLE_CONTRIB=OFF HWY_ENABLE_EXAMPLES=OFF HWY_ENABLE_TESTS=OFF HWY_ENABLE_INSTALL=OFF BUILD_TESTING=OFF)
if(EMSCRIPTEN)
  # Highway's own files want atomics, threads or not; with threads -pthread brings them, and a module without has none.
  get_target_property(_options hwy COMPILE_OPTIONS)
  list(REMOVE_ITEM _options -matomics)
  set_target_properties(hwy PROPERTIES COMPILE_OPTIONS "${_options}")
endif()
set(HIGHWAY_INCLUDE_DIR ${MOBILEDIFFUSION_SOURCES_DIR}/highway)
set(HIGHWAY_LIBRARY hwy)

_add_source(sentencepiece sentencepiece SPM_ENABLE_SHARED=OFF SPM_ENABLE_TCMALLOC=OFF)
if(EMSCRIPTEN AND NOT MOBILEDIFFUSION_WASM_THREADS)
  target_compile_options(sentencepiece-static PRIVATE -no-pthread)  # it says -pthread whatever it is built for
endif()
set(SENTENCEPIECE_INCLUDE_DIR ${MOBILEDIFFUSION_SOURCES_DIR}/sentencepiece/src)
set(SENTENCEPIECE_LIBRARY sentencepiece-static)

_add_source(utf8proc utf8proc UTF8PROC_INSTALL=OFF)
set(UTF8PROC_INCLUDE_DIR ${MOBILEDIFFUSION_SOURCES_DIR}/utf8proc)
set(UTF8PROC_LIBRARY utf8proc)
target_compile_definitions(mobilediffusion_flags INTERFACE UTF8PROC_STATIC)

add_library(nlohmann_json INTERFACE)
add_library(nlohmann_json::nlohmann_json ALIAS nlohmann_json)
target_include_directories(nlohmann_json SYSTEM INTERFACE ${MOBILEDIFFUSION_SOURCES_DIR}/nlohmann-json3-dev/usr/include)
set(STB_INCLUDE_DIR ${MOBILEDIFFUSION_SOURCES_DIR}/libstb-dev/usr/include/stb)
set(CLI11_INCLUDE_DIR ${MOBILEDIFFUSION_SOURCES_DIR}/libcli11-dev/usr/include)
set(HTTPLIB_INCLUDE_DIR ${MOBILEDIFFUSION_SOURCES_DIR}/cpp-httplib)

if(MOBILEDIFFUSION_BUILD_TESTS)
  _add_source(googletest googletest BUILD_GMOCK=OFF INSTALL_GTEST=OFF)
  add_library(mobilediffusion_eigen INTERFACE)
  add_library(Eigen3::Eigen ALIAS mobilediffusion_eigen)
  target_include_directories(mobilediffusion_eigen SYSTEM INTERFACE ${MOBILEDIFFUSION_SOURCES_DIR}/libeigen3-dev/usr/include/eigen3)
endif()
