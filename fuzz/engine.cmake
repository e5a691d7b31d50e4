# Has everything instrumented for the fuzzing engine, and sees to it that the engine is there.  For
# the project's top level: what is instrumented are the harnesses and the library.
if(HOLDFAST_FUZZ_ENGINE STREQUAL "-fsanitize=fuzzer")
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()
# An engine that is a library may be written in C++; how to instrument for it, CFLAGS say.
enable_language(CXX)

if(NOT HOLDFAST_FUZZ_ENGINE_LINKS)
  unset(HOLDFAST_FUZZ_ENGINE_LINKS CACHE) # it may have been installed meanwhile
endif()
include(CheckCXXSourceCompiles)
set(CMAKE_REQUIRED_LIBRARIES ${HOLDFAST_FUZZ_ENGINE})
check_cxx_source_compiles("
  #include <stddef.h>
  #include <stdint.h>
  extern \"C\" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
  {
      return data == nullptr && size > 0;
  }" HOLDFAST_FUZZ_ENGINE_LINKS)
unset(CMAKE_REQUIRED_LIBRARIES)
if(NOT HOLDFAST_FUZZ_ENGINE_LINKS)
  message(FATAL_ERROR "holdfast: HOLDFAST_FUZZ: ${CMAKE_CXX_COMPILER} does not link "
    "'${HOLDFAST_FUZZ_ENGINE}'. Use clang and clang++ with libFuzzer (Debian: libclang-rt-dev), "
    "or afl-clang-fast and afl-clang-fast++.")
endif()
