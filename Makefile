# `make help` lists what can be done; `make check test` is what CI runs.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

PY := .venv/bin/python
ENV ?= dev
SAM := .venv-sam/bin/sam
PIP := -m pip --disable-pip-version-check --quiet
CODE := layers/core/footfall functions infra cli tests
LAYER_PINS := $(wildcard layers/*/requirements.txt functions/*/*/requirements.txt)
# SAM looks for the functions' Python on the PATH; every pin is written out, so pip need not look for more (and layers do not overlap).
SAM_ENV := PATH="$(CURDIR)/.venv-sam/bin:$$PATH" PIP_NO_DEPS=1 SAM_CLI_TELEMETRY=0 AWS_DEFAULT_REGION=$${AWS_DEFAULT_REGION:-eu-west-1}
TEMPLATES := template.yaml infra/access.yaml infra/alarms.yaml infra/network.yaml infra/stores.yaml infra/lake.yaml

.PHONY: help
help:  ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  %-15s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

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

.venv-mutants/.made: requirements/mutants.txt
	$$(infra/find-python 3.13) -m venv --clear .venv-mutants
	.venv-mutants/bin/python $(PIP) install -r requirements/mutants.txt
	touch $@

.venv-peers/.made: requirements/peers.txt
	$$(infra/find-python 3.13) -m venv --clear .venv-peers
	.venv-peers/bin/python $(PIP) install -r requirements/peers.txt
	touch $@

.venv-ministack/.made: requirements/ministack.txt
	$$(infra/find-python 3.13) -m venv --clear .venv-ministack
	.venv-ministack/bin/python $(PIP) install -r requirements/ministack.txt
	touch $@

node_modules/.made: package-lock.json
	npm ci --no-audit --no-fund --loglevel=error
	touch $@

.PHONY: setup
setup: .venv/.test  ## make .venv with everything that the demo, the tests and the checks need

# --- the two commands of the README ---------------------------------------------------------------------------------------

.PHONY: demo
demo: .venv/.demo  ## start everything, load a month of a shop (or DATA=DIR), show its funnel
	.venv/bin/footfall demo $(if $(DATA),--tables "$(DATA)")

.PHONY: test
test: .venv/.test  ## run the tests on real stores (ARGS="-k funnel" goes to pytest)
	$(PY) -m pytest -n auto --dist loadgroup $(ARGS)

# --- checks and build -----------------------------------------------------------------------------------------------------

.PHONY: check
check: check-code check-template  ## everything CI checks besides the tests; ends with the style's measures
	@$(PY) -m infra.measures

.PHONY: check-code
check-code: .venv/.test  ## ruff, mypy --strict, import contracts
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy $(wildcard $(CODE))
	.venv/bin/lint-imports

.PHONY: check-template
check-template: .venv-sam/.made .venv/.test  ## sam validate, cfn-lint before and after SAM's translation, the alarms, the state machine
	$(PY) -m infra.alarms --check
	$(PY) -m infra.access --check
	$(SAM_ENV) $(SAM) validate --lint
	$(SAM_ENV) .venv-sam/bin/python -m infra.translated template.yaml .aws-sam/translated.yaml
	.venv-sam/bin/cfn-lint $(TEMPLATES)
	.venv-sam/bin/cfn-lint .aws-sam/translated.yaml
	if command -v npm >/dev/null; then $(MAKE) --no-print-directory check-state-machine check-tracker; \
	else echo "npm is not here: nothing looked at the state machine's definition and the tracker's types"; fi

.PHONY: tracker
tracker: node_modules/.made  ## build web/tracker/footfall.js from its TypeScript
	npm run --silent types
	npm run --silent tracker

.PHONY: check-state-machine
check-state-machine: node_modules/.made
	node_modules/.bin/asl-validator --yaml-path infra/training.asl.yaml --yaml-path infra/answering.asl.yaml

.PHONY: check-tracker
check-tracker: node_modules/.made
	npm run --silent types

.PHONY: build
build: .venv-sam/.made  ## sam build, then bytecode and sizes: what `sam deploy` sends
	$(SAM_ENV) $(SAM) build
	.venv-sam/bin/python -m infra.build

# --- deployment: docs/operations.md has the steps between -----------------------------------------------------------------

.PHONY: deploy-access
deploy-access: .venv-sam/.made  ## the functions' roles of ENV, for MongoDB to know: the first step of a deployment
	$(SAM_ENV) $(SAM) deploy --config-env $(ENV) --template-file infra/access.yaml --stack-name footfall-$(ENV)-access \
		--capabilities CAPABILITY_NAMED_IAM --parameter-overrides Environment=$(ENV)

.PHONY: deploy
deploy: deploy-access build .venv/.demo  ## build and deploy to AWS, prepare the stores, check each step (ENV=dev, staging, production)
	$(SAM_ENV) $(SAM) deploy --config-env $(ENV)
	.venv/bin/footfall doctor --deployed $(ENV) --prepare

.PHONY: deploy-local
deploy-local: .venv/.test .venv-sam/.made .venv-ministack/.made  ## the same `sam deploy`, to an emulator of AWS on this machine
	$(PY) -m tests.deployment

# --- benchmarks, fuzzing, faults and figures --------------------------------------------------------------------------------

.PHONY: bench
bench: .venv/.test .venv-sam/.made .venv-peers/.made  ## measure speed, next to comparable tools in the same run
	$(PY) -m tests.benchmarks

.PHONY: cost
cost: .venv/.test  ## dollars per million events, by part (ARGS="--events-a-day 10000000")
	$(PY) -m tests.benchmarks.cost $(ARGS)

.PHONY: fuzz
fuzz: .venv/.test  ## send a hundred thousand invalid or unusual inputs to every function (ARGS="--inputs 5000 --seed 7")
	$(PY) -m tests.fuzz $(ARGS)

.PHONY: faults
faults: .venv/.test  ## inject each fault into the pipeline in turn and check that no event is lost (ARGS="--only reply_lost --seed 7")
	$(PY) -m tests.faults $(ARGS)

.PHONY: oracle
oracle: .venv/.test  ## reckon every figure of two thousand shops' lives by hand, beside the product (ARGS="--lives 500 --seed 7")
	$(PY) -m tests.oracle $(ARGS)

.PHONY: marks
marks: .venv/.test  ## measure how often a trend is marked without a break, and how soon with one (ARGS="--series 100 --seed 7")
	$(PY) -m tests.marks $(ARGS)

.PHONY: mutants
mutants: .venv/.test .venv-mutants/.made  ## change one line of a fold or a guard at a time; does a test notice? (ARGS="FILE … --most 20 --seed 7")
	$(PY) -m tests.mutants $(ARGS)

.PHONY: sentiment
sentiment: .venv/.test  ## fit the weights by which feedback is read, and say how well they read what they never saw (needs npm)
	$(PY) -m infra.sentiment

.PHONY: openapi
openapi: .venv/.demo  ## write the OpenAPI document of all functions
	$(PY) -m infra.openapi

.PHONY: alarms
alarms: .venv/.demo  ## write the alarms of all that is in template.yaml
	$(PY) -m infra.alarms

.PHONY: access
access: .venv/.demo  ## write the roles of all functions in template.yaml that use MongoDB
	$(PY) -m infra.access

.PHONY: sam-local
sam-local: .venv-sam/.made .venv/.demo  ## the built functions in Docker (sam local start-api) on the local stack's stores
	$(PY) -m cli.sam_local

.PHONY: clean
clean:  ## remove what was made, environments too
	rm -rf .aws-sam .venv .venv-ministack .venv-mutants .venv-peers .venv-sam node_modules .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis
