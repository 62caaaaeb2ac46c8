#!/bin/sh
# Unit tests and one small pipeline on the current stack. If this machine's glibc is too old, the tests run in a container
# with what our own image installs; the small pipeline is then in tests/container, which `make test` runs.
set -eu
cd "$(dirname "$0")/.."

SMALL_RUN="--set data.sample_portraits.count=240 --set trainer.epochs=1
    --set evaluator.age_mae_max=100 --set evaluator.gender_accuracy_min=0"

test_with() { "$@" --quiet --numprocesses auto --dist loadfile -m 'not slow and not one_stack'; }

if [ "$(tools/stack.sh)" != current ]; then
    test_with tools/debian13.sh .venv/bin/pytest
    exit
fi
tools/set_up.sh
test_with .venv/bin/pytest
# A separate workspace, so that this hardly trained model is not served from the user's.
workspace=$(mktemp -d)
trap 'rm -rf "$workspace"' EXIT
# shellcheck disable=SC2086
.venv/bin/visage run $SMALL_RUN --set "workspace=$workspace"
