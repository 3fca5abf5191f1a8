# WebAssembly with Emscripten (Debian 13's package emscripten), for browsers and node: with vectors and exceptions, which all have
# had since 2023. MOBILEDIFFUSION_WASM_THREADS=OFF builds for pages that are not cross-origin isolated, which have no threads.
option(MOBILEDIFFUSION_WASM_THREADS "Build for pages that are cross-origin isolated" ON)
list(APPEND CMAKE_TRY_COMPILE_PLATFORM_VARIABLES MOBILEDIFFUSION_WASM_THREADS)

find_program(EMCC emcc REQUIRED)
file(REAL_PATH ${EMCC} emscripten)
cmake_path(GET emscripten PARENT_PATH emscripten)
include(${emscripten}/cmake/Modules/Platform/Emscripten.cmake)

set(wasm_features "-msimd128 -fwasm-exceptions")
if(MOBILEDIFFUSION_WASM_THREADS)
  string(APPEND wasm_features " -pthread")
endif()
set(CMAKE_C_FLAGS_INIT ${wasm_features})
set(CMAKE_CXX_FLAGS_INIT ${wasm_features})
