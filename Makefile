# `make run` talks to Ellie, `make test` checks her. Both set up everything they need.
#
#   PYTHON      the interpreter to build the environment with (3.11 or newer)
#   PIP_FLAGS   passed to every pip install, for example
#               --extra-index-url https://download.pytorch.org/whl/cpu
#   ARGS        passed to the program that a target starts, for example --user Bea

PYTHON ?= python3
PIP_FLAGS ?=
ARGS ?=

VENV := .venv
BIN := $(VENV)/bin
TORCH := torch==2.13.*

# Standard output and input belong to the program: `make run < script.txt > replies.txt` works on a
# fresh machine too. So pip gets neither.
PIP_INSTALL = $(BIN)/python -m pip install --disable-pip-version-check $(PIP_FLAGS) --constraint constraints.txt
QUIETLY = < /dev/null >&2

.DEFAULT_GOAL := help
.PHONY: help run test check bench clean constraints

help:
	@echo 'make run    talk to Ellie in the terminal   (ARGS="--user Bea", or < script.txt)'
	@echo 'make test   run every test                  (ARGS="tests/unit" for some of them)'
	@echo 'make check  formatting, lint, types, import contracts, Dockerfile'
	@echo 'make bench  measure a turn'
	@echo 'make clean  remove the environment, caches and build products; no data, no models'
	@echo 'make constraints  pin the newest versions of everything in constraints.txt'

# In a terminal Ellie becomes a job of her own. Otherwise Ctrl-C, which stops a reply, would reach
# make as well, and make would report an interruption at the end of a good conversation.
run: $(VENV)/.installed
	@if [ -t 0 ]; then set -m; fi; $(BIN)/ellie run $(ARGS)

test: $(VENV)/.installed-dev
	$(BIN)/pytest $(ARGS)

check: $(VENV)/.installed-dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
ifeq ($(shell uname -s),Linux)
	$(BIN)/hadolint Dockerfile
endif

bench: $(VENV)/.installed
	@$(BIN)/python bench/turn.py $(ARGS)

clean:
	rm -rf $(VENV) $(FRESH) build dist *.egg-info
	rm -rf .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	find adapters bench bot migrations storage tests -name __pycache__ -prune -exec rm -rf {} +

# The newest versions that pyproject.toml allows, found by installing them beside the environment in
# use. The heading stays. Left out are Ellie herself, local labels such as +cpu, and what torch's builds
# for GPUs bring along, each in the one version that it names.
FRESH := $(VENV)-fresh
FRESH_INSTALL = $(FRESH)/bin/python -m pip install --disable-pip-version-check $(PIP_FLAGS)

constraints:
	rm -rf $(FRESH)
	$(PYTHON) -m venv $(FRESH)
	$(FRESH_INSTALL) --upgrade pip
	$(FRESH_INSTALL) "$(TORCH)"
	$(FRESH_INSTALL) --editable '.[dev]'
	sed '/^$$/q' constraints.txt > $(FRESH)/constraints.txt
	$(FRESH)/bin/python -m pip freeze --all --exclude-editable --exclude ellie \
	    | sed -E -e '/^(#|-e |nvidia|cuda|triton)/d' -e 's/\+[^ ]+//' >> $(FRESH)/constraints.txt
	mv $(FRESH)/constraints.txt constraints.txt
	rm -rf $(FRESH)

# The environment, in three steps. A stamp is written when its step is complete, so an interrupted
# one is repeated; a changed pyproject.toml or constraints.txt repeats the last two.

$(VENV)/.made:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' < /dev/null 2> /dev/null || { \
	    found=$$($(PYTHON) --version 2>&1 < /dev/null) || found='not found'; \
	    echo "Ellie needs Python 3.11 or newer, but $(PYTHON) is $$found." >&2; \
	    echo 'Install one and name it, for example: make run PYTHON=python3.12' >&2; \
	    exit 1; }
	@echo 'Setting up the environment in $(VENV) (once; this takes some minutes)' >&2
	@$(PYTHON) -m venv $(VENV) $(QUIETLY) || { \
	    echo 'No environment could be made. On Debian and Ubuntu: apt install python3-venv' >&2; \
	    exit 1; }
	@touch $@

# torch comes first and alone: a wheel that is already there, or the build that PIP_FLAGS leads to,
# is taken before anything else asks for it.
$(VENV)/.installed: $(VENV)/.made pyproject.toml constraints.txt
	@$(PIP_INSTALL) "$(TORCH)" $(QUIETLY)
	@$(PIP_INSTALL) --editable . $(QUIETLY)
	@touch $@

$(VENV)/.installed-dev: $(VENV)/.installed
	@$(PIP_INSTALL) --editable '.[dev]' $(QUIETLY)
	@touch $@
