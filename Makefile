# Everything a newcomer, a contributor and a machine needs: `make help`.

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory
SHELL := /bin/sh

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check -qq
SOURCES := api bench cli compiler portfolio resolvers runtime schema tests workers
PRESENT = $(wildcard $(SOURCES))
# Our integers are bounded by checks, and the runner sets the time limits of every migration.
UNASKED := prefer-bigint-over-int,prefer-bigint-over-smallint,require-lock-timeout,require-statement-timeout

.PHONY: help
help: ## List what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: demo
demo: $(VENV)/runtime.stamp ## Run Folioscope with a demo portfolio; Ctrl-C stops it
	@$(BIN)/folioscope up --stop-with-parent

.PHONY: test
test: $(VENV)/dev.stamp ## Run the whole test suite on servers of its own
	@$(BIN)/python -m pytest $(TESTS)

.PHONY: check
check: $(VENV)/dev.stamp ## Lint, types, layers, migrations, generated files
	@$(BIN)/ruff check $(PRESENT)
	@$(BIN)/ruff format --check --quiet $(PRESENT) || { echo "Run: make format"; exit 1; }
	@$(BIN)/pyright --warnings
	@$(BIN)/lint-imports --no-cache
	@$(BIN)/squawk --assume-in-transaction --pg-version 16.0 --exclude $(UNASKED) database/migrations/*.sql
	@$(BIN)/check-jsonschema --builtin-schema vendor.compose-spec docker-compose.yml
	@$(BIN)/hadolint Dockerfile
	@$(BIN)/compose-lint docker-compose.yml > /dev/null || $(BIN)/compose-lint docker-compose.yml
	@$(BIN)/python -m runtime.settings | cmp - .env.example
	@$(BIN)/python -m runtime.schema_dump | cmp - database/schema.sql
	@$(BIN)/folioscope schema print | cmp - schema/schema.graphql

.PHONY: format
format: $(VENV)/dev.stamp ## Format the code and mend what ruff can
	@$(BIN)/ruff check --fix $(PRESENT)
	@$(BIN)/ruff format $(PRESENT)

.PHONY: update
update: $(VENV)/dev.stamp ## Write the generated files again
	@$(BIN)/python -m runtime.settings $(call into,.env.example)
	@$(BIN)/python -m runtime.schema_dump $(call into,database/schema.sql)
	@$(BIN)/folioscope schema print $(call into,schema/schema.graphql)
	@UPDATE=1 $(BIN)/python -m pytest -q tests/reads/test_goldens.py tests/resolvers/test_statements.py

# A command that fails must not leave half a file behind.
into = > $(1).new && mv $(1).new $(1)

.PHONY: bench
bench: $(VENV)/runtime.stamp ## Measure; the table is written to bench/README.md
	@$(BIN)/python -m bench --write

.PHONY: soak
soak: $(VENV)/dev.stamp ## Search longer: generated reads and the fault test, for minutes
	@FOLIOSCOPE_SOAK=$${FOLIOSCOPE_SOAK:-3} $(BIN)/python -m pytest -m soak $(TESTS)

.PHONY: lock
lock: $(VENV)/dev.stamp ## Pin newer dependencies; needs `uv` on the PATH
	@uv pip compile $(LOCK_OPTIONS) --extra embedded --extra checkout pyproject.toml \
		--output-file requirements.lock
	@uv pip compile $(LOCK_OPTIONS) --extra embedded --extra checkout --extra dev \
		--constraint requirements.lock pyproject.toml --output-file requirements-dev.lock

# No index and no host may stand in a lock: whoever installs chooses the index.
LOCK_OPTIONS := --quiet --upgrade --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-emit-find-links --no-header --no-annotate

.PHONY: clients
clients: $(VENV)/dev.stamp ## Try front ends' tools and clients on a server of its own; needs Node.js
	@$(NPM_HERE) || { $(NO_NODE); exit 0; }; set -e; \
	npm --prefix tests/clients ci $(NPM_QUIET); \
	npm --prefix tests/clients run --silent check; \
	$(BIN)/python tests/clients/serve.py npm --prefix tests/clients run --silent test

.PHONY: vendor
vendor: ## Build GraphiQL again, as api/graphiql/source pins it; needs Node.js
	@$(NPM_HERE) || { $(NO_NODE); exit 1; }
	@npm --prefix api/graphiql/source ci $(NPM_QUIET)
	@cd api/graphiql/source && node build.mjs

NPM_HERE := node --eval 'process.exitCode = +(parseInt(process.versions.node) < 20)' > /dev/null 2>&1 && npm --version > /dev/null
NO_NODE := echo "This needs Node.js 20 or newer with npm; everything else runs without."
NPM_QUIET := --no-audit --no-fund --loglevel=error

.PHONY: clean
clean: ## Remove the virtual environment, caches and the demo's data
	@rm -rf $(VENV) .folioscope .pytest_cache .ruff_cache .hypothesis .import_linter_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
		echo "Folioscope needs Python 3.11 or newer; '$(PYTHON)' is not that."; \
		echo "Next: install it, then name it: make demo PYTHON=python3.11"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
		echo "Python's venv module is missing."; \
		echo "Next: apt-get install python3-venv (on Debian and Ubuntu)"; exit 1; }
	@echo "Creating the virtual environment $(VENV)"
	@$(PYTHON) -m venv $(VENV)

# The development environment holds the runtime too, so one stamp may stand for the other.
$(VENV)/runtime.stamp: requirements.lock pyproject.toml | $(VENV)/bin/python
	@echo "Installing what Folioscope runs on (about 200 MB, once)"
	@$(PIP) install --require-hashes --requirement requirements.lock
	@$(PIP) install --no-deps --no-build-isolation --no-index --editable .
	@touch $@

$(VENV)/dev.stamp: requirements-dev.lock pyproject.toml | $(VENV)/bin/python
	@echo "Installing what the tests need (about 500 MB, once)"
	@$(PIP) install --require-hashes --requirement requirements-dev.lock
	@$(PIP) install --no-deps --no-build-isolation --no-index --editable .
	@touch $@ $(VENV)/runtime.stamp
