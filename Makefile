# Two words to remember: `make up` starts Playlog, `make test` tests it. Every target sets up what it needs.

.DEFAULT_GOAL := help
.PHONY: help up down status venv dev web test test-pure webtest faults faults-short soak cycles lint types arch check bench simulate screenshots clean

BIN := .venv/bin
FIND = for p in python3 python3.14 python3.13 python3.12 python3.11; do \
  $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done
PYTHON ?= $(shell $(FIND))
BOOTSTRAP := -P infra/stack/bootstrap.py
PURE := tests/schemas tests/engine_worker tests/model tests/session_worker/test_project.py tests/history_sink/test_tabulate.py

help: ## Say what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' Makefile

up: web ## Start everything on this machine, print the address; Ctrl-C stops it
	@$(BIN)/playlog up

down: venv ## Stop what another terminal started
	@$(BIN)/playlog down

status: venv ## Show processes, addresses, versions and lag
	@$(BIN)/playlog status

venv: # The virtual environment, from requirements.lock
	@test -n "$(PYTHON)" || { echo "Playlog needs Python 3.11 or newer: install it, or name it: make up PYTHON=/path/to/python3"; exit 1; }
	@$(PYTHON) $(BOOTSTRAP) venv

dev: # The same with the tools for tests and checks
	@test -n "$(PYTHON)" || { echo "Playlog needs Python 3.11 or newer: install it, or name it: make test PYTHON=/path/to/python3"; exit 1; }
	@$(PYTHON) $(BOOTSTRAP) dev

web: venv ## Build the web client
	@$(BIN)/python $(BOOTSTRAP) web

test: dev web ## Run the tests, all but the long ones; ARGS="-k name" chooses
	@$(BIN)/python -m pytest -m "not faults" $(ARGS)

test-pure: # Rules, folds and words on another interpreter: make test-pure OTHER=/path/to/python3.13
	@test -x .venv-other/bin/python || $(OTHER) -m venv .venv-other
	@.venv-other/bin/pip install --disable-pip-version-check -q --require-hashes -r requirements-dev.lock
	@.venv-other/bin/python -m pytest -q -m "not stack" $(PURE)

webtest: web ## Test the web client's own modules
	@$(BIN)/python $(BOOTSTRAP) webtest

faults: dev web ## Break every part under load, then check everything; ONLY=F4,F7 chooses, BUG=B10 must turn it red
	@$(BIN)/python -m tests.faults $(if $(ONLY),--only $(ONLY)) $(if $(BUG),--bug $(BUG)) $(if $(SEED),--seed $(SEED)) $(ARGS)

faults-short: dev web ## The same for a few quick rows, in five minutes
	@$(BIN)/python -m tests.faults --short --seconds $${PLAYLOG_FAULT_SECONDS:-8} $(ARGS)

soak: dev web ## Play a million moves while everything dies and stalls, then check all; MOVES=20000 for a short one
	@$(BIN)/python -m tests.soak --moves $(or $(MOVES),1000000) $(if $(SEED),--seed $(SEED)) $(ARGS)

cycles: dev web ## Kill and restart 200 times and see that the survivors stay as large as they are; N=6 for a short one
	@$(BIN)/python -m tests.soak --cycles $(or $(N),200) $(if $(SEED),--seed $(SEED)) $(ARGS)

lint: dev ## Check style
	@$(BIN)/ruff check . && $(BIN)/ruff format --check .

types: dev ## Check types
	@$(BIN)/mypy

arch: dev ## Check who imports whom
	@$(BIN)/lint-imports

check: lint types arch ## All three

bench: dev web ## Measure the running stack, each figure beside its floor
	@$(BIN)/python -m bench $(ARGS)

simulate: dev ## Simulate everything on a virtual clock, from SEEDS=20000 seeds; BUGS=1 looks for every seeded bug
	@$(BIN)/python -m tests.simulator --seeds $(or $(SEEDS),20000) $(if $(BUGS),--bugs) $(ARGS)

screenshots: dev web ## Take pictures of the pages into screenshots/
	@$(BIN)/python -m tests.e2e.screenshots $(ARGS)

clean: ## Delete what was built; the data in .playlog/ stays
	@rm -rf .venv .venv-other web/node_modules web/dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
