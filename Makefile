# make lab    creates the environment and opens the series in JupyterLab
# make test   everything that CI does
# make site   builds the series as a site into build/site
# make quick  lint, rebuild, unit tests and the lessons that differ from BASE (HEAD), for between two edits
# make oldest / make newest  the tests and both lanes with the oldest or newest versions that pyproject.toml allows

PYTHON ?= python3
VENV   ?= .venv
BASE   ?= HEAD
ifeq ($(OS),Windows_NT)
BIN := $(VENV)/Scripts
else
BIN := $(VENV)/bin
endif
AXE := build/axe
PIP := $(BIN)/python -m pip --disable-pip-version-check install -q

.PHONY: lab test site quick lint build bench look oldest newest everything clean

lab: $(VENV)/.lab
	$(BIN)/tutor lab

test: lint
	$(BIN)/tutor build --check
	$(MAKE) site
	$(MAKE) everything
	$(BIN)/python -m pytest -m browser tests
	$(BIN)/tutor quality --check README.md
	@$(BIN)/python tests/versions.py

# the site's executions are kept in build/site-cache: a lesson that has not changed is not executed again
site: $(VENV)/.test $(AXE)/node_modules/axe-core/axe.min.js
	$(BIN)/tutor site

quick: lint
	$(BIN)/tutor build --check
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 --dist loadgroup -q -m "not slow and not browser" tests
	$(BIN)/tutor run --solved --changed $(BASE)

lint: $(VENV)/.test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports --no-cache --no-logo

build: $(VENV)/.test
	$(BIN)/tutor build

bench: $(VENV)/.test
	for file in tests/benchmarks/bench_*.py; do $(BIN)/python $$file || exit 1; done

# every notebook in JupyterLab, light and dark, photographed into build/look
look: $(VENV)/.test
	mkdir -p build/look
	TUTOR_SCREENSHOTS=build/look $(BIN)/python -m pytest -m browser tests/browser/test_every_notebook.py

# Environments of their own, because pip's default torch is large on Linux; `lowest-direct` is uv's word for the lower
# end of every range in pyproject.toml.
oldest: RESOLUTION := lowest-direct
newest: RESOLUTION := highest
oldest newest: $(VENV)/.test
	$(BIN)/uv venv -q --allow-existing --python $(BIN)/python $(VENV)-$@
	$(BIN)/uv pip install -q --python $(VENV)-$@ --upgrade --resolution $(RESOLUTION) -e ".[test]"
	$(MAKE) everything BIN=$(VENV)-$@/bin

# what every set of versions has to pass
everything:
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 --dist loadgroup -m "not browser" tests
	$(BIN)/tutor run --shipped notebooks
	$(BIN)/tutor run --solved

# the accessibility checker of the site's tests, which are skipped with the reason where it could not be had
$(AXE)/node_modules/axe-core/axe.min.js:
	npm install --prefix $(AXE) --no-audit --no-fund --silent axe-core@4.14.1 \
	  || echo "npm could not install axe-core: the site's accessibility will not be checked"

$(VENV)/.python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Python 3.11 or newer is needed; name one with: make PYTHON=python3.12"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	touch $@

$(VENV)/.lab: $(VENV)/.python pyproject.toml constraints.txt
	$(PIP) -c constraints.txt -e .
	touch $@

$(VENV)/.test: $(VENV)/.python pyproject.toml constraints.txt
	$(PIP) -c constraints.txt -e ".[test,site]"
	touch $@ $(VENV)/.lab

clean:
	rm -rf $(VENV) build .pytest_cache .ruff_cache
