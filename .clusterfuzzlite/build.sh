#!/usr/bin/env bash
# Builds the harnesses for ClusterFuzzLite and OSS-Fuzz, which run this in the project's folder and
# set CC, CXX, CFLAGS, CXXFLAGS, LIB_FUZZING_ENGINE, OUT and WORK.  Puts into OUT, for each harness,
# the program <name>_fuzz and its <name>_fuzz_seed_corpus.zip, and where there is one
# <name>_fuzz.dict and <name>_fuzz.options.
set -euo pipefail

: "${LIB_FUZZING_ENGINE:?}" "${OUT:?}" "${WORK:?}"
build=$WORK/holdfast

# No build type: what is optimised and how, CFLAGS say.
cmake -S . -B "$build" -DCMAKE_BUILD_TYPE=None \
    -DHOLDFAST_FUZZ=ON -DHOLDFAST_FUZZ_ENGINE="$LIB_FUZZING_ENGINE" -DHOLDFAST_SHARED=OFF \
    -DHOLDFAST_STATIC=ON -DHOLDFAST_TESTS=OFF -DHOLDFAST_TOOLS=OFF -DHOLDFAST_INSTALL=OFF
cmake --build "$build" --parallel "$(nproc)" --target holdfast_fuzzers

for program in "$build"/fuzz/*_fuzz; do
    target=${program##*/}
    name=${target%_fuzz}
    cp "$program" "$OUT/"
    (cd "fuzz/$name/corpus" && cmake -E tar cf "$OUT/${target}_seed_corpus.zip" --format=zip .)
    for kind in dict options; do
        [[ ! -f fuzz/$name/$name.$kind ]] || cp "fuzz/$name/$name.$kind" "$OUT/$target.$kind"
    done
done
