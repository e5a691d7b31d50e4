# consumer_programs(<name> <library>): the consumer in C and, where there is a compiler for it, in
# C++; and a program of two files, one with inlined regions and one without, under the
# undefined-behaviour sanitizer where there is one.
include(CheckLanguage)
include(CheckCSourceCompiles)
check_language(CXX)
if(CMAKE_CXX_COMPILER)
  enable_language(CXX)
endif()

set(CMAKE_REQUIRED_FLAGS -fsanitize=undefined)
check_c_source_compiles("int main(void) { return 0; }" HAS_UNDEFINED_SANITIZER)
unset(CMAKE_REQUIRED_FLAGS)

function(consumer_program name library)
  add_executable(${name} ${ARGN})
  set_target_properties(${name} PROPERTIES
    C_STANDARD 11 C_EXTENSIONS OFF CXX_STANDARD 17 CXX_EXTENSIONS OFF)
  target_compile_options(${name} PRIVATE -Wall -Wextra -Werror)
  target_link_libraries(${name} PRIVATE ${library})
  add_test(NAME ${name} COMMAND ${name})
  set_tests_properties(${name} PROPERTIES TIMEOUT 60 FAIL_REGULAR_EXPRESSION "runtime error:")
endfunction()

function(consumer_programs name library)
  set(sources ${CMAKE_CURRENT_FUNCTION_LIST_DIR})
  consumer_program(${name}_c ${library} ${sources}/consumer.c)
  if(CMAKE_CXX_COMPILER)
    consumer_program(${name}_cpp ${library} ${sources}/consumer.cpp)
  endif()
  consumer_program(${name}_mixed ${library}
                   ${sources}/mixed_inline.c ${sources}/mixed_no_inline.c)
  if(HAS_UNDEFINED_SANITIZER)
    target_compile_options(${name}_mixed PRIVATE -fsanitize=undefined -fno-sanitize-recover=all)
    target_link_options(${name}_mixed PRIVATE -fsanitize=undefined)
  endif()
endfunction()
