#!/bin/sh
# Prints the path of `model_signing`, from the project's own environment in .cache/signing, which it makes if necessary.
set -eu
cd "$(dirname "$0")/.."

lock=requirements/signing.txt
home=.cache/signing
making=$home.making
state=$(sha256sum <$lock)
mkdir -p .cache
exec 7>$home.lock
flock 7
if [ "$(cat $home/installed 2>/dev/null)" != "$state" ]; then
    uv=$(tools/uv.sh)
    echo "visage: installing model-signing into $home" >&2
    trap 'rm -rf $making' EXIT
    trap 'exit 130' INT TERM
    rm -rf $making
    # Relocatable, for it is renamed when it is whole.
    "$uv" venv --quiet --relocatable --no-project --python '>=3.10' $making >&2
    "$uv" pip sync --quiet --compile-bytecode --python $making/bin/python --require-hashes $lock >&2
    echo "$state" >$making/installed
    rm -rf $home
    mv -T $making $home
fi
echo "$PWD/$home/bin/model_signing"
