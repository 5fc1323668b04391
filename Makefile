# What a stranger needs: make run, make demo, make test, make bench, make chaos. Only Python 3.11+ and make are assumed.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: run demo test bench chaos clean
.DELETE_ON_ERROR:

run: .venv/installed
	@$(BIN)/wrapup serve

demo: .venv/installed
	@$(BIN)/wrapup demo

test: .venv/installed-test
	@tests/prepare
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	$(BIN)/pytest -n 4 --dist loadfile --no-loadscope-reorder

bench: .venv/installed-test
	@$(BIN)/python -m bench

# Faults strike while numbered callbacks arrive, and every one must be accounted for afterwards.
MINUTES ?= 60
FAULTS ?= 3000
chaos: .venv/installed-test
	@$(BIN)/python -m tests.chaos --database sqlite --minutes $(MINUTES) --faults $(FAULTS)
	@$(BIN)/python -m tests.chaos --database postgresql --minutes $(MINUTES) --faults $(FAULTS)

# setup.cfg decides what is installed: a newer one installs again.
.venv/installed: setup.cfg pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --editable .
	@touch $@

.venv/installed-test: .venv/installed
	$(BIN)/pip install --quiet --editable '.[test]'
	@touch $@

clean:
	rm -rf .venv instance instance-demo *.egg-info
