# Modules without frame pointers, whose stacks the tests walk: by each compiler that is found,
# whatever the rest is built with.  They are not instrumented, as most programs are not.
set(frames_modules "")
foreach(compiler IN ITEMS gcc clang)
  find_program(HOLDFAST_TEST_${compiler} ${compiler})
  mark_as_advanced(HOLDFAST_TEST_${compiler})
  if(NOT HOLDFAST_TEST_${compiler})
    holdfast_left_out("stacks of code by ${compiler}" "not found")
    continue()
  endif()
  # The last two have the same functions at the same addresses, with frames of other sizes.
  foreach(variant IN ITEMS all:1000 small:1000 large:3000)
    string(REGEX MATCH "(.*):(.*)" ignored ${variant})
    set(module ${CMAKE_CURRENT_BINARY_DIR}/frames_${compiler}_${CMAKE_MATCH_1}.so)
    add_custom_command(OUTPUT ${module}
      COMMAND ${HOLDFAST_TEST_${compiler}} -std=c11 -D_GNU_SOURCE -Wall -Wextra -O2 -g -shared -fPIC -fomit-frame-pointer
              -fexceptions -fno-optimize-sibling-calls -DROOM=${CMAKE_MATCH_2}
              ${CMAKE_CURRENT_LIST_DIR}/frames.c -o ${module}
      DEPENDS ${CMAKE_CURRENT_LIST_DIR}/frames.c ${CMAKE_CURRENT_LIST_DIR}/frames.h VERBATIM)
    list(APPEND frames_modules ${module})
  endforeach()
  list(APPEND frames_prefixes "${CMAKE_CURRENT_BINARY_DIR}/frames_${compiler}")
endforeach()
add_custom_target(frames_modules DEPENDS ${frames_modules})
string(JOIN ":" frames_prefixes ${frames_prefixes})
foreach(folder IN ITEMS platform report)
  target_compile_definitions(${folder}_tests PRIVATE TEST_FRAMES="${frames_prefixes}")
  target_include_directories(${folder}_tests PRIVATE ${CMAKE_CURRENT_SOURCE_DIR}/modules)
  add_dependencies(${folder}_tests frames_modules)
endforeach()

# The system's linker is told where to put data; others may not know how.
if(NOT HOLDFAST_SANITIZE)
  add_executable(segments_apart ${CMAKE_CURRENT_LIST_DIR}/segments_apart.c)
  target_link_libraries(segments_apart PRIVATE holdfast_testing)
  target_link_options(segments_apart PRIVATE LINKER:-Tdata=0x1000000)
  holdfast_test_language(segments_apart)
  add_test(NAME platform/segments_apart
           COMMAND ${HOLDFAST_TEST_LAUNCHER} $<TARGET_FILE:segments_apart>)
  set_tests_properties(platform/segments_apart PROPERTIES TIMEOUT ${test_timeout} LABELS unit)
endif()
