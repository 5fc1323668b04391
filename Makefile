# What a stranger needs: make run, make demo, make test, make bench, make chaos. Only Python 3.11+ and make are assumed.
PYTHON ?= python3
VENV := .venv
BIN = $(VENV)/bin

# Exactly what the lock files name (requirements/, made by make update), what builds it included; the package itself in place.
PIP = pip --quiet --disable-pip-version-check install
LOCKED = $(PIP) --no-build-isolation --require-hashes
IN_PLACE = $(PIP) --no-build-isolation --no-deps --editable .

# Tests start hundreds of processes, and five of them collect the tests: each would compile everything anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: install run demo test quick thorough compare integrations test-newest bench chaos soak ha update clean
.DELETE_ON_ERROR:

# What units run: a copy of the code as it lies here, so that nothing changes under those that run before they are told.
install: .venv/locked
	@rm -rf build .venv/installed
	.venv/bin/$(PIP) --no-build-isolation --no-deps --force-reinstall .
	@rm -rf build
	@deploy/reachable

run: .venv/installed
	@$(BIN)/wrapup serve

demo: .venv/installed
	@$(BIN)/wrapup demo

test: .venv/installed-test
	@tests/prepare
	$(suite)

# While something is being written: no PostgreSQL, no browser, nothing that takes long; under two minutes on two cores.
QUICK = tests/lib tests/models tests/dialers tests/outcomes tests/queries
quick: .venv/installed-test
	@$(BIN)/ruff check .
	@$(BIN)/lint-imports >/dev/null
	@WRAPUP_TEST_EXAMPLES=5 $(BIN)/pytest -q -n 4 --dist loadfile -k "not postgresql and not promise and not end_to_end" -m "not slow and not browser" $(QUICK)

# What make test does in part, in whole (tests/thoroughly.py): every dialer's every report answered in every shape, every CRM amid
# faults, whatever stands in a parameter on both databases, twenty times the examples, the rows of the bench that need a large table.
thorough: .venv/installed-test
	@tests/prepare
	WRAPUP_TEST_THOROUGH=1 WRAPUP_TEST_EXAMPLES=150 $(BIN)/pytest -n 2 --dist loadfile \
	    tests/dialers/test_swollen.py tests/outcomes tests/fuzz tests/bench tests/chaos tests/crm/test_every_kind.py \
	    tests/web/test_nasty.py tests/web/test_schemathesis.py tests/web/pages/test_every_page.py

# Every report over a hundred thousand calls: plain Python, SQLite, PostgreSQL and the mirror, also while calls change.
CALLS ?= 100000
COMBINATIONS ?= 20
compare: .venv/installed-test
	@$(BIN)/python -m tests.queries.reports --calls $(CALLS) --combinations $(COMBINATIONS)

# dlt, Singer's tap and dbt, the newest from PyPI and each in an environment of its own, against a small Wrapup. dbt below 1.12,
# which fetches a part of itself from elsewhere while it is installed.
TOOLS = .venv-integrations
integrations: .venv/installed-test
	@for tool in dlt singer dbt; do $(PYTHON) -m venv $(TOOLS)/$$tool; done
	$(TOOLS)/dlt/bin/$(PIP) 'dlt[duckdb]'
	$(TOOLS)/singer/bin/$(PIP) tap-rest-api-msdk
	$(TOOLS)/dbt/bin/$(PIP) 'dbt-core<1.12' dbt-postgres dbt-duckdb
	@$(BIN)/python -m tests.integrations $(TOOLS)

# make test on the newest versions that setup.cfg allows, so that drift is found on purpose and not by whoever installs next.
test-newest: VENV := .venv-newest
test-newest:
	@tests/prepare
	$(PYTHON) -m venv --clear $(VENV)
	$(BIN)/$(PIP) --editable '.[fast,test]'
	@$(BIN)/python -m requirements.beside
	$(suite)

define suite
$(BIN)/ruff check .
$(BIN)/ruff format --check .
$(BIN)/lint-imports
$(BIN)/mypy
tests/again $(BIN)/pytest -n 6 --dist loadfile --no-loadscope-reorder
endef

bench: .venv/installed-test
	@$(BIN)/python -m bench

