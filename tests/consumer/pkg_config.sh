#!/bin/sh
# pkg_config.sh <shared|static> <version> <libdir> <directory for the program>: compiles the
# consumer with what pkg-config says of the library installed in <libdir>, and runs it.
set -eu

linkage=$1
version=$2
libdir=$3
program=$4/pkg_config_$linkage
source_dir=$(dirname "$0")
PKG_CONFIG_PATH=$libdir/pkgconfig
export PKG_CONFIG_PATH

found=$($PKG_CONFIG --modversion holdfast)
if [ "$found" != "$version" ]; then
    echo "pkg-config finds version '$found', not '$version'" >&2
    exit 1
fi

# Unquoted on purpose: pkg-config prints words.
cflags=$($PKG_CONFIG --cflags holdfast)
if [ "$linkage" = static ]; then
    libs=$($PKG_CONFIG --static --libs holdfast | sed 's/-lholdfast/-l:libholdfast.a/')
else
    libs=$($PKG_CONFIG --libs holdfast)
fi
# shellcheck disable=SC2086
$CC -std=c11 -Wall -Wextra -Werror $cflags "$source_dir/consumer.c" -o "$program" $libs

LD_LIBRARY_PATH=$libdir "$program"
if [ "$linkage" = static ] && env -u LD_LIBRARY_PATH ldd "$program" | grep holdfast; then
    echo "the static program needs the shared library" >&2
    exit 1
fi
