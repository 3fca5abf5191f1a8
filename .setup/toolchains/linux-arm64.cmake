# Linux on 64-bit Arm, built on another processor: with a cross compiler (Debian's g++-aarch64-linux-gnu) and the system that
# provide-arm64.sh fetches, or the one that CMAKE_SYSROOT names. ctest runs what is built under qemu-user, whose QEMU_CPU in
# the environment names the processor: max, neoverse-n1, cortex-a53 or another of `qemu-aarch64 -cpu help`.
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
set(CMAKE_C_COMPILER aarch64-linux-gnu-gcc)
set(CMAKE_CXX_COMPILER aarch64-linux-gnu-g++)

if(NOT CMAKE_SYSROOT)
  execute_process(COMMAND ${CMAKE_CURRENT_LIST_DIR}/../provide-arm64.sh OUTPUT_VARIABLE CMAKE_SYSROOT OUTPUT_STRIP_TRAILING_WHITESPACE
    COMMAND_ERROR_IS_FATAL ANY)
endif()
set(CMAKE_LIBRARY_ARCHITECTURE aarch64-linux-gnu)
# The fetched system may be newer than the compiler, whose own C++ library then lacks what the system's libraries want of theirs.
set(CMAKE_EXE_LINKER_FLAGS_INIT -Wl,--allow-shlib-undefined)
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)

find_program(MOBILEDIFFUSION_QEMU qemu-aarch64)
if(MOBILEDIFFUSION_QEMU)
  set(CMAKE_CROSSCOMPILING_EMULATOR ${MOBILEDIFFUSION_QEMU};-L;${CMAKE_SYSROOT})
endif()