# Faults strike while numbered callbacks arrive, and every one must be accounted for afterwards. Then while outcomes are on their
# way into CRMs, each of which must stand there once, as it was last. Then: does the API notice strangers who stall, flood and swell?
# More calls a second than the machine bears make a run void: code 3.
MINUTES ?= 60
RATE ?= 20
FAULTS ?= 3000
OUTCOMES ?= 2000
CRM_MINUTES ?= 15
chaos: .venv/installed-test
	@$(BIN)/python -m tests.chaos --database sqlite --minutes $(MINUTES) --faults $(FAULTS) --rate $(RATE)
	@$(BIN)/python -m tests.chaos --database postgresql --minutes $(MINUTES) --faults $(FAULTS) --rate $(RATE)
	@$(BIN)/python -m tests.chaos.crm --database sqlite --outcomes $(OUTCOMES) --minutes $(CRM_MINUTES)
	@$(BIN)/python -m tests.chaos.crm --database postgresql --outcomes $(OUTCOMES) --minutes $(CRM_MINUTES)
	@$(BIN)/python -m tests.chaos.crm --database sqlite --crm pipedrive --outcomes $(OUTCOMES) --minutes $(CRM_MINUTES)
	@$(BIN)/python -m tests.chaos.crm --database postgresql --crm pipedrive --outcomes $(OUTCOMES) --minutes $(CRM_MINUTES)
	@$(BIN)/python -m tests.chaos.crm --database sqlite --crm salesforce --outcomes $(OUTCOMES) --minutes $(CRM_MINUTES)
	@$(BIN)/python -m tests.chaos.crm --database postgresql --crm salesforce --outcomes $(OUTCOMES) --minutes $(CRM_MINUTES)
	@$(BIN)/python -m tests.chaos.crm --database sqlite --crm bitrix24 --outcomes $(OUTCOMES) --minutes $(CRM_MINUTES)
	@$(BIN)/python -m tests.chaos.crm --database postgresql --crm bitrix24 --outcomes $(OUTCOMES) --minutes $(CRM_MINUTES)
	@$(BIN)/python -m tests.chaos.crm --database sqlite --crm zoho --outcomes $(OUTCOMES) --minutes $(CRM_MINUTES)
	@$(BIN)/python -m tests.chaos.crm --database postgresql --crm zoho --outcomes $(OUTCOMES) --minutes $(CRM_MINUTES)
	@$(BIN)/python -m tests.chaos.asking --database sqlite
	@$(BIN)/python -m tests.chaos.asking --database postgresql

# Two hours each, at 200 callbacks a second and beside polls, reports, exports and destinations: does anything grow?
SOAK_MINUTES ?= 120
soak: .venv/installed-test
	@$(BIN)/python -m bench.soak --database sqlite --minutes $(SOAK_MINUTES)
	@$(BIN)/python -m bench.soak --database postgresql --minutes $(SOAK_MINUTES)

# Three hosts of PostgreSQL, two of Wrapup and a balancer, each with a network of its own, as deploy/ha has them: a primary, a network and
# a host with a spool die while numbered callbacks arrive, and every one must be accounted for. Linux; etcd and HAProxy are the system's,
# or are unpacked from Debian's packages into .ha-tools. It says what is missing. RATE: calls a second, as above.
ha: .venv/installed-ha
	@$(BIN)/python -m tests.ha --rate $(RATE)

# Renews the lock files from the ranges in setup.cfg, and says what moved.
update: .venv-update/installed
	@.venv-update/bin/python -m requirements.update

# setup.cfg and the lock files decide what is installed: newer ones install again.
.venv/locked: requirements/build.txt requirements/run.txt requirements/fast.txt
	@test -x .venv/bin/pip || rm -rf .venv  # one whose making was interrupted has Python, and never gets a pip
	$(PYTHON) -m venv .venv
	.venv/bin/$(LOCKED) -r requirements/build.txt -r requirements/run.txt
	@.venv/bin/$(LOCKED) -r requirements/fast.txt 2>.venv/fast.log || \
	    echo "No parser in C (is there a compiler? .venv/fast.log): requests are parsed in Python, which costs more." >&2
	@touch $@

.venv/installed: .venv/locked setup.cfg pyproject.toml
	.venv/bin/$(IN_PLACE)
	@touch $@

.venv/installed-test: .venv/installed requirements/test.txt
	.venv/bin/$(LOCKED) --no-compile -r requirements/test.txt
	@# What tests import is compiled here, once, and not by five at the same time; beside it mypy reads what it need not read again.
	@.venv/bin/mypy >/dev/null & .venv/bin/pytest -q --collect-only >/dev/null; wait
	@touch $@

.venv/installed-ha: .venv/installed-test requirements/ha.txt
	.venv/bin/$(LOCKED) -r requirements/ha.txt
	@touch $@

.venv-update/installed: requirements/update.txt
	$(PYTHON) -m venv .venv-update
	.venv-update/bin/$(LOCKED) -r requirements/update.txt
	@touch $@

clean:
	rm -rf .venv .venv-newest .venv-update .venv-integrations .ha-tools instance instance-demo *.egg-info
