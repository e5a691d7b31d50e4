# Plays SCENE with PROGRAM: what EXPECTED holds must be in what it prints, and it must end as its
# findings say.  C code that it prints is compiled with COMPILER and run: it must make the calls
# that the scene made.
cmake_minimum_required(VERSION 3.22)

execute_process(COMMAND ${PROGRAM} ${SCENE}
                RESULT_VARIABLE result OUTPUT_VARIABLE calls ERROR_VARIABLE printed)
file(READ ${EXPECTED} expected)
string(FIND "${printed}" "${expected}" at)
if(at EQUAL -1 OR ("${expected}" STREQUAL "" AND NOT "${printed}" STREQUAL ""))
  message(SEND_ERROR "${SCENE}: expected\n${expected}\nbut it printed\n${printed}")
endif()

# A finding of the kit's own aborts; after a crash somebody else may end the process.
if(expected MATCHES "SUMMARY: Holdfast|kit: target|kit: a target")
  set(right "abort|Abort")
elseif(expected MATCHES "kit: (crash|garbage)")
  set(right "[^0]")
else()
  set(right "^0$")
endif()
if(NOT result MATCHES "${right}")
  message(SEND_ERROR "${SCENE} ended with ${result}, not ${right}")
endif()

if(NOT expected MATCHES "(^|The same in C:\n)(// .*\n}\n)")
  return()
endif()
set(base ${WORK}/${SCENE})
file(WRITE ${base}.c "${CMAKE_MATCH_2}")
execute_process(COMMAND ${COMPILER} -std=c11 -Wall -Wextra -Werror
                        -Wno-unused-but-set-variable -D_GNU_SOURCE -I${SOURCES}
                        ${base}.c ${SOURCES}/box.c -o ${base}
                RESULT_VARIABLE compiled ERROR_VARIABLE errors)
if(NOT compiled EQUAL 0)
  message(FATAL_ERROR "${SCENE}: the C code does not compile:\n${errors}")
endif()
execute_process(COMMAND ${base} OUTPUT_VARIABLE repeated TIMEOUT 2)
if(NOT "${repeated}" STREQUAL "${calls}")
  message(FATAL_ERROR "${SCENE}: the C code made the calls\n${repeated}\nand the scene\n${calls}")
endif()
