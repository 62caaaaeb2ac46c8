#!/bin/sh
# Runs a command on the current stack, in a container of Debian 13 (glibc 2.41) and in a copy of this working tree:
# tools/debian13.sh COMMAND... The copy, in .cache/debian13, has a .venv: what the container image installs, and what tests
# need beside it (target `test` of docker/Dockerfile).
set -eu
cd "$(dirname "$0")/.."

copy=$PWD/.cache/debian13
mkdir -p .cache
exec 6>.cache/debian13.lock
flock --nonblock 6 || { echo "visage: waiting for another run in .cache/debian13" >&2; flock 6; }
mkdir -p "$copy"
find "$copy" -mindepth 1 -maxdepth 1 ! -name .cache -exec rm -rf {} +
git ls-files -z --cached --others --exclude-standard | { xargs -0 ls -d 2>/dev/null || true; } |
    tar --create --files-from - | tar --extract --directory "$copy"
ln -s /opt/visage "$copy/.venv"

data=${VISAGE_TEST_DATA:-$PWD/../shared/data}
[ -d "$data" ] || data=
export COPY="$copy" DATA="$data"
# shellcheck disable=SC2016
exec tools/docker.sh sh -euc '
    echo "visage: building the image of the current stack (3 GB, once)" >&2
    make image TARGET=test IMAGE=visage:current-stack BUILD_OPTIONS="${BUILD_OPTIONS:-} --quiet" >/dev/null
    exec docker run --rm --init --network host --ipc host --user 0:0 --workdir /visage/main \
        --volume "$COPY":/visage/main ${DATA:+--volume "$DATA":/visage/shared/data:ro} \
        --env HOME=/root --env PYTHONDONTWRITEBYTECODE= --entrypoint /bin/sh visage:current-stack -euc "
            uv pip install --quiet --python .venv/bin/python --no-deps --no-build-isolation --offline --editable .
            exec \"\$@\"" sh "$@"
' sh "$@"
