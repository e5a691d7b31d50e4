# Writes block number NUMBER (from 1) of LANGUAGE in README, which has COUNT of them, to OUTPUT.
cmake_minimum_required(VERSION 3.22)
include(${CMAKE_CURRENT_LIST_DIR}/block.cmake)

file(READ ${README} rest)
foreach(number RANGE 1 ${COUNT})
  readme_block("${rest}" "\n```${LANGUAGE}\n" block_${number} rest)
endforeach()
string(FIND "${rest}" "\n```${LANGUAGE}\n" another)
if(NOT another EQUAL -1)
  message(FATAL_ERROR "${README} has more than ${COUNT} blocks of ${LANGUAGE}: name the others too")
endif()
file(WRITE ${OUTPUT} "${block_${NUMBER}}")
