# What a developer types; `make help` lists it. Everything runs in .venv, which `make setup` makes.

PYTHON ?= python3
PY := .venv/bin/python
ARGS ?=

# Fails where there is no Chromium and no right to install it; then the browser tests will fail, and no others.
BRING_CHROMIUM = command -v chromium >/dev/null || { \
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		echo 'Installing Chromium for the browser tests'; \
		apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium >/dev/null; \
	else \
		echo 'The browser tests need Chromium: install it (Debian: apt-get install chromium), or run make browser as root.' >&2; false; \
	fi; }

# Where it cannot be installed, the matrix says so. Debian's package starts a server of its own, which nobody asked for.
BRING_PGBOUNCER = PATH="$$PATH:/usr/sbin" command -v pgbouncer >/dev/null || { \
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		echo 'Installing PgBouncer for the tests behind a pooler'; \
		apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends pgbouncer >/dev/null && \
		{ service pgbouncer stop; update-rc.d pgbouncer disable; } >/dev/null 2>&1; \
	fi; }

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help setup browser run test test-long test-matrix bench check pages api-types protos pictures schema lock clean

help: ## List the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' Makefile

setup: .venv/installed pages ## Make .venv with everything in it (PYTHON=python3.12 chooses another Python)
	@:

pages: .venv/installed ## Build the pages that the gateway serves, where anything in gateway/web has changed
	@$(PY) -m stack.pages

.venv/installed: requirements.lock pyproject.toml
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
		echo 'Sluice needs Python 3.11 or newer, and "$(PYTHON)" is none: name one, as in make $(or $(MAKECMDGOALS),setup) PYTHON=python3.12.' >&2; exit 1; }
	@"$(PYTHON)" -c 'import ensurepip, venv' 2>/dev/null || { \
		echo 'This Python cannot make virtual environments: install its venv module (Debian and Ubuntu: apt-get install python3-venv).' >&2; exit 1; }
	@echo 'Setting up .venv, which takes about a minute the first time'
	@$(PY) -m pip --version >/dev/null 2>&1 || "$(PYTHON)" -m venv --clear .venv
	@$(PY) -m pip install --quiet --disable-pip-version-check --no-input --require-hashes -r requirements.lock
	@$(PY) -m pip install --quiet --disable-pip-version-check --no-input --no-deps --no-build-isolation -e .
	@touch $@

browser: ## Install Chromium for the browser tests where it is missing (needs root and apt)
	@$(BRING_CHROMIUM)

run: setup ## Start everything on this machine, ingest the sample export, stay until Ctrl-C (ARGS="--http-port 9000")
	@exec $(PY) -m stack $(ARGS)

test: setup ## Run all tests but the long ones, then those of the database on PostgreSQL 14 (ARGS="tests/unit -k lease": only these, on 18)
	@$(BRING_CHROMIUM) || true
	@$(PY) -m pytest -m 'not long' --numprocesses 2 --dist loadfile $(ARGS)
	@$(if $(strip $(ARGS)),,echo 'The database tests on the oldest PostgreSQL:'; $(PY) -m tests.matrix.run oldest)

test-matrix: setup ## Run the database tests on PostgreSQL 14 to 18 and behind PgBouncer (ARGS="14 pgbouncer" chooses some)
	@$(if $(filter pgbouncer,$(or $(strip $(ARGS)),pgbouncer)),$(BRING_PGBOUNCER) || true)
	@$(PY) -m tests.matrix.run $(ARGS)

bench: setup ## Measure what the queue promises: rescue, depth, idle streams (a quarter of an hour)
	@for what in rescue depth idle; do $(PY) -m benchmarks.$$what || exit 1; done

test-long: setup ## Run the same code with larger numbers
	@$(PY) -m pytest -m long $(ARGS)

check: setup ## Check format, lint and types, and run the unit tests of the pages
	@$(PY) -m ruff format --check --quiet . || { echo 'Not formatted: run $(PY) -m ruff format .' >&2; exit 1; }
	@$(PY) -m ruff check --quiet .
	@$(PY) -m mypy
	@.venv/bin/buf lint
	@$(PY) -m stack.pages check

api-types: setup ## Write the pages' types of the API again, from the gateway's OpenAPI document
	@$(PY) -m stack.pages types

protos: setup ## Generate the modules of protos/ again
	@$(PY) -m protos.generate

pictures: setup ## Take the pictures of the pages again that the documents show
	@$(PY) -m benchmarks.pictures

schema: setup ## Write sql/schema.sql again: what all migrations add up to
	@$(PY) -m stack.schema_dump

lock: ## Resolve requirements.lock and the images' locks again (needs uv)
	@command -v uv >/dev/null || { echo 'make lock needs uv: install it (pipx install uv).' >&2; exit 1; }
	@uv pip compile --quiet --universal --generate-hashes --no-annotate --python-version 3.11 --extra dev \
		pyproject.toml -o requirements.lock
	@for extra in coordinator gateway ingest-worker pages; do \
		uv pip compile --quiet --universal --generate-hashes --no-annotate --custom-compile-command 'make lock' \
			--python-version 3.11 --extra $$extra -c requirements.lock pyproject.toml \
			-o deploy/images/locks/$$extra.lock || exit 1; done

clean: ## Remove .venv and all caches; the local stack's data in .sluice stays
	@rm -rf .venv gateway/web/node_modules gateway/web/dist .pytest_cache .mypy_cache .ruff_cache .hypothesis dist test-results
	@find . -name __pycache__ -not -path './.*' -prune -exec rm -rf {} +
