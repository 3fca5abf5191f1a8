# Other systems with zig as the compiler, which brings their headers and what to link against (PyPI's ziglang, or zig's own
# download): -DZIG_TARGET=aarch64-macos, x86_64-macos, x86_64-linux-musl or aarch64-linux-musl. ZIG names the program where it
# is not on PATH.
set(ZIG_TARGET "" CACHE STRING "What to build for, as zig calls it")
set(ZIG zig CACHE STRING "The program zig")
list(APPEND CMAKE_TRY_COMPILE_PLATFORM_VARIABLES ZIG_TARGET ZIG)

string(REGEX MATCH "^([a-z0-9_]+)-(macos|linux-musl)$" parts "${ZIG_TARGET}")
if(NOT parts)
  message(FATAL_ERROR "ZIG_TARGET: expected aarch64 or x86_64, then -macos or -linux-musl, found \"${ZIG_TARGET}\"")
endif()
set(CMAKE_SYSTEM_PROCESSOR ${CMAKE_MATCH_1})
if(CMAKE_MATCH_2 STREQUAL "macos")
  set(CMAKE_SYSTEM_NAME Darwin)
  set(CMAKE_OSX_ARCHITECTURES "")  # -target says it
  set(CMAKE_OSX_SYSROOT "")
  set(CMAKE_INSTALL_NAME_TOOL /bin/true CACHE FILEPATH "")  # Apple's; a library built here keeps its @rpath name
else()
  set(CMAKE_SYSTEM_NAME Linux)
  set(CMAKE_EXE_LINKER_FLAGS_INIT -static)
  set(CMAKE_EXE_LINKER_FLAGS_RELEASE_INIT -s)  # a file to be copied around, and zig's debug information is twenty times its size
endif()

# zig is one program with many commands, and CMake wants a program each.
set(flags "-target ${ZIG_TARGET}")
# Of AVX-512's registers the wide ones are an option of their own, in the versions of Clang that know it.
if(ZIG_TARGET STREQUAL "x86_64-linux-musl")
  execute_process(COMMAND ${ZIG} cc -target ${ZIG_TARGET} -mevex512 -E -x c /dev/null OUTPUT_QUIET ERROR_QUIET RESULT_VARIABLE unknown)
  if(unknown EQUAL 0)
    string(APPEND flags " -mevex512")
  endif()
endif()
# Arm's architectures have names of its own.
set(arm "")
if(CMAKE_SYSTEM_PROCESSOR STREQUAL "aarch64")
  set(arm [=[for option; do
  shift
  case $option in
    -march=armv8*) option=$(echo "$option" | sed 's/-march=armv8\.\([0-9]\)-a/-mcpu=generic+v8_\1a/; s/-march=armv8-a/-mcpu=generic/; s/+fp16/+fullfp16/') ;;
  esac
  set -- "$@" "$option"
done
]=])
endif()
foreach(tool cc c++ ar ranlib)
  set(script ${CMAKE_BINARY_DIR}/zig/${tool})
  set(before ${tool})
  if(tool MATCHES "^c")
    set(before "${tool} ${flags}")
  endif()
  file(WRITE ${script} "#!/bin/sh\n${arm}exec \"${ZIG}\" ${before} \"$@\"\n")
  file(CHMOD ${script} PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
endforeach()
set(CMAKE_C_COMPILER ${CMAKE_BINARY_DIR}/zig/cc)
set(CMAKE_CXX_COMPILER ${CMAKE_BINARY_DIR}/zig/c++)
set(CMAKE_AR ${CMAKE_BINARY_DIR}/zig/ar CACHE FILEPATH "")
set(CMAKE_RANLIB ${CMAKE_BINARY_DIR}/zig/ranlib CACHE FILEPATH "")
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE NEVER)
