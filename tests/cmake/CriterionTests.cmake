# criterion_tests(<target> [BY_SUITE] [PREFIX p] [TIMEOUT s] [ENVIRONMENT K=V...]
#                 [LAUNCHER program [argument...]])
#
# One CTest entry a Criterion test, named prefix/suite/test; with BY_SUITE one a suite.  Either way
# each test has a process of its own; by suite there is one runner for all of them.  The tests are
# listed by the program itself after each build.  A suite whose name contains "stress" or
# "interrupted" gets the label stress, one with the prefix "adversity" adversity, any other unit.
set(criterion_list_script ${CMAKE_CURRENT_LIST_DIR}/ListCriterionTests.cmake)

function(criterion_tests target)
  cmake_parse_arguments(PARSE_ARGV 1 arg "BY_SUITE" "PREFIX;TIMEOUT" "ENVIRONMENT;LAUNCHER")
  set(base ${CMAKE_CURRENT_BINARY_DIR}/${target})
  file(GENERATE OUTPUT ${base}_list.cmake CONTENT
"set(program [==[$<TARGET_FILE:${target}>]==])
set(output [==[${base}_tests.cmake]==])
set(by_suite [==[${arg_BY_SUITE}]==])
set(prefix [==[${arg_PREFIX}]==])
set(timeout [==[${arg_TIMEOUT}]==])
set(environment [==[${arg_ENVIRONMENT}]==])
set(launcher [==[${arg_LAUNCHER}]==])
include([==[${criterion_list_script}]==])
")
  add_custom_command(TARGET ${target} POST_BUILD BYPRODUCTS ${base}_tests.cmake
    COMMAND ${CMAKE_COMMAND} -P ${base}_list.cmake VERBATIM)
  file(WRITE ${base}_include.cmake
"if(EXISTS [==[${base}_tests.cmake]==])
  include([==[${base}_tests.cmake]==])
else()
  add_test(${arg_PREFIX}/not_built ${target}_is_not_built)
endif()
")
  set_property(DIRECTORY APPEND PROPERTY TEST_INCLUDE_FILES ${base}_include.cmake)
endfunction()

# criterion_without_libgit2(<target>): links the program with no_libgit2.c, under the name by which
# Criterion's library asks for libgit2; where that cannot be told, or is not asked for, nothing.
set(criterion_no_libgit2_source ${CMAKE_CURRENT_LIST_DIR}/no_libgit2.c)
set(criterion_no_libgit2_folder ${CMAKE_CURRENT_BINARY_DIR}/no_libgit2)

function(criterion_without_libgit2 target)
  if(NOT TARGET criterion_no_libgit2)
    set(needed "")
    if(CMAKE_OBJDUMP AND criterion_LINK_LIBRARIES)
      list(GET criterion_LINK_LIBRARIES 0 library)
      execute_process(COMMAND ${CMAKE_OBJDUMP} -p ${library} OUTPUT_VARIABLE needed ERROR_QUIET)
    endif()
    if(NOT needed MATCHES "NEEDED +(libgit2\\.so[.0-9]*)")
      return()
    endif()
    add_library(criterion_no_libgit2 SHARED EXCLUDE_FROM_ALL ${criterion_no_libgit2_source})
    set_target_properties(criterion_no_libgit2 PROPERTIES PREFIX "" SUFFIX ""
      OUTPUT_NAME ${CMAKE_MATCH_1} LIBRARY_OUTPUT_DIRECTORY ${criterion_no_libgit2_folder})
    holdfast_warnings(criterion_no_libgit2)
  endif()
  # The program calls nothing of it.
  target_link_libraries(${target} PRIVATE
    -Wl,--push-state,--no-as-needed criterion_no_libgit2 -Wl,--pop-state)
endfunction()
