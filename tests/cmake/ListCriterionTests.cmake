# Writes the CTest entries of one Criterion program.  Run by criterion_tests() after each build,
# with program, output, by_suite, prefix, timeout, environment and launcher set.
#
# The runner exits with 0 although a test went wrong after a leak, a race or a recoverable finding
# of a sanitizer, an assertion that fails during clean-up, and an exit(0) during set-up or clean-up;
# what it prints then is a failure.  (After an exit(0) in mid-test it prints nothing: such a test
# passes.) Since the names come from the program itself, nothing tested means that the test skipped
# itself.
cmake_minimum_required(VERSION 3.22)

set(failure_texts
    "(Address|Leak|Thread|UndefinedBehavior)Sanitizer:" "runtime error:" "Assertion Failed"
    "Warning! The test")
set(skip_text "Tested: 0 ")

# What takes long is to begin before the others, so that no processor waits for it in the end: how
# many tenths of a second a test may take.
function(get_cost filter label)
  set(cost 1)
  if(label STREQUAL "adversity")
    set(cost 20)
  elseif(label STREQUAL "stress" OR filter MATCHES "model/")
    set(cost 10)
  endif()
  set(cost ${cost} PARENT_SCOPE)
endfunction()

# Adds the entry of the <count> tests that match <filter>; <disabled> is TRUE or FALSE.
function(add_entry filter count label disabled)
  get_cost(${filter} ${label})
  math(EXPR cost "${count} * ${cost}")
  set(name "[==[${prefix}/${filter}]==]")
  string(REPLACE "/*" "" name "${name}")
  set(command "")
  foreach(word IN LISTS launcher ITEMS
          ${program} --color=never --short-filename --jobs=1 --filter ${filter})
    string(APPEND command " [==[${word}]==]")
  endforeach()
  set(entries "${entries}add_test(${name}${command})
set_tests_properties(${name} PROPERTIES
  TIMEOUT [==[${timeout}]==] LABELS ${label} COST ${cost} DISABLED ${disabled}
  ENVIRONMENT [==[${environment}]==] FAIL_REGULAR_EXPRESSION [==[${failure_texts}]==]
  SKIP_REGULAR_EXPRESSION [==[${skip_text}]==])
" PARENT_SCOPE)
endfunction()

execute_process(COMMAND ${CMAKE_COMMAND} -E env LC_ALL=C ${environment}
                        ${program} --list --color=never
                OUTPUT_VARIABLE listing ERROR_VARIABLE errors RESULT_VARIABLE result)
if(NOT result EQUAL 0)
  message(FATAL_ERROR "${program} cannot list its tests: ${result}\n${listing}${errors}")
endif()

set(entries "")
string(REPLACE "\n" ";" lines "${listing}")
foreach(line IN LISTS lines)
  if(line MATCHES "^([A-Za-z_][A-Za-z0-9_]*): ([0-9]+) tests?$")
    set(suite ${CMAKE_MATCH_1})
    set(count ${CMAKE_MATCH_2})
    set(label unit)
    if(suite MATCHES "stress|interrupted")
      set(label stress)
    elseif(prefix STREQUAL "adversity")
      set(label adversity)
    endif()
    if(by_suite)
      add_entry("${suite}/*" ${count} ${label} FALSE)
    endif()
  elseif(NOT by_suite AND line MATCHES "-- ([A-Za-z_][A-Za-z0-9_]*)( \\(skipped\\))?$")
    set(disabled FALSE)
    if(CMAKE_MATCH_2)
      set(disabled TRUE)
    endif()
    add_entry("${suite}/${CMAKE_MATCH_1}" 1 ${label} ${disabled})
  endif()
endforeach()
if(entries STREQUAL "")
  message(FATAL_ERROR "${program} lists no tests")
endif()
file(WRITE ${output} "${entries}")
