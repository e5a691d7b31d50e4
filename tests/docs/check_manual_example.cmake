# The example in MANUAL is the README's, which was extracted to EXAMPLE.
cmake_minimum_required(VERSION 3.22)

file(READ ${EXAMPLE} example)
file(READ ${MANUAL} text)
string(FIND "${text}" ".Bd -literal -compact\n${example}.Ed\n" at)
if(at EQUAL -1)
  message(FATAL_ERROR "${MANUAL} does not contain this program:\n${example}")
endif()
