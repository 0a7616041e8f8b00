# `make help` lists what can be done; `make check test` is what CI runs.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

PY := .venv/bin/python
SAM := .venv-sam/bin/sam
PIP := -m pip --disable-pip-version-check --quiet
CODE := layers/core/footfall functions infra cli tests
LAYER_PINS := $(wildcard layers/*/requirements.txt)

.PHONY: help
help:  ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# --- environments: made once, and again only when the pins change ---------------------------------------------------------

.venv/.made:
	$$(infra/find-python) -m venv .venv
	touch $@

.venv/.demo: .venv/.made requirements/demo.txt $(LAYER_PINS) pyproject.toml
	$(PY) $(PIP) install -r requirements/demo.txt
	$(PY) $(PIP) install --no-build-isolation --no-deps -e .
	touch $@

.venv/.test: .venv/.demo requirements/test.txt
	$(PY) $(PIP) install -r requirements/test.txt
	touch $@

.venv-sam/.made: requirements/sam.txt
	$$(infra/find-python 3.13) -m venv --clear .venv-sam
	.venv-sam/bin/python $(PIP) install -r requirements/sam.txt
	touch $@

node_modules/.made: package.json
	npm install --no-audit --no-fund --no-package-lock --loglevel=error
	touch $@

.PHONY: setup
setup: .venv/.test  ## make .venv with everything that the demo, the tests and the checks need

# --- the two commands of the README ---------------------------------------------------------------------------------------

.PHONY: demo
demo: .venv/.demo  ## start everything, load a month of a shop (or DATA=DIR), show its funnel
	.venv/bin/footfall demo $(if $(DATA),--data-dir "$(DATA)")

.PHONY: test
test: .venv/.test  ## run the tests on real stores (ARGS="-k funnel" goes to pytest)
	$(PY) -m pytest -n auto --dist worksteal $(ARGS)

# --- checks and build -----------------------------------------------------------------------------------------------------

.PHONY: check
check: check-code check-template  ## everything CI checks besides the tests

.PHONY: check-code
check-code: .venv/.test  ## ruff, mypy --strict, import contracts
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy $(wildcard $(CODE))
	.venv/bin/lint-imports
