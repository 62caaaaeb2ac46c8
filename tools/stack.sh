#!/bin/sh
# Prints the stack that this machine's glibc can run: the name of a lock in requirements/, without .txt.
set -eu

glibc=$(getconf GNU_LIBC_VERSION 2>/dev/null | cut -d ' ' -f 2) || true
if [ "$(uname -m)" != x86_64 ] || [ -z "$glibc" ]; then
    echo "visage: TFX has wheels for Linux with glibc on x86_64 only; this is $(uname -sm)" >&2
    exit 1
fi
minor=${glibc#2.}
if [ "${minor%%.*}" -ge 39 ]; then echo current; else echo older-glibc; fi
