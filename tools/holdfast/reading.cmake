# What reads traces, apart from the command: the tests and the fuzz harness use it as well.
add_library(holdfast_reading STATIC EXCLUDE_FROM_ALL
  ${CMAKE_CURRENT_LIST_DIR}/code.c ${CMAKE_CURRENT_LIST_DIR}/history.c
  ${CMAKE_CURRENT_LIST_DIR}/history_actors.c ${CMAKE_CURRENT_LIST_DIR}/history_lives.c
  ${CMAKE_CURRENT_LIST_DIR}/index.c ${CMAKE_CURRENT_LIST_DIR}/trace_reader.c
  ${CMAKE_CURRENT_LIST_DIR}/trace_record.c)
set_target_properties(holdfast_reading PROPERTIES
  C_STANDARD 11 C_STANDARD_REQUIRED ON C_EXTENSIONS OFF)
target_compile_definitions(holdfast_reading PRIVATE _GNU_SOURCE)
target_include_directories(holdfast_reading
  PUBLIC ${CMAKE_CURRENT_LIST_DIR} ${PROJECT_SOURCE_DIR}/src ${PROJECT_SOURCE_DIR}/include)
holdfast_warnings(holdfast_reading)
