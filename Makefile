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

.PHONY: certificates
certificates: install ## Certificates for HTTPS: NAMES="jifen.example 192.168.1.10", or yours: CERT=… KEY=… (CA=…)
	@$(PY) -m deploy.certificates.make $(if $(NAMES),--names "$(NAMES)") $(if $(CERT),--cert "$(CERT)") \
		$(if $(KEY),--key "$(KEY)") $(if $(CA),--ca "$(CA)")

.PHONY: migrate
migrate: install ## Bring the database to this version's schema
	@$(PY) -m deploy.migrations.migrate

.PHONY: demo
demo: install ## Walk the main job over HTTP without hands; starts a system if none runs (SIZE=county)
	@$(PY) -m deploy.demo.walk --size $(or $(SIZE),township)

.PHONY: lint
lint: install-dev ## Style, types and import rules
	@.venv/bin/ruff check --quiet .
	@.venv/bin/ruff format --quiet --check .
	@.venv/bin/mypy
	@.venv/bin/lint-imports --no-cache > .venv/imports.log || { cat .venv/imports.log; exit 1; }

.PHONY: audit
audit: install-dev ## Packages: hashes, licences, known weaknesses, bill of materials (ADVISORIES=folder or zip of OSV files)
	@$(PY) -m deploy.audit.packages $(if $(ADVISORIES),--advisories "$(ADVISORIES)")

.PHONY: audit-image
audit-image: install-dev ## Look through an image's tar: IMAGE=image.tar (DEBIAN=security tracker's JSON, RELEASE=bookworm)
	@$(PY) -m deploy.audit.image $(if $(IMAGE),"$(IMAGE)") $(if $(DEBIAN),--advisories "$(DEBIAN)") $(if $(RELEASE),--release "$(RELEASE)")

PYTEST := $(PY) -m pytest -q -n $(or $(JOBS),2) --dist loadscope -p no:cacheprovider
LATER := drills or slow or (browser and not walk)

.PHONY: test
test: install-dev ## Tests on SQLite and PostgreSQL, one browser walk per role (about ten minutes)
	@$(PYTEST) -m "not containers and not ($(LATER))"

.PHONY: test-all
test-all: test ## All of that, then drills, the other browser tests, and many more random examples
	@$(PYTEST) -m "not containers and ($(LATER))"
	@HYPOTHESIS_PROFILE=thorough $(PYTEST) tests/properties -m "not slow"

.PHONY: test-containers
test-containers: install-dev ## The containers from nothing with a real engine: up, work, scale, upgrade, restore (root, apt)
	@tests/containers/with_engine.sh $(PY) -m pytest -q -p no:cacheprovider -m containers tests/containers

.PHONY: pictures
pictures: install-dev ## Take the pictures of the README from a township loaded for it (needs Chromium)
	@$(PY) -m tests.browser.pictures

.PHONY: bench
bench: install-dev ## Measure everything that has a goal (EVENTS=500000 for a short recalculation)
	@$(PY) -m tests.bench.series --events $(or $(EVENTS),5000000)

.PHONY: bench-units
bench-units: install-dev ## Measure what one unit costs: a worker's second, a process, an event (docs/scaling.md)
	@$(PY) -m tests.bench.units --events $(or $(EVENTS),250000)

# The containers' commands need Docker and Python and nothing of ours installed.
CONTAINERS := @PYTHONPATH=$(CURDIR) $(SYSTEM_PYTHON) -m deploy.containers

.PHONY: secrets
secrets: python ## Random passwords for the containers, each in a file under secrets/; what is there stays
	$(CONTAINERS).secrets

.PHONY: image
image: python ## Build the containers' image of this version (VERSION=label)
	$(CONTAINERS).image

.PHONY: up
up: python ## Start the containers and wait until all are well (MONITORING=1: Prometheus and Grafana too; =prometheus)
	$(CONTAINERS).up $(if $(MONITORING),--monitoring "$(MONITORING)")

.PHONY: down
down: python ## Stop the containers; data, files and keys stay
	$(CONTAINERS).down

.PHONY: scale
scale: python ## So many containers of a role from now on: make scale points-bulk-worker=4
	$(CONTAINERS).scale $(MAKEOVERRIDES)

.PHONY: destroy
destroy: python ## Remove the containers with database, files and keys (CONFIRM=name of the deployment)
	$(CONTAINERS).down --destroy "$(CONFIRM)"

.PHONY: logs
logs: python ## Follow the containers' logs (ROLE=points-worker for one)
	$(CONTAINERS).logs $(ROLE)

.PHONY: drill
drill: install-dev ## Faults under load on PostgreSQL, and a count of every operation (MINUTES=5 SEED=1 SIZE=county)
	@$(PY) -m tests.faults.run --minutes $(or $(MINUTES),5) --seed $(or $(SEED),1) --size $(or $(SIZE),county)

.PHONY: upgrade
upgrade: python ## Bring this checkout's version into the running containers, without a gap (BACKUP=0 saves nothing before)
	$(CONTAINERS).upgrade $(if $(filter 0,$(BACKUP)),--no-backup)

# What backup and restore are about: the containers where `make up` was used in this folder, else the system of make run.
EDITION := $(if $(wildcard secrets/redis-url),containers,embedded)

.PHONY: backup
.PHONY: restore
ifeq ($(EDITION),containers)
backup: python ## Save database and files, and the keys apart, under backups/ (TO=folder)
	$(CONTAINERS).carry save $(if $(TO),--to "$(TO)")

restore: python ## Put a backup back: make restore FILE=… KEYS=…
	$(CONTAINERS).carry restore $(if $(FILE),--file "$(FILE)") $(if $(KEYS),--keys "$(KEYS)")
else
backup: install
	@$(PY) -m deploy.backup.save $(if $(TO),--to "$(TO)")

restore: install
	@$(PY) -m deploy.backup.restore $(if $(FILE),--file "$(FILE)") $(if $(KEYS),--keys "$(KEYS)")
endif

.PHONY: move-to-postgres
move-to-postgres: install ## Carry the SQLite township into an empty PostgreSQL: TO=postgresql://…
	@$(PY) -m deploy.backup.move $(if $(TO),--to "$(TO)")
