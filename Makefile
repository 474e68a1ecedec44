# What a person types. `make run` and `make test` are all that a fresh machine needs.
PYTHON ?= python3
VENV_PYTHON := .venv/bin/python
# Servers of their own, and settings, for whatever imports the product.
WITH_SERVERS := $(VENV_PYTHON) -m liaison.embedded
APPS := liaison exchange reports activities experts reminders accounts audit core

# How many experts `make bench` measures the pages with; the tables in docs/benchmarks.md are of these two.
SIZES ?= 100000 1000000

.PHONY: run test bench lint format runtime development

run: runtime
	@exec $(VENV_PYTHON) -m liaison.supervisor

test: development
	@$(VENV_PYTHON) -m tests.chromium
	@exec $(WITH_SERVERS) pytest -n 2 --dist loadgroup -m "not e2e"
	@exec $(WITH_SERVERS) pytest -n 2 --dist loadfile -m e2e tests/e2e

bench: runtime
	@exec $(VENV_PYTHON) -m liaison.bench $(SIZES)

lint: development
	$(VENV_PYTHON) -m ruff check .
	$(VENV_PYTHON) -m ruff format --check .
	.venv/bin/lint-imports
	$(VENV_PYTHON) -m djlint --lint templates
	$(WITH_SERVERS) mypy $(APPS) manage.py scripts docker
	$(WITH_SERVERS) python manage.py makemigrations --check --dry-run

format: development
	$(VENV_PYTHON) -m ruff check --fix .
	$(VENV_PYTHON) -m ruff format .

runtime:
	@$(PYTHON) scripts/make_venv.py requirements.txt

development:
	@$(PYTHON) scripts/make_venv.py requirements.txt requirements-dev.txt
