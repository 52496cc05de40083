# All that a contributor does, from a clone and with nothing but Python >= 3.11: `make demo`, `make test`.
# Each makes its own .venv and installs what it needs; a second run finds it there. PYTHON=... chooses the interpreter,
# PYTEST=... adds to the tests' command line, JOBS=... says how many run at once.

VENV := .venv
BIN := $(VENV)/bin
MINIMUM := 3, 11
CANDIDATES := python3.13 python3.12 python3.11 python3
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check

# Tests that run at once: most of the time they wait for the servers that they start.
JOBS := 4

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help demo test lint format coverage transparency fuzz picture bench bench-read bench-redact clean same-python

help: ## what there is to make
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' Makefile

demo: $(VENV)/installed-demo ## see the product at work: an example app under asgi-inspect, driven by real clients
	@$(BIN)/python -m examples.demo

test: lint ## all checks: style, types, tests
	@command -v curl >/dev/null || { echo "the tests run what is exported for curl: install it (Debian: apt-get install curl)." >&2; exit 1; }
	$(BIN)/python -m pytest --numprocesses $(JOBS) $(PYTEST)

lint: $(VENV)/installed-dev ## style and types only
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

format: $(VENV)/installed-dev ## put the code into the project's style
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

coverage: $(VENV)/installed-dev ## the tests, and the lines and branches that none of them reaches
	$(BIN)/python -m pytest --numprocesses $(JOBS) --cov --cov-report=term-missing:skip-covered $(PYTEST)

transparency: $(VENV)/installed-dev ## the tests that frameworks ship, plain and with every app wrapped; SUITES='--only starlette', SUITES=--help
	@$(BIN)/python -m suites $(SUITES)

# Atheris is made for few platforms: without it, hypothesis has all of the time.
fuzz: $(VENV)/installed-dev ## random values against the laws of what reads, shows, keeps and redacts them; SECONDS=600 in all, FUZZ=--help
	@$(INSTALL) --only-binary :all: atheris 2>/dev/null || true
	@$(BIN)/python -m tests.fuzz --seconds $(or $(SECONDS),600) $(FUZZ)

picture: $(VENV)/installed-demo ## the README's picture, from a new run
	$(BIN)/python docs/make_picture.py

bench: $(VENV)/installed-bench ## what it costs to watch an application, beside other ways; BASE=<git revision> compares, BENCH=--help tells more
	@$(BIN)/python -m bench $(if $(BASE),--base '$(BASE)') $(BENCH)

bench-read: $(VENV)/installed-dev ## how fast a large trace is read, beside wc, rg, jq, DuckDB and mitmdump; BENCH=--help tells more
	@$(BIN)/python -m bench.reading $(BENCH)

bench-redact: $(VENV)/installed-demo ## what it costs to keep secrets out; BENCH=--help tells more
	@$(BIN)/python -m bench.redaction $(BENCH)

clean: ## remove .venv and all that was generated
	rm -rf $(VENV) build dist htmlcov .coverage .coverage.* .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find asgi_inspect bench examples suites tests docs -name __pycache__ -type d -prune -exec rm -rf {} +

# The stamps: what pip installs is asked for in pyproject.toml, so a change there installs again. The package itself
# is installed in place (-e): the source tree is what runs.
$(VENV)/installed-demo: pyproject.toml $(BIN)/python | same-python
	@echo "installing asgi-inspect and what the demo needs into $(VENV) ..."
	@$(INSTALL) -e '.[demo]'
	@touch $@

$(VENV)/installed-dev: pyproject.toml $(BIN)/python | same-python
	@echo "installing asgi-inspect and what its tests need into $(VENV) ..."
	@$(INSTALL) -e '.[dev]'
	@touch $@

# Two of those that are compared do not install on every Python; the tables say so.
$(VENV)/installed-bench: pyproject.toml $(BIN)/python | same-python
	@echo "installing asgi-inspect and what it is compared with into $(VENV) ..."
	@$(INSTALL) -e '.[bench]'
	@for other in asgi-debug asgion; do $(INSTALL) $$other >/dev/null 2>&1 || echo "$$other does not install here."; done
	@touch $@

# A command that exists may still not run (a version manager's stub), and a Python that runs may lack what makes a
# virtual environment (Debian packages it apart): the first that has all is taken.
$(BIN)/python:
	@set -- $(or $(PYTHON),$(CANDIDATES)); \
	lacks=; \
	for python in "$$@"; do \
		"$$python" -c 'import sys; sys.exit(sys.version_info < ($(MINIMUM)))' 2>/dev/null || continue; \
		"$$python" -c 'import ensurepip, venv' 2>/dev/null || { lacks=$$python; continue; }; \
		echo "making $(VENV) with $$python ($$("$$python" --version))"; \
		exec "$$python" -m venv --clear $(VENV); \
	done; \
	if [ -n "$$lacks" ]; then \
		echo "$$lacks cannot make a virtual environment: install its venv package (Debian: apt-get install python3-venv)."; \
	else \
		echo "asgi-inspect needs Python 3.11 or later, and none of these is one: $$*. Name yours: make PYTHON=/path/to/python3"; \
	fi >&2; \
	exit 1

same-python: $(BIN)/python
	@test -z "$(PYTHON)" || version='import sys; print(sys.version)'; \
	test -z "$(PYTHON)" || test "$$($(PYTHON) -c "$$version")" = "$$($(BIN)/python -c "$$version")" || \
	{ echo "$(VENV) was made with another Python than $(PYTHON): make clean first." >&2; exit 1; }
