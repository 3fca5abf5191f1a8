# export_symbols(TARGET)
#
# Has a shared library show what exported_symbols.txt lists and nothing of what is linked into it, and fails its build
# where it shows anything else. A static library shows what it likes: nothing is done.
set(EXPORTED_SYMBOLS_FOLDER ${CMAKE_CURRENT_LIST_DIR})

function(export_symbols target)
  get_target_property(type ${target} TYPE)
  if(NOT type STREQUAL SHARED_LIBRARY)
    return()
  endif()
  set(list ${EXPORTED_SYMBOLS_FOLDER}/exported_symbols.txt)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${list})
  file(STRINGS ${list} c_functions REGEX "^md_")
  set(written ${CMAKE_CURRENT_BINARY_DIR}/${target}_exports)
  # Of the C++ face, whatever is in the namespace: those that are not public have hidden visibility.
  if(WIN32)
    # As export.h says, c.h alone.
    list(JOIN c_functions "\n  " lines)
    file(CONFIGURE OUTPUT ${written}.def CONTENT "EXPORTS\n  ${lines}\n")
    target_sources(${target} PRIVATE ${written}.def)
    target_compile_definitions(${target} INTERFACE MOBILEDIFFUSION_DLL)
  elseif(APPLE)
    list(JOIN c_functions "\n_" lines)
    file(CONFIGURE OUTPUT ${written}.txt CONTENT "_${lines}\n__ZN15mobilediffusion*\n__ZNK15mobilediffusion*\n")
    target_link_options(${target} PRIVATE LINKER:-exported_symbols_list,${written}.txt)
  else()
    list(JOIN c_functions ";\n    " lines)
    file(CONFIGURE OUTPUT ${written}.map CONTENT
      "{\n  global:\n    ${lines};\n    extern \"C++\" { mobilediffusion::*; };\n  local:\n    *;\n};\n")
    target_link_options(${target} PRIVATE LINKER:--version-script=${written}.map)
    set_property(TARGET ${target} APPEND PROPERTY LINK_DEPENDS ${written}.map)
  endif()
  if(MINGW)
    set(reader -D OBJDUMP=${CMAKE_OBJDUMP})
  elseif(NOT WIN32 AND NOT APPLE)
    set(reader -D NM=${CMAKE_NM})
  else()
    return()
  endif()
  add_custom_command(TARGET ${target} POST_BUILD VERBATIM
    COMMAND ${CMAKE_COMMAND} ${reader} -D LIBRARY=$<TARGET_FILE:${target}> -D LIST=${list}
      -P ${EXPORTED_SYMBOLS_FOLDER}/check_exported_symbols.cmake)
endfunction()
