.PHONY: help run test test-current set-up lock clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' Makefile

run: set-up ## train on drawn portraits, gate, push and ask a model (a few minutes)
	@.venv/bin/visage run

test: set-up ## ruff, mypy and all tests
	.venv/bin/ruff check --quiet .
	.venv/bin/ruff format --check --quiet .
	.venv/bin/mypy
	.venv/bin/pytest --quiet --numprocesses auto --dist loadfile --durations 10 --cov --cov-report term

test-current: ## tests and a small pipeline on the current stack, in a Debian 13 root where this machine is older
	@tools/test_current.sh

set-up: ## .venv for this machine; at once where it is there
	@tools/set_up.sh

lock: ## requirements/*.txt from setup.py and requirements/*.in
	@tools/lock.sh

clean: ## remove what set-up, tests and runs made
	rm -rf .venv .cache .mypy_cache .pytest_cache .ruff_cache .hypothesis .coverage .coverage.* runs visage.egg-info
