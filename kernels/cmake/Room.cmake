# room(TARGET [MAY_INCLUDE ROOM...])
#
# Adds the sources of the current folder to TARGET, and says which other rooms its files may include, by their paths from the top
# ("src/files"). The public headers, include/mobilediffusion, stand below every room. tests/rooms_test.py reads these
# lists and fails where a file includes what its room does not name, or where the rooms' arrows run in a circle.
#
# With MOBILEDIFFUSION_UNITY_BUILD a room is compiled as one source, so a file's own names are its own in the whole room. Alone stand
# the loops that Highway compiles once for each of its targets, and what includes Windows' headers, which are full of macros.
function(room target)
  cmake_parse_arguments(PARSE_ARGV 1 ROOM "" "" "MAY_INCLUDE")
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cc ${CMAKE_CURRENT_SOURCE_DIR}/*.c)
  target_sources(${target} PRIVATE ${sources})
  if(MOBILEDIFFUSION_SANITIZE)
    target_compile_options(${target} PRIVATE -fsanitize=${MOBILEDIFFUSION_SANITIZE} -fno-sanitize-recover=all)
  endif()
  set_target_properties(${target} PROPERTIES UNITY_BUILD ${MOBILEDIFFUSION_UNITY_BUILD} UNITY_BUILD_MODE GROUP)
  file(RELATIVE_PATH name ${PROJECT_SOURCE_DIR} ${CMAKE_CURRENT_SOURCE_DIR})
  string(REPLACE / _ name ${name})
  foreach(source ${sources})
    file(STRINGS ${source} alone REGEX "^ *#include (\"hwy/foreach_target.h\"|<(windows|winsock2).h>)")
    if(NOT alone AND source MATCHES "cc$")
      set_source_files_properties(${source} TARGET_DIRECTORY ${target} PROPERTIES UNITY_GROUP ${name})
    endif()
  endforeach()
endfunction()
