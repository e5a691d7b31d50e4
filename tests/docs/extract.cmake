# Writes the only block of LANGUAGE in README to OUTPUT.
cmake_minimum_required(VERSION 3.22)
include(${CMAKE_CURRENT_LIST_DIR}/block.cmake)

file(READ ${README} text)
readme_block("${text}" "\n```${LANGUAGE}\n" block rest)
string(FIND "${rest}" "\n```${LANGUAGE}\n" another)
if(NOT another EQUAL -1)
  message(FATAL_ERROR "${README} has two blocks of ${LANGUAGE}: which is the program?")
endif()
file(WRITE ${OUTPUT} "${block}")
