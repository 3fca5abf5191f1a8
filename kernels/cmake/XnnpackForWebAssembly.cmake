# XNNPACK has kernels for WebAssembly, which its own CMake project does not know of: there it is told of a Linux on a processor
# without vectors, and the kernels are added to what comes of that.
function(add_xnnpack_for_webassembly source)
  set(CMAKE_SYSTEM_NAME Linux)
  set(CMAKE_SYSTEM_PROCESSOR wasm32)
  if(MOBILEDIFFUSION_WASM_THREADS)
    set(EMSCRIPTEN OFF)  # by which pthreadpool would take its pool without threads
  endif()
  add_subdirectory(${source} ${CMAKE_BINARY_DIR}/xnnpack EXCLUDE_FROM_ALL)
  if(NOT MOBILEDIFFUSION_WASM_THREADS)
    set_target_properties(pthreadpool PROPERTIES COMPILE_OPTIONS "" INTERFACE_COMPILE_OPTIONS "")  # -pthread, for a Linux
  endif()

  include(${source}/cmake/gen/wasm_microkernels.cmake)
  include(${source}/cmake/gen/wasmsimd_microkernels.cmake)
  set(kernels ${PROD_WASM_MICROKERNEL_SRCS} ${PROD_WASMSIMD_MICROKERNEL_SRCS})
  list(TRANSFORM kernels PREPEND ${source}/)
  target_sources(microkernels-prod PRIVATE ${kernels})
  # Two of them include Arm's header where they mean WebAssembly's.
  file(WRITE ${CMAKE_BINARY_DIR}/xnnpack/include/arm_neon.h "#include <wasm_simd128.h>\n")
  target_include_directories(microkernels-prod PRIVATE ${CMAKE_BINARY_DIR}/xnnpack/include)
endfunction()
