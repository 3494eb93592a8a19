# `make demo` and `make test` set up everything that they need. Nothing else has to be known to begin.
PYTHON ?= python3
VENV   ?= .venv
BIN     = $(VENV)/bin
PORT   ?= 8000
# Tests run side by side, a file at a time; JOBS=0 runs them one after the other, in this process.
JOBS   ?= 2
RUNTIME = $(VENV)/.runtime-$(shell cksum < requirements.txt | cut -d' ' -f1)
DEV     = $(VENV)/.dev-$(shell cat requirements.txt requirements-dev.txt | cksum | cut -d' ' -f1)
.PHONY: demo test lint format readers screenshots clean

# make demo            the whole loop, then served at http://127.0.0.1:8000 until Ctrl-C
# make demo EXIT=1     the same loop, ending with its results table
demo: $(RUNTIME)
	@exec $(BIN)/python manage.py demo --port $(PORT) $(if $(EXIT),--exit)

test: $(DEV)
	$(BIN)/python -m pytest -n $(JOBS) --dist loadfile --no-loadscope-reorder $(PYTEST_ARGS)

lint: $(DEV)
	$(BIN)/python -m ruff check .
	$(BIN)/python -m ruff format --check .
	$(BIN)/python -m mypy .
	PYTHONPATH=platform $(BIN)/lint-imports

format: $(DEV)
	$(BIN)/python -m ruff check --fix .
	$(BIN)/python -m ruff format .

# What other people read exports with, in an environment of its own: tests/processes/test_readback.py needs it.
readers: .readers/installed-$(shell cksum < requirements-readers.txt | cut -d' ' -f1)

.readers/installed-%: requirements-readers.txt
	$(PYTHON) -m venv --clear .readers
	.readers/bin/python -m pip install --quiet --disable-pip-version-check $(PIP_ARGS) -r requirements-readers.txt
	touch $@

# The pictures in docs/screenshots, taken anew by the browser tests.
screenshots: $(DEV)
	SEMBLANCE_SCREENSHOTS=docs/screenshots $(BIN)/python -m pytest tests/browser/test_pages.py \
		tests/browser/test_run.py tests/browser/test_voting_looks.py tests/browser/test_workers.py \
		tests/browser/test_quality.py tests/browser/test_datasets.py tests/browser/test_real_votes.py

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Semblance needs Python 3.11 or newer.")'
	$(PYTHON) -m venv $(VENV)

$(RUNTIME): requirements.txt | $(VENV)/bin/python
	@echo "Installing Semblance into $(VENV) (once; a few minutes) ..."
	$(BIN)/python -m pip install --quiet --disable-pip-version-check $(PIP_ARGS) -r requirements.txt
	@rm -f $(VENV)/.runtime-*; touch $@

$(DEV): requirements.txt requirements-dev.txt | $(VENV)/bin/python
	@echo "Installing Semblance and its development tools into $(VENV) (once; a few minutes) ..."
	$(BIN)/python -m pip install --quiet --disable-pip-version-check $(PIP_ARGS) -r requirements-dev.txt
	@rm -f $(VENV)/.dev-* $(VENV)/.runtime-*; touch $@ $(RUNTIME)

clean:
	rm -rf $(VENV) .readers var .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
