# The report in README is the one that PROGRAM prints, but for what differs from run to run and from
# system to system: addresses, handles, thread and descriptor numbers, folders, frames of the C library.
cmake_minimum_required(VERSION 3.22)
include(${CMAKE_CURRENT_LIST_DIR}/block.cmake)

function(comparable text out)
  string(REGEX REPLACE "0x[0-9a-f]+" "ADDRESS" text "${text}")
  string(REGEX REPLACE "==[0-9]+==" "==PROCESS==" text "${text}")
  string(REGEX REPLACE "thread [0-9]+ \\((docs_)?report\\)" "thread (main)" text "${text}")
  string(REGEX REPLACE "thread [0-9]+" "thread" text "${text}")
  string(REGEX REPLACE "\\(fd [0-9]+" "(fd N" text "${text}")
  string(REGEX REPLACE " /[^ \n]*/report\\.c:" " report.c:" text "${text}")
  # Without the debug symbols of the C library, its frames have neither its names nor its files.
  string(REGEX REPLACE "    #[0-9]+ ADDRESS (in (__libc_start|start_thread|__clone|clone)|\\(/)[^\n]*\n"
         "" text "${text}")
  set(${out} "${text}" PARENT_SCOPE)
endfunction()

execute_process(COMMAND ${CMAKE_COMMAND} -E env --unset=HOLDFAST_OPTIONS ${PROGRAM}
                RESULT_VARIABLE result ERROR_VARIABLE printed)
if(NOT result EQUAL 0)
  message(FATAL_ERROR "${PROGRAM} failed: ${result}\n${printed}")
endif()
file(READ ${README} text)
readme_block("${text}" "\n```\n=====" shown rest)
comparable("${printed}" printed)
comparable("=====${shown}" shown)
if(NOT printed STREQUAL shown)
  message(FATAL_ERROR "the README shows\n${shown}\nbut the program prints\n${printed}")
endif()
