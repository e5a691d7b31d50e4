# The report in README that speaks of NAME.c is the one that PROGRAM prints, but for what differs from
# run to run and from system to system: addresses, handles, thread and descriptor numbers, folders,
# frames of the C library and of the library itself.
cmake_minimum_required(VERSION 3.22)
include(${CMAKE_CURRENT_LIST_DIR}/block.cmake)

function(comparable text out)
  # Frames: those of the C library have neither names nor files without its debug symbols, and how many
  # there are of Holdfast's own is for the compiler to say.
  string(REGEX REPLACE
         "    #[0-9]+ 0x[0-9a-f]+ (in (_start|__libc_start|start_thread|__clone|clone|hf_)|\\(/)[^\n]*\n" ""
         text "${text}")
  string(REGEX REPLACE "\n    #[0-9]+ " "\n    # " text "${text}")
  string(REGEX REPLACE "0x[0-9a-f]+" "ADDRESS" text "${text}")
  string(REGEX REPLACE "==[0-9]+==" "==PROCESS==" text "${text}")
  string(REGEX REPLACE "thread [0-9]+ \\((docs_)?${NAME}\\)" "thread (main)" text "${text}")
  string(REGEX REPLACE "thread [0-9]+" "thread" text "${text}")
  string(REGEX REPLACE "\\(fd [0-9]+" "(fd N" text "${text}")
  string(REGEX REPLACE " /[^ \n]*/${NAME}\\.c:" " ${NAME}.c:" text "${text}")
  set(${out} "${text}" PARENT_SCOPE)
endfunction()

execute_process(COMMAND ${CMAKE_COMMAND} -E env --unset=HOLDFAST_OPTIONS ${PROGRAM}
                RESULT_VARIABLE result ERROR_VARIABLE printed)
if(NOT result EQUAL 0)
  message(FATAL_ERROR "${PROGRAM} failed: ${result}\n${printed}")
endif()
file(READ ${README} rest)
set(shown "")
while(NOT shown MATCHES " ${NAME}\\.c:")
  readme_block("${rest}" "\n```\n=====" shown rest)
endwhile()
comparable("${printed}" printed)
comparable("=====${shown}" shown)
if(NOT printed STREQUAL shown)
  message(FATAL_ERROR "the README shows\n${shown}\nbut the program prints\n${printed}")
endif()
