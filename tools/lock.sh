#!/bin/sh
# Updates the locks of requirements/; versions that still fit stay. `tools/lock.sh --upgrade` takes the newest of all.
set -eu
cd "$(dirname "$0")/.."
uv=$(tools/uv.sh)

# compile NAME OLDEST_PYTHON SOURCE...
compile() {
    name=$1 oldest=$2
    shift 2
    echo "visage: requirements/$name.txt" >&2
    UV_CUSTOM_COMPILE_COMMAND="make lock" "$uv" pip compile --quiet --universal --generate-hashes --no-emit-index-url \
        --python-version "$oldest" --output-file "requirements/$name.txt" ${upgrade:+"$upgrade"} "$@"
}

# lock NAME OLDEST_PYTHON SOURCE...
lock() {
    name=$1 oldest=$2
    shift 2
    compile "$name" "$oldest" "requirements/$name.in" "$@"
}

# lock_extra STACK OLDEST_PYTHON EXTRA: the packages that the extra adds, in the versions of the stack.
lock_extra() { compile "$1-$3" "$2" "requirements/$3.in" --constraint "requirements/$1.txt"; }

upgrade=${1:-}
lock current 3.11 setup.py --extra pipeline --extra kubeflow --extra dev
lock older-glibc 3.10 setup.py --extra pipeline --extra kubeflow --extra dev
lock_extra current 3.11 mtcnn
lock_extra older-glibc 3.10 mtcnn
lock airflow 3.10
lock airflow2 3.10
lock mlflow 3.10
lock signing 3.10
lock uv 3.9
