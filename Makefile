# Everything a new machine needs: Python 3.11+, git, make. `make help` lists the targets.
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin

.DEFAULT_GOAL := help
.PHONY: help setup demo up test check fix bench lock clean

help: ## List the targets
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/  make \1\t\2/' | expand -t 16

setup: $(VENV)/.ready ## Make the virtual environment with pinned, hashed packages

$(VENV)/.ready: constraints.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed, found " + sys.version)'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@awk '/^[a-z]/{on=/^uv==/} on' constraints.txt > $(VENV)/uv.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --only-binary :all: -r $(VENV)/uv.txt
	@VIRTUAL_ENV=$(VENV) $(BIN)/uv pip install --quiet --require-hashes -r constraints.txt
	@VIRTUAL_ENV=$(VENV) $(BIN)/uv pip install --quiet --no-deps --no-build-isolation -e .
	@touch $@

demo: setup ## Start everything, run the scenario, print the closing table
	@$(BIN)/returns-hub demo

up: setup ## Start everything without the scenario
	@$(BIN)/returns-hub up

test: setup ## Run all tests
	@$(BIN)/python -m pytest -n 2 --dist worksteal -m "not acceptance" $(ARGS)
	@$(BIN)/python -m pytest -m acceptance $(ARGS)

check: setup ## Lint, types, layering; writes nothing
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/returns-hub check --strict

fix: setup ## Let ruff repair what it can
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

bench: setup ## Measure; a table with versions
	@$(BIN)/python -m benchmarks $(ARGS)

lock: setup ## Pin again: all dependencies with hashes, no addresses
	@VIRTUAL_ENV=$(VENV) $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	  --no-emit-index-url --no-emit-find-links --no-header --no-annotate --extra dev pyproject.toml -o constraints.txt

clean: ## Remove the virtual environment and the hub's local state
	rm -rf $(VENV) .returns-hub
