#!/bin/sh
# Unit tests and one small pipeline on the current stack; in a Debian 13 root if this machine's glibc is too old.
set -eu
cd "$(dirname "$0")/.."

SMALL_RUN="--set data.sample_portraits.count=240 --set trainer.epochs=1
    --set evaluator.age_mae_max=100 --set evaluator.gender_accuracy_min=0"

[ "$(tools/stack.sh)" = current ] || exec tools/debian13.sh tools/test_current.sh

tools/set_up.sh
.venv/bin/pytest --quiet --numprocesses auto --dist loadfile --no-loadscope-reorder -m 'not slow and not one_stack'
# A separate workspace, so that this hardly trained model is not served from the user's.
workspace=$(mktemp -d)
trap 'rm -rf "$workspace"' EXIT
# shellcheck disable=SC2086
.venv/bin/visage run $SMALL_RUN --set "workspace=$workspace"
