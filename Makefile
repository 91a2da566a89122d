# Everything a person needs: `make help` lists it. Needs git, make and python3-venv, nothing else.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready

# The demo: whose promises it keeps, and whether it goes on serving pages afterwards.
SITE ?= harvest
SERVE ?= 1

# The benchmarks: full is what the limits are about; ONLY names some of them.
SIZE ?= full
ONLY ?=

# The gates look at the demo site in a folder of their own, never at the demo's data.
MANAGE = env -u DATABASE_URL -u CELERY_BROKER_URL DEMO_DIR=$(CURDIR)/var/check $(BIN)/python manage.py

.PHONY: help demo test check style types imports templates django migrations bench crash crash-mail clean

help: ## List what can be made
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-11s %s\n", $$1, $$2}'

# A virtual environment that was made half is made again: the stamp is written last.
$(READY): requirements.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Python 3.11 or newer is needed; $$($(PYTHON) --version) is what $(PYTHON) gives." >&2; exit 1; }
	@$(PYTHON) -m venv .venv \
		|| { echo "A virtual environment could not be made. On Debian: apt-get install python3-venv" >&2; exit 1; }
	@echo "Installing the pinned packages into .venv …"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --requirement requirements.txt
	@touch $@

.venv: $(READY) ## Make the virtual environment with the pinned packages

demo: $(READY) ## Show the ledger before and after a real night, then serve (SITE=harvest SERVE=1 PORT=8000)
	@.ci/packages pango gnupg
	@SITE=$(SITE) SERVE=$(SERVE) exec $(BIN)/python -m project.demo

test: $(READY) ## Everything: quality, the whole suite on SQLite and PostgreSQL, coverage (SEED=n repeats an order)
	@.ci/test

check: style types imports templates django migrations ## The quality gates alone, without the suite

style: $(READY) ## ruff: faults and formatting
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(READY) ## mypy, strict
	$(BIN)/mypy

imports: $(READY) ## import-linter: rooms import downwards only
	$(BIN)/lint-imports --no-logo --no-cache

templates: $(READY) ## djlint on every template
	$(BIN)/djlint --lint --quiet .

django: $(READY) ## Django's system checks on the demo site; a warning fails
	$(MANAGE) check --fail-level WARNING

migrations: $(READY) ## No model differs from its migrations
	$(MANAGE) makemigrations --check --dry-run

bench: $(READY) ## Measure what the app costs against its limits (SIZE=small ONLY="expiry …"); see benchmarks/README.md
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --requirement benchmarks/requirements.txt
	@SIZE=$(SIZE) exec $(BIN)/python -m benchmarks $(ONLY)

crash-mail: $(READY) ## Kill the sender of 20,000 messages twenty times (SEED=n KILLS=n PEOPLE=n)
	$(BIN)/python -m benchmarks.crash_mail

crash: $(READY) ## Kill a purge of 500 accounts twenty times, on SQLite or DATABASE_URL (SEED=n KILLS=n)
	$(BIN)/python -m benchmarks.crash

clean: ## Remove all that was made here: .venv, var (the demo's data too), caches
	rm -rf .venv var build dist *.egg-info htmlcov .coverage .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
