# `make run` starts Beiyu, `make test` proves it. Everything else here is a step of those two.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules --no-print-directory
# Where it is set, every start compiles five hundred files anew: a third of the whole start.
unexport PYTHONDONTWRITEBYTECODE

PYTHON ?= python3
VENV := .venv
DATA := $(or $(BEIYU_DATA_DIR),var)
# The locks are whole, so nothing is resolved: an older pip would look past the pin of a package named with an extra.
PIP_INSTALL := -m pip --disable-pip-version-check install --quiet --require-hashes --no-deps

RUN_STAMP := $(VENV)/.locked-run
DEV_STAMP := $(VENV)/.locked-dev
NODE := $(DATA)/node
NODE_STAMP := $(NODE)/.ready

PAGES := api/web/frontend
PAGES_BUILT := api/web/static/manifest.json
# Templates and routes too: styles for classes that nothing mentions are left out of the build.
PAGES_SOURCES := $(shell find $(PAGES)/src $(PAGES)/public api/web/templates api/web/routes -type f \
  -not -name '*.pyc' 2>/dev/null) $(wildcard $(PAGES)/vite.config.js)
FONT := $(DATA)/fonts/NotoSansSC-Regular.ttf

.PHONY: run test venv dev lock pages font messages lint types contracts tests tests-15 system clean-pages

run: $(RUN_STAMP) $(PAGES_BUILT) font
	@exec $(VENV)/bin/beiyu serve --demo

# --- Python ---------------------------------------------------------------------------------------

venv: $(RUN_STAMP)
dev: $(DEV_STAMP)

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Beiyu needs Python 3.11 or newer")'
	$(PYTHON) -m venv $(VENV)

$(RUN_STAMP): requirements.txt pyproject.toml | $(VENV)/bin/python
	$(VENV)/bin/python $(PIP_INSTALL) -r requirements.txt
	$(VENV)/bin/python -m pip --disable-pip-version-check install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

$(DEV_STAMP): requirements-dev.txt $(RUN_STAMP)
	$(VENV)/bin/python $(PIP_INSTALL) -r requirements-dev.txt
	@touch $@

# The locks name versions and hashes, no hosts; written by uv in an environment of its own.
LOCK := var/lock/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header
lock:
	$(PYTHON) -m venv var/lock
	var/lock/bin/python -m pip install --quiet --disable-pip-version-check uv
	$(LOCK) --output-file requirements.txt pyproject.toml
	$(LOCK) --constraint requirements.txt --group dev --output-file requirements-dev.txt pyproject.toml
	$(LOCK) --output-file requirements-node.txt requirements-node.in

# --- pages: Node of the machine where it is new enough, else the one of PyPI ------------------------

pages: $(PAGES_BUILT)

$(NODE_STAMP): requirements-node.txt | $(VENV)/bin/python
	@mkdir -p $(NODE)/bin
	@if command -v npm >/dev/null && node -e 'const [a, b] = process.versions.node.split("."); process.exit(+a > 20 || (+a === 20 && +b >= 19) ? 0 : 1)' 2>/dev/null; then \
	  ln -sf "$$(command -v node)" $(NODE)/bin/node; ln -sf "$$(command -v npm)" $(NODE)/bin/npm; \
	else \
	  echo "No Node 20.19 or newer here: taking the one of PyPI"; rm -rf $(NODE); \
	  $(PYTHON) -m venv $(NODE); $(NODE)/bin/python $(PIP_INSTALL) -r requirements-node.txt; \
	fi
	@touch $@

WITH_NODE := PATH="$(abspath $(NODE))/bin:$$PATH"
NPM_CI := npm ci --no-audit --no-fund --no-update-notifier --loglevel=error

$(PAGES)/node_modules/.ready: $(PAGES)/package.json $(PAGES)/package-lock.json $(NODE_STAMP)
	cd $(PAGES) && $(WITH_NODE) $(NPM_CI)
	@touch $@

$(PAGES_BUILT): $(PAGES)/node_modules/.ready $(PAGES_SOURCES)
	cd $(PAGES) && $(WITH_NODE) npm run --silent build -- --logLevel error
	@touch $@

# New texts of pages and code into the catalogues; then translate the empty lines in api/web/locale.
messages: $(RUN_STAMP)
	$(VENV)/bin/python -m api.web.catalogues

# --- the font of papers and labels, only where the machine has none -----------------------------------

font: $(RUN_STAMP)
	@[ -f /usr/share/fonts/truetype/wqy/wqy-microhei.ttc ] || [ -f $(FONT) ] \
	  || $(VENV)/bin/python -m api.fonts find >/dev/null 2>&1 || $(MAKE) $(FONT)

$(FONT): $(PAGES)/font/package-lock.json $(NODE_STAMP) $(RUN_STAMP)
	rm -rf $(DATA)/font && mkdir -p $(DATA)/font && cp $(PAGES)/font/package*.json $(PAGES)/font/.npmrc $(DATA)/font/
	cd $(DATA)/font && $(WITH_NODE) $(NPM_CI)
	$(VENV)/bin/python -m api.fonts build $(DATA)/font/node_modules/@fontsource/noto-sans-sc/files
	rm -rf $(DATA)/font

# --- proof --------------------------------------------------------------------------------------------

# pytest comes last, so that its summary is the last thing said; the run on PostgreSQL 15 comes before it.
test: system $(DEV_STAMP) $(PAGES_BUILT) font
	@$(MAKE) lint types contracts tests-15 tests

lint: $(DEV_STAMP)
	$(VENV)/bin/ruff check --quiet .
	$(VENV)/bin/ruff format --check --quiet .

types: $(DEV_STAMP)
	$(VENV)/bin/mypy

contracts: $(DEV_STAMP)
	$(VENV)/bin/lint-imports

tests: $(DEV_STAMP)
	$(VENV)/bin/pytest -n 2 --dist worksteal

PG15 := /usr/lib/postgresql/15/bin
tests-15: $(DEV_STAMP)
	@if [ -x $(PG15)/postgres ]; then \
	  echo "The database tests on PostgreSQL 15"; \
	  BEIYU_TEST_PG_BIN=$(PG15) $(VENV)/bin/pytest -n 2 --dist worksteal -m 'database and not browser and not heavy'; \
	else echo "PostgreSQL 15 is not installed: its run is left out"; fi

# What the tests look with. Without root or apt, tests that miss one of these are skipped with a plain message.
SYSTEM_PACKAGES := chromium fonts-wqy-microhei poppler-utils libzbar0 libdmtx0b
system:
	@missing=""; \
	if command -v dpkg-query >/dev/null; then \
	  for package in $(SYSTEM_PACKAGES); do \
	    dpkg-query --show --showformat='$${db:Status-Status}' "$$package" 2>/dev/null | grep -qx installed || missing="$$missing $$package"; \
	  done; \
	fi; \
	if [ -z "$$missing" ]; then exit 0; fi; \
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	  echo "Installing$$missing"; \
	  apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $$missing >/dev/null; \
	else echo "Not installed, so their tests are skipped:$$missing"; fi

clean-pages:
	rm -rf api/web/static $(PAGES)/node_modules
