# README and MANUAL name each kind of report of HEADERS and each option that PROGRAM, a user of the
# library, knows; MANUAL names each status as well.
cmake_minimum_required(VERSION 3.22)

# The first group of a pattern, for each match in a text.
function(all_matches text pattern out)
  string(REGEX MATCHALL "${pattern}" found "${text}")
  list(TRANSFORM found REPLACE "${pattern}" "\\1")
  list(LENGTH found count)
  if(count LESS 10)
    message(FATAL_ERROR "only ${count} matches of ${pattern}: ${found}")
  endif()
  set(${out} ${found} PARENT_SCOPE)
endfunction()

function(must_name file before after)
  file(READ ${file} text)
  foreach(name IN LISTS ARGN)
    string(FIND "${text}" "${before}${name}${after}" at)
    if(at EQUAL -1)
      message(SEND_ERROR "${file} says nothing of ${name}")
    endif()
  endforeach()
endfunction()

file(READ ${HEADERS}/report.h text)
string(REGEX REPLACE "} hf_report_kind;.*" "" text "${text}") # the other lists are of other things
all_matches("${text}" "X\\([A-Z_]+, [0-9]+, \"([a-z-]+)\"" kinds)
file(READ ${HEADERS}/status.h text)
all_matches("${text}" "X\\((HF_[A-Z_]+), [0-9]+, \"" statuses)

execute_process(COMMAND ${CMAKE_COMMAND} -E env HOLDFAST_OPTIONS=help=1:all=ignore ${PROGRAM}
                RESULT_VARIABLE result ERROR_VARIABLE text)
if(NOT result EQUAL 0)
  message(FATAL_ERROR "${PROGRAM} failed: ${result}\n${text}")
endif()
all_matches("${text}" "Holdfast:     ([a-z_]+)=" options)
string(REPLACE "-" "_" policies "${kinds}")
list(REMOVE_ITEM options ${policies})

must_name(${README} "`" "`" ${kinds} ${options})
must_name(${MANUAL} "\n.It Sy " "\n" ${kinds} ${options})
must_name(${MANUAL} "\n.It Dv " "\n" ${statuses})
