# migstat: `make run` does the main job, `make test` checks all of it. `make help` lists the rest.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export MIGSTAT_HOME ?= $(CURDIR)/var

.DEFAULT_GOAL := help
.PHONY: help install run up down test lint bench messages lock clean

help: ## List what can be made
	@grep -E '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /  make \1\t/' | expand -t 20

$(BIN)/uv:
	$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "migstat needs Python 3.11 or newer; set PYTHON=")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check uv

$(VENV)/installed: requirements.txt pyproject.toml | $(BIN)/uv
	$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements.txt
	$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/installed-dev: $(VENV)/installed requirements-dev.txt
	$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements-dev.txt
	@touch $@

install: $(VENV)/installed ## Create the virtual environment and install what migstat needs

run: install ## Ingest the samples through Airflow, compute indicators, show what came out
	@$(BIN)/python -m engine.run

up: install ## Start Airflow with its web UI and leave it running
	@$(BIN)/python -m engine.up up

down: install ## Stop what `make up` started
	@$(BIN)/python -m engine.up down

test: $(VENV)/installed-dev ## Run every test
	$(BIN)/python -m pytest -n auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder

lint: $(VENV)/installed-dev ## Check format, types and the dependency rule
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(VENV)/installed-dev ## Measure speed as ratios, and memory
	$(BIN)/python -m bench

messages: $(VENV)/installed ## Bring the catalogues of messages up to date with code, contracts and checks
	$(BIN)/pybabel --quiet extract --mapping=pyproject.toml --no-default-keywords --keyword=say --keyword=say_n:1,2 \
		--keyword=msgid --no-location --sort-output --project=migstat --output=$(VENV)/migstat.pot .
	$(BIN)/pybabel --quiet update --domain=migstat --input-file=$(VENV)/migstat.pot --output-dir=pipelines/locale \
		--no-fuzzy-matching --ignore-obsolete --ignore-pot-creation-date --no-wrap

lock: $(BIN)/uv ## Compile requirements.txt and requirements-dev.txt from their .in files
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header requirements.in -o requirements.txt
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header requirements-dev.in -o requirements-dev.txt

clean: ## Remove the virtual environment and caches; run-time state in var/ stays
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis *.egg-info
