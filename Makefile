# Unlock Kiosk. Two targets are enough to begin with:
#   make demo    set up what is missing, and start the kiosk on virtual parts
#   make test    set up what is missing, and run every test
# `make help` lists the others.

SHELL := /bin/sh
MAKEFLAGS += --no-print-directory
BIN := .venv/bin
WORKERS ?= 4
PYTEST := $(BIN)/python -W error -m pytest --numprocesses=$(WORKERS) --dist=loadgroup

.DEFAULT_GOAL := help
.PHONY: help setup demo test check check-long bench lint types imports format constraints screenshots messages clean

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 14

setup: ## Debian packages and .venv, nothing else
	@tools/setup.sh test

demo: ## the kiosk full-screen, with virtual cards and a mailbox (F2); HISTORY=1: with half a year behind it
	@tools/setup.sh run && until $(BIN)/kiosk demo $(if $(HISTORY),--history); do [ $$? = 75 ] || exit 1; done

test: setup ## the whole test suite; ARGS="-k unlock" passes options to pytest
	@$(PYTEST) $(ARGS)

check: setup ## what CI runs: lint, types and import contracts, then the tests
	@$(MAKE) --jobs=2 --keep-going --output-sync=target lint types imports
	@$(MAKE) test

check-long: setup ## the same checks, over everything where `check` takes a sample
	@$(MAKE) check CHECK_LONG=1

bench: setup ## how time and memory grow with the store; SIZE=1300000 for the national service
	@$(BIN)/python -m tests.bench $(or $(SIZE),40000)

lint: ## ruff: rules and format
	@$(BIN)/ruff format --check . ; formatted=$$? ; $(BIN)/ruff check . && exit $$formatted

types: ## mypy, strict, over the tests too
	@$(BIN)/mypy

imports: ## the import contracts in pyproject.toml
	@$(BIN)/lint-imports

format: ## ruff: format, and mend what can be mended
	@$(BIN)/ruff format . && $(BIN)/ruff check --fix .

constraints: setup ## pin every version anew, with hashes (UPGRADE=1 takes the newest)
	@tools/pin.sh $(if $(UPGRADE),--upgrade)

screenshots: ## pictures of every screen into docs/screens
	@tools/setup.sh screenshots && $(BIN)/python -m tools.screenshots

messages: setup ## take new sentences into kiosk/locale/*/LC_MESSAGES/kiosk.po, and compile them
	@tools/messages.sh

clean: ## everything that can be made again, .venv too
	rm -rf .venv build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
	find kiosk/locale -name '*.mo' -delete 2>/dev/null || true
