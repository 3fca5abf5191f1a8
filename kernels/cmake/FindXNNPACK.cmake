# XNNPACK 2024-11-08, as the target XNNPACK::XNNPACK, from the first of:
#   -DXNNPACK_SOURCE_DIR=...  a source folder, built here (as NDK and Xcode builds will)
#   -DXNNPACK_ROOT=...        a prefix that provide-xnnpack.sh, or anyone, installed it into
#   the system's package, where it is new enough (Debian 13, Ubuntu 25.04 and later)
#   FetchContent of the same version, pinned by commit (-DXNNPACK_FETCH=OFF forbids it)
# XNNPACK_DESCRIPTION says which it was, and is what `mobilediffusion --version` prints. What a static installation must
# bring or name is in XNNPACK_BUILT_TARGETS (built here) or XNNPACK_LINK_LIBRARIES (found).
include(FindPackageHandleStandardArgs)
option(XNNPACK_FETCH "Fetch XNNPACK's source where no package is new enough" ON)

set(_commit 4ea82e595b36106653175dcb04b2aa532660d0d8)

macro(_build_xnnpack_from source)
  set(XNNPACK_LIBRARY_TYPE static CACHE STRING "" FORCE)
  foreach(_unwanted XNNPACK_BUILD_TESTS XNNPACK_BUILD_BENCHMARKS XNNPACK_BUILD_ALL_MICROKERNELS XNNPACK_ENABLE_KLEIDIAI)
    set(${_unwanted} OFF CACHE BOOL "" FORCE)
  endforeach()
  # SME has crashed on real phones; XNNPACK asks an operating system for AMX's tiles on Linux alone.
  set(XNNPACK_ENABLE_ARM_SME OFF CACHE BOOL "XNNPACK's kernels for Arm's matrix extension")
  set(XNNPACK_ENABLE_ARM_SME2 OFF CACHE BOOL "XNNPACK's kernels for Arm's matrix extension 2")
  if(NOT CMAKE_SYSTEM_NAME STREQUAL "Linux")
    set(XNNPACK_ENABLE_AVX512AMX OFF CACHE BOOL "XNNPACK's kernels for AMX")
  endif()
  set(CMAKE_POSITION_INDEPENDENT_CODE ON)
  add_subdirectory(${source} ${CMAKE_BINARY_DIR}/xnnpack EXCLUDE_FROM_ALL)
  # GCC 14 makes an error of what it warned of: kernels of halves hand _Float16 to intrinsics of uint16_t.
  if(CMAKE_C_COMPILER_ID STREQUAL "GNU")
    target_compile_options(microkernels-prod PRIVATE $<$<COMPILE_LANGUAGE:C>:-Wno-incompatible-pointer-types>)
  endif()
  add_library(XNNPACK::XNNPACK INTERFACE IMPORTED GLOBAL)
  target_link_libraries(XNNPACK::XNNPACK INTERFACE XNNPACK microkernels-prod pthreadpool)
  set(XNNPACK_BUILT_TARGETS XNNPACK microkernels-prod pthreadpool cpuinfo)
  set(XNNPACK_DESCRIPTION "20241108 built from source")
  message(STATUS "XNNPACK: ${XNNPACK_DESCRIPTION} (${source})")
  set(XNNPACK_FOUND TRUE)
endmacro()

if(XNNPACK_SOURCE_DIR)
  _build_xnnpack_from(${XNNPACK_SOURCE_DIR})
  return()
endif()

find_path(XNNPACK_INCLUDE_DIR xnnpack.h)
find_library(XNNPACK_LIBRARY XNNPACK)
find_library(XNNPACK_MICROKERNELS_LIBRARY microkernels-prod)
find_library(XNNPACK_PTHREADPOOL_LIBRARY pthreadpool)
find_library(XNNPACK_CPUINFO_LIBRARY cpuinfo)
mark_as_advanced(XNNPACK_INCLUDE_DIR XNNPACK_LIBRARY XNNPACK_MICROKERNELS_LIBRARY XNNPACK_PTHREADPOOL_LIBRARY XNNPACK_CPUINFO_LIBRARY)
if(XNNPACK_INCLUDE_DIR AND XNNPACK_LIBRARY)
  # The header has no version: the one operator creator that late 2024 brought tells.
  file(STRINGS ${XNNPACK_INCLUDE_DIR}/xnnpack.h _new_enough REGEX "xnn_create_binary_elementwise_nd\\(")
endif()

if(NOT _new_enough AND XNNPACK_FETCH)
  include(FetchContent)
  FetchContent_Declare(xnnpack GIT_REPOSITORY https://github.com/google/XNNPACK.git GIT_TAG ${_commit})
  FetchContent_GetProperties(xnnpack)
  if(NOT xnnpack_POPULATED)
    FetchContent_Populate(xnnpack)
  endif()
  _build_xnnpack_from(${xnnpack_SOURCE_DIR})
  return()
endif()

find_package_handle_standard_args(XNNPACK
  REQUIRED_VARS XNNPACK_LIBRARY XNNPACK_INCLUDE_DIR XNNPACK_PTHREADPOOL_LIBRARY _new_enough
  REASON_FAILURE_MESSAGE "XNNPACK of 2024-11-08 is needed: the system's package where it is new enough (libxnnpack-dev), \
-DXNNPACK_ROOT=\"$(kernels/cmake/provide-xnnpack.sh)\" on an older Debian, or -DXNNPACK_SOURCE_DIR=")
if(XNNPACK_FOUND AND NOT TARGET XNNPACK::XNNPACK)
  find_package(Threads REQUIRED)
  if(XNNPACK_LIBRARY MATCHES "\\.a$")
    set(_linked ${XNNPACK_MICROKERNELS_LIBRARY} ${XNNPACK_PTHREADPOOL_LIBRARY} ${XNNPACK_CPUINFO_LIBRARY} m Threads::Threads)
    set(_kind "static")
  else()
    set(_linked ${XNNPACK_PTHREADPOOL_LIBRARY} Threads::Threads)
    set(_kind "shared")
  endif()
  set(XNNPACK_DESCRIPTION "20241108 ${_kind}")
  set(XNNPACK_LINK_LIBRARIES ${XNNPACK_LIBRARY} ${_linked})
  list(FILTER XNNPACK_LINK_LIBRARIES INCLUDE REGEX "^/")
  add_library(XNNPACK::XNNPACK UNKNOWN IMPORTED GLOBAL)
  set_target_properties(XNNPACK::XNNPACK PROPERTIES IMPORTED_LOCATION "${XNNPACK_LIBRARY}"
    INTERFACE_INCLUDE_DIRECTORIES "${XNNPACK_INCLUDE_DIR}" INTERFACE_LINK_LIBRARIES "${_linked}")
  message(STATUS "XNNPACK: ${XNNPACK_DESCRIPTION} (${XNNPACK_LIBRARY})")
endif()
