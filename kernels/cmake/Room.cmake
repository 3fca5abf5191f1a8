# room(TARGET [MAY_INCLUDE ROOM...])
#
# Adds the sources of the current folder to TARGET, and says which other rooms its files may include, by their paths from the top
# ("src/files"). The public headers, include/mobilediffusion, stand below every room. tests/rooms_test.py reads these
# lists and fails where a file includes what its room does not name, or where the rooms' arrows run in a circle.
function(room target)
  cmake_parse_arguments(PARSE_ARGV 1 ROOM "" "" "MAY_INCLUDE")
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cc ${CMAKE_CURRENT_SOURCE_DIR}/*.c)
  target_sources(${target} PRIVATE ${sources})
endfunction()
