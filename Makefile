# The commands that people and CI share. `make` alone lists them.

VENV := .venv
PYTHON_IN := $(VENV)/bin/python
PIP := $(PYTHON_IN) -m pip install --quiet --no-input --disable-pip-version-check --no-compile
LOCK := $(VENV)/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-header --no-emit-index-url --no-emit-find-links pyproject.toml

OURS := dashboard probes seeds
BYTE_CODE := $(PYTHON_IN) -m compileall -q -j 0

.DEFAULT_GOAL := help
.PHONY: help demo test lint bench schema metrics lock clean

help: ## this list
	@sed -n 's/^\([a-z]*\):.*## /  make \1\t/p' Makefile

demo: $(VENV)/.runtime ## play the launch of May 2023 and watch it (SEED=name SPEED=x PORT=p)
	@$(VENV)/bin/roomwatch demo $(if $(SEED),--seed "$(SEED)") $(if $(SPEED),--speed "$(SPEED)") $(if $(PORT),--port "$(PORT)")

test: $(VENV)/.dev ## all checks and tests, against real servers
	@.ci/servers
	@$(MAKE) --no-print-directory lint
	@$(BYTE_CODE) $(OURS) tests
	$(PYTHON_IN) -m pytest -n 4 --dist loadfile --no-loadscope-reorder

lint: $(VENV)/.dev ## the checks that need no run
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy
	$(VENV)/bin/lint-imports --no-logo

bench: $(VENV)/.dev ## measure cycle, memory, viewers; prints JSON
	@$(PYTHON_IN) -m tests.bench

schema: $(VENV)/.runtime ## config/roomwatch.schema.json again from the settings
	$(PYTHON_IN) -m probes.settings > $(VENV)/schema.json && mv $(VENV)/schema.json config/roomwatch.schema.json

metrics: $(VENV)/.runtime ## config/prometheus/METRICS.md again from the table of metrics
	$(PYTHON_IN) -m probes.metrics.document > $(VENV)/metrics.md && mv $(VENV)/metrics.md config/prometheus/METRICS.md

lock: $(VENV)/.python ## the lock files again from pyproject.toml; delete them first for the newest versions
	$(PIP) uv
	$(LOCK) --extra build -o requirements.lock
	$(LOCK) --extra build --extra dev -c requirements.lock -o requirements-dev.lock

clean: ## remove the environment and every cache
	rm -rf $(VENV) .cache .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis build dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Stamps: what is installed stays until its lock or pyproject.toml changes. Byte code is made on all
# cores at once, for half of pip's installing time goes there; of our own too, for where Python is told to
# write none (PYTHONDONTWRITEBYTECODE) each start would compile it anew.
$(VENV)/.python:
	@.ci/venv $(VENV)
	@touch $@

$(VENV)/.runtime: requirements.lock pyproject.toml $(VENV)/.python
	@echo "Installing what Roomwatch needs into $(VENV) (once)"
	@$(PIP) --require-hashes -r requirements.lock
	@$(PIP) --no-deps --no-build-isolation --editable .
	@$(BYTE_CODE) $(OURS) $(VENV)/lib >/dev/null || true
	@touch $@

$(VENV)/.dev: requirements-dev.lock $(VENV)/.runtime
	@echo "Installing what its tests need (once)"
	@$(PIP) --require-hashes -r requirements-dev.lock
	@$(BYTE_CODE) $(VENV)/lib >/dev/null || true
	@touch $@
