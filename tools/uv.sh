#!/bin/sh
# Prints the path of uv: the one on PATH, else the project's own in .cache/uv, which it installs if necessary.
set -eu
cd "$(dirname "$0")/.."

fail() { echo "visage: $*" >&2; exit 1; }

# Prints the first Python 3.9 or newer that can make virtual environments, else any first one.
any_python() {
    first=
    for python in python3 python3.13 python3.12 python3.11 python3.10 python3.9 \
        "${PYENV_ROOT:-$HOME/.pyenv}"/versions/3.*/bin/python3; do
        "$python" -c 'import sys; sys.exit(sys.version_info < (3, 9))' 2>/dev/null || continue
        if "$python" -c 'import ensurepip' 2>/dev/null; then echo "$python"; return; fi
        first=${first:-$python}
    done
    echo "$first"
}

# Debian and Ubuntu package pip separately from Python. `apt-get download` needs no root.
unpack_debian_pip() {
    (cd $making && apt-get download --quiet python3-pip-whl && dpkg-deb --extract python3-pip-whl_*.deb .) >&2
}

# pyenv puts a shim on PATH even for versions that are not active; only a call shows whether it works.
if uv --version >/dev/null 2>&1; then command -v uv; exit; fi
own=$PWD/.cache/uv/bin/uv
mkdir -p .cache
exec 8>.cache/uv.lock
flock 8
if [ -x "$own" ]; then echo "$own"; exit; fi

python=$(any_python)
[ -n "$python" ] || fail "no Python 3.9 or newer. Fix: apt-get install python3 python3-dev python3-venv"
making=.cache/uv.making
trap 'rm -rf $making' EXIT
trap 'exit 130' INT TERM
rm -rf $making
mkdir -p $making
if "$python" -c 'import ensurepip' 2>/dev/null; then
    "$python" -m venv "$making/pip"
    pip="$making/pip/bin/python -m pip"
elif unpack_debian_pip 2>/dev/null; then
    pip="$python $(ls $making/usr/share/python-wheels/pip-*.whl)/pip"
else
    fail "$python cannot make virtual environments. Fix: apt-get install python3-venv"
fi
$pip install -qq --disable-pip-version-check --target "$making/uv" --require-hashes -r requirements/uv.txt >&2
mv -T "$making/uv" .cache/uv
echo "$own"
