# MeshUI's commands. `make help` lists them. Needs GNU make and Python 3.11 or newer; everything else is fetched into .meshui/.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
MAKEFLAGS += --no-print-directory
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

VENV := .meshui/venv
BIN := $(VENV)/bin
NODE := frontend/with-node

export PIP_DISABLE_PIP_VERSION_CHECK := 1
export npm_config_fund := false
export npm_config_audit := false
export npm_config_update_notifier := false

# Stamps carry a hash of what they were made from, and lie in what was made: a changed branch and a removed folder are both seen.
hash = $(shell sha256sum $(1) | sha256sum | cut -c1-16)
RUN_STAMP := $(VENV)/.packages-$(call hash,requirements.txt)
DEV_STAMP := $(VENV)/.test-packages-$(call hash,requirements.txt requirements-dev.txt)
NPM_STAMP := frontend/node_modules/.packages-$(call hash,frontend/package.json frontend/package-lock.json)
SOURCES := $(shell find frontend \( -name node_modules -o -name dist -o -name coverage \) -prune -o -type f -print | LC_ALL=C sort)
BUILD_STAMP := frontend/dist/.built-$(call hash,$(SOURCES))

step = @printf '\n==> %s\n' "$(1)"

.PHONY: help
help: ## list the commands
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 20

.PHONY: demo
demo: ## run the whole demo: a real mesh with live traffic, and MeshUI (Ctrl-C stops it)
	@$(MAKE) -j2 prepared
	@exec $(BIN)/python -m meshui.demo up

.PHONY: demo-fault
demo-fault: $(RUN_STAMP) ## break something in the running demo: NAME=..., CLEAR=1 puts it right; without NAME lists
	@$(BIN)/python -m meshui.demo fault $(NAME) $(if $(CLEAR),--clear)

.PHONY: test
test: ## install what tests need and run all linters, types and tests
	@$(MAKE) browser
	@$(MAKE) -j2 prepared-for-tests
	@$(MAKE) lint
	$(call step,frontend: unit tests)
	@$(NODE) npm --prefix frontend test
	$(call step,pytest)
	@$(BIN)/pytest

.PHONY: bench
bench: ## measure speed and memory on generated meshes (10 to 20 minutes); writes docs/bench.md
	@$(MAKE) browser
	@$(MAKE) -j2 prepared-for-tests
	@$(BIN)/python -m bench.authz
	@$(BIN)/python -m bench $(BENCH)

.PHONY: lint
lint: $(DEV_STAMP) $(NPM_STAMP) ## all linters, types and the import rule
	$(call step,ruff: lint and format)
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	$(call step,mypy)
	@$(BIN)/mypy
	$(call step,imports go down only)
	@$(BIN)/lint-imports
	$(call step,frontend: lint and types)
	@$(NODE) npm --prefix frontend run check

.PHONY: format
format: $(DEV_STAMP) $(NPM_STAMP) ## format all code
	@$(BIN)/ruff check --fix --quiet || true
	@$(BIN)/ruff format
	@$(NODE) npm --prefix frontend run format

.PHONY: schema
schema: $(DEV_STAMP) $(NPM_STAMP) ## write the OpenAPI document and the browser's types from the code
	@MESHUI_DEMO=1 $(BIN)/python manage.py spectacular --validate --fail-on-warn --file meshui/contract/openapi.yaml
	@MESHUI_DEMO=1 $(BIN)/python manage.py asyncapi --file docs/asyncapi.yaml
	@$(NODE) npm --prefix frontend run schema

.PHONY: clean
clean: ## remove what was built and fetched, and the demo's state
	@if [ -x $(BIN)/python ]; then $(BIN)/python -m meshui.demo down; fi
	rm -rf .meshui frontend/node_modules frontend/dist

# --- parts of the above ---

.PHONY: prepared prepared-for-tests
prepared: $(RUN_STAMP) $(BUILD_STAMP) ; @:
prepared-for-tests: $(DEV_STAMP) $(BUILD_STAMP) ; @:

.PHONY: browser
browser:
	@scripts/test-packages

$(BIN)/python:
	@scripts/make-venv $(VENV)

$(RUN_STAMP): | $(BIN)/python
	$(call step,Python packages)
	@$(BIN)/pip install --quiet --only-binary=:all: -r requirements.txt
	@rm -f $(VENV)/.packages-* && touch $@

$(DEV_STAMP): $(RUN_STAMP)
	$(call step,Python packages for tests)
	@$(BIN)/pip install --quiet --only-binary=:all: -r requirements-dev.txt
	@rm -f $(VENV)/.test-packages-* && touch $@

$(NPM_STAMP): | $(BIN)/python
	$(call step,frontend packages)
	@$(NODE) npm --prefix frontend ci --no-progress --loglevel=error
	@touch $@

$(BUILD_STAMP): $(NPM_STAMP)
	$(call step,frontend build)
	@$(NODE) npm --prefix frontend run --silent build -- --logLevel warn
	@rm -f frontend/dist/.built-* && touch $@
