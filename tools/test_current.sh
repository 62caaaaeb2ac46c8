#!/bin/sh
# Unit tests and one small pipeline on the current stack; in a Debian 13 root where this machine's glibc is too old.
set -eu
cd "$(dirname "$0")/.."

SMALL_RUN="--set data.sample_portraits.count=240 --set trainer.epochs=1
    --set evaluator.age_mae_max=100 --set evaluator.gender_accuracy_min=0"

[ "$(tools/stack.sh)" = current ] || exec tools/debian13.sh tools/test_current.sh

tools/set_up.sh
.venv/bin/pytest --quiet --numprocesses auto --dist loadfile -m 'not slow'
# A workspace of its own: in the user's, this hardly trained model would be served.
workspace=$(mktemp -d)
trap 'rm -rf "$workspace"' EXIT
# shellcheck disable=SC2086
.venv/bin/visage run $SMALL_RUN --set "workspace=$workspace"
