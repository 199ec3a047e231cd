# The two that matter: `make run` opens the window with a sample, `make test` passes the tests. Both install first.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
ARGS ?= --demo

.PHONY: run test check screenshots bench torture clean

run: $(VENV)/installed
	@$(PYTHON) .ci/system_packages.py qt $(VENV) || true
	$(BIN)/workbench $(ARGS)

test: $(VENV)/installed-test
	@$(PYTHON) .ci/system_packages.py qt $(VENV) --offscreen
	$(BIN)/python -m pytest -q -n 3 --dist worksteal

# Everything that is judged without running the program; then all tests, slow ones included.
check: $(VENV)/installed-test
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/pyright
	$(BIN)/lint-imports
	@$(PYTHON) .ci/system_packages.py qt $(VENV) --offscreen
	$(BIN)/python -m pytest -q -n 3 --dist worksteal -m ""

# Every page in light, dark and Chinese, into screenshots/.
screenshots: $(VENV)/installed-test
	@$(PYTHON) .ci/system_packages.py qt $(VENV) --offscreen
	$(BIN)/python -m tests.screenshots

# How long what people wait for takes, as ratios measured in one go. ROW=6 measures only this row of the table.
bench: $(VENV)/installed-bench
	@$(PYTHON) .ci/system_packages.py qt $(VENV) --offscreen
	QT_QPA_PLATFORM=offscreen $(BIN)/python -m tests.benchmarks $(ROW)

# What must hold however often it is tried, as often as a release asks: hours. GOALS="kill bit_flips" tries only these.
torture: $(VENV)/installed-test
	@$(PYTHON) .ci/system_packages.py qt $(VENV) --offscreen
	QT_QPA_PLATFORM=offscreen $(BIN)/python -m tests.robustness $(GOALS)

clean:
	rm -rf $(VENV) build dist screenshots .pytest_cache .ruff_cache .hypothesis .import_linter_cache

$(BIN)/python:
	@$(PYTHON) .ci/system_packages.py venv $(VENV)

$(VENV)/installed: pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --disable-pip-version-check -e .
	@touch $@

$(VENV)/installed-test: pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --disable-pip-version-check -e '.[test]'
	@touch $@ $(VENV)/installed

$(VENV)/installed-bench: pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --disable-pip-version-check -e '.[test,bench]'
	@touch $@ $(VENV)/installed $(VENV)/installed-test
