# 乡治 Xiangzhi. `make help` lists what can be done here.
SHELL := /bin/sh
.DEFAULT_GOAL := help

# The first Python on this machine that is new enough; empty without one.
SYSTEM_PYTHON := $(shell for candidate in $${PYTHON:-python3} python3.14 python3.13 python3.12 python3.11; do \
	"$$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo "$$candidate" && exit; \
	done)
PY := .venv/bin/python
export PYTHONPATH := $(CURDIR)

.PHONY: help
help: ## List the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-18s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: python
python:
	@test -n "$(SYSTEM_PYTHON)" || { echo "没有找到 Python 3.11 或更新的版本（现有：$$(python3 --version 2>&1)）。请先安装，例如 \
	apt install python3.11。Python 3.11 or newer is needed." | tr -d '\t\n' >&2; echo >&2; exit 1; }

.PHONY: install
install: python
	@$(SYSTEM_PYTHON) deploy/embedded/bootstrap.py

.PHONY: install-dev
install-dev: python
	@$(SYSTEM_PYTHON) deploy/embedded/bootstrap.py --dev

.PHONY: run
run: install ## Start everything on this machine (PORT=8000, HOST=127.0.0.1, DEMO=0 for a township of your own)
	@exec $(PY) -m deploy.embedded.run --die-with-parent

.PHONY: migrate
migrate: install ## Bring the database to this version's schema
	@$(PY) -m deploy.migrations.migrate
