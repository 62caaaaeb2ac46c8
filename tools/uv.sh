#!/bin/sh
# Prints the path of uv: the one on PATH, else one of the project's own in .cache/uv, which it installs when it must.
set -eu
cd "$(dirname "$0")/.."

if command -v uv; then exit; fi
own=$PWD/.cache/uv/bin/uv
if [ -x "$own" ]; then echo "$own"; exit; fi

# A pyenv shim is on PATH for versions that are not switched on: only running it tells.
for python in python3 python3.13 python3.12 python3.11 python3.10 python3.9 "${PYENV_ROOT:-$HOME/.pyenv}"/versions/3.*/bin/python3; do
    if "$python" -c 'import sys; sys.exit(sys.version_info < (3, 9))' 2>/dev/null; then
        found=$python
        if "$python" -c 'import ensurepip' 2>/dev/null; then able=$python; break; fi
    fi
done
if [ -z "${found:-}" ]; then
    echo "visage: no Python 3.9 or newer: apt-get install python3 python3-dev python3-venv" >&2
    exit 1
elif [ -z "${able:-}" ]; then
    echo "visage: $found cannot make virtual environments: apt-get install python3-venv" >&2
    exit 1
fi

mkdir -p .cache
making=$PWD/.cache/uv.making.$$
trap 'rm -rf "$making"' EXIT
trap 'exit 130' INT TERM
"$able" -m venv "$making" >&2
"$making/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/uv.txt >&2
# uv is a native program, so it survives the move that a script of a virtual environment would not.
mv -T "$making" .cache/uv
echo "$own"
