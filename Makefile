# Two commands do all the set-up: `make demo` (the main job) and `make test`. Both need only Python 3.11+.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
ARGS ?=
PYTEST_ARGS ?=
# Files side by side; the tests of one file stay together, in order, and the dear files come first.
PYTEST_WORKERS ?= 2
# What was compiled once is not compiled again: tests start many processes.
unexport PYTHONDONTWRITEBYTECODE
# The constraints hold for the build of the package (its pages) as well as for what is installed.
export PIP_CONSTRAINT := $(CURDIR)/constraints.txt
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: demo test lint pytest drill bench screens clean

demo: $(VENV)/.installed-demo  ## Everything on a synthetic plant; ARGS="--no-serve --json" for the figures alone
	$(BIN)/supplynet demo $(ARGS)

test: lint pytest  ## Style, types, layers and all tests but the long ones

lint: $(VENV)/.installed-test
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

pytest: $(VENV)/.installed-test
	$(BIN)/python -m pytest -n $(PYTEST_WORKERS) --dist loadfile --no-loadscope-reorder $(PYTEST_ARGS)

drill: $(VENV)/.installed-test  ## The long and timed tests
	$(BIN)/python -m pytest --drill -m drill $(PYTEST_ARGS)

bench: $(VENV)/.installed-test  ## Comparisons: accuracy, policies, speed ratios
	$(BIN)/supplynet bench $(ARGS)

screens: $(VENV)/.installed-test  ## Pictures of every screen: build/screens/index.html; ARGS="--only stock"
	$(BIN)/python -m tests.web.screens $(ARGS)

$(VENV)/.installed-demo: pyproject.toml constraints.txt | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet -e ".[neural]"
	touch $@

$(VENV)/.installed-test: pyproject.toml constraints.txt | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet -e ".[neural,server,excel,forecast,dev]"
	touch $@ $(VENV)/.installed-demo

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

clean:
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
