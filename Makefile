.PHONY: help run test coverage test-services test-real-data test-current set-up signing lock image clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' Makefile

run: set-up ## draw portraits, train, gate, push, serve and predict (a few minutes)
	@.venv/bin/visage run
	@tools/predict.sh

test: set-up ## ruff, mypy and all tests but those of test-services
	.venv/bin/ruff check --quiet .
	.venv/bin/ruff format --check --quiet .
	.venv/bin/mypy
	.venv/bin/pytest --quiet --numprocesses auto --dist loadfile --no-loadscope-reorder --durations 10 -m 'not services'

coverage: set-up ## the lines that the tests run; takes half as long again
	.venv/bin/pytest --quiet --numprocesses auto --dist loadfile --no-loadscope-reorder --cov --cov-report term

test-services: set-up ## pipelines on Docker, Airflow, databases, buckets and mounts, as root with apt
	.venv/bin/pytest --quiet --durations 10 -m services -o faulthandler_timeout=3600

# Two epochs of the published CNN on the real UTKFace archive; the whole recipe is in docs/recipes.md.
DATA ?= ../shared/data
test-real-data: set-up ## a short training on the real UTKFace archive in $(DATA), if it is there
	@if [ -e "$(DATA)/UTKFace.tar.gz" ]; then \
	    workspace=$$(mktemp -d) && trap "rm -rf '$$workspace'" EXIT && \
	    .venv/bin/visage run recipes/cnn_utkface.yaml --data-dir "$(DATA)" --set "workspace=$$workspace" \
	        --set trainer.epochs=2 --set evaluator.age_mae_max=14 --set evaluator.gender_accuracy_min=0.75; \
	else echo "skipped: no $(DATA)/UTKFace.tar.gz; DATA=DIR names another folder"; fi

test-current: ## tests and a small pipeline on the current stack, in a Debian 13 root if this machine is older
	@tools/test_current.sh

set-up: ## make or update .venv for this machine; EXTRAS=mtcnn adds an extra
	@EXTRAS='$(EXTRAS)' tools/set_up.sh

signing: ## install model-signing, which signs and verifies models (docs/exports.md)
	@tools/signing.sh >/dev/null

lock: ## update requirements/*.txt from setup.py and requirements/*.in
	@tools/lock.sh

# TARGET=gpu brings CUDA's libraries. BUILD_OPTIONS are Docker's, e.g. --pull.
TARGET ?= cpu
IMAGE ?= visage:$(TARGET)
image: ## build the container image $(IMAGE) for TARGET=cpu or gpu (docs/container.md)
	@DOCKER_BUILDKIT=1 docker build --file docker/Dockerfile --target $(TARGET) --tag $(IMAGE) \
	    --build-arg REVISION="$$(git describe --always --dirty --abbrev=40 --exclude "*" 2>/dev/null)" $(BUILD_OPTIONS) .

clean: ## remove .venv, caches, and all of runs/, pushed models too
	rm -rf .venv .cache .mypy_cache .pytest_cache .ruff_cache .hypothesis .coverage .coverage.* runs visage.egg-info visage_pipeline.egg-info
