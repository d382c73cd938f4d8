# What one can do here; `make` alone lists it. All paths are relative: the checkout may stand in a folder with spaces.
PYTHON := .venv/bin/python
# Tests wait for processes more than they compute: two workers even on one core.
TEST_WORKERS ?= $(shell n=$$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2); [ "$$n" -gt 2 ] && echo "$$n" || echo 2)
MAKEFLAGS += --no-print-directory

.PHONY: help setup run test lint reset bench
help: ## list what can be done
	@grep -E '^[a-z]+:.*##' Makefile | sed -E 's/:.*## /	/' | expand -t 10

# The copy of requirements.txt in .venv tells what the environment was made from.
.venv/requirements.txt: requirements.txt
	@sh .ci/environment

setup: .venv/requirements.txt ## make the Python environment in .venv

run: setup ## start database, web and worker; Ctrl-C stops them
	@exec $(PYTHON) manage.py up

test: setup ## run all tests on their own database; ARGS='-k words' picks some
	@exec $(PYTHON) -m pytest -n $(TEST_WORKERS) --maxprocesses 8 $(ARGS)

lint: setup ## check style, types, who imports whom, migrations, deployment
	$(PYTHON) -m ruff check .
	$(PYTHON) -m ruff format --check .
	$(PYTHON) -m mypy
	$(PYTHON) -c 'from importlinter.cli import lint_imports_command as run; run()'
	$(PYTHON) .ci/migrations.py
	.ci/deployment

reset: setup ## delete the trial's data in var/, so that `make run` starts anew
	@exec $(PYTHON) manage.py reset

bench: setup ## measure on a scratch database: make bench NAME=intake [FULL=1]
	@test -n "$(NAME)" || { echo "Which one? As in: make bench NAME=intake. They are the files in bench/."; exit 2; }
	@FULL='$(FULL)' exec $(PYTHON) manage.py scratch $(PYTHON) -m bench.$(NAME)
