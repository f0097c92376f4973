# Everything runs in .venv, made here; `make help` lists what there is.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
PYTEST := $(BIN)/python -m pytest
# The compiled wheel is installed there, alone: beside the sources its modules would hide them.
COMPILED := .venv-compiled
COMPILED_READY := $(COMPILED)/.ready
# What compiling needs and not every machine has; empty where it is missing.
COMPILER := $(shell command -v cc >/dev/null && $(PYTHON) -c 'import os, sysconfig; \
	print(*filter(os.path.exists, [sysconfig.get_path("include") + "/Python.h"]))')

.DEFAULT_GOAL := help
.PHONY: help run demo test check fmt lint type contracts generated bench curves profile ratio compiled \
	soak plateau lock audit sbom dist reproducible clean

help: ## List the targets.
	@awk -F ':.*## ' '/^[a-z]+:.*## /{printf "  %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# 3 says that no cluster is configured; anything else is an error, which Python has told.
run: $(READY) ## Run the exporter: the current kube context, else the demo cluster.
	@$(BIN)/python -c 'import os, sys; from exporter.kube.connection import configured; \
		sys.exit(0 if configured(os.environ) else 3)'; \
	case $$? in \
		0) exec $(BIN)/kube-event-metrics run ;; \
		3) exec $(BIN)/kube-event-metrics demo ;; \
		*) exit 1 ;; \
	esac

# DEMO takes its flags, --prometheus-port 19090 for instance.
demo: $(READY) ## Run it all on a cluster that plays: exporter, Prometheus, Alertmanager, Grafana.
	@exec $(BIN)/python -m deploy.demo $(DEMO)

# TESTS takes pytest's arguments, the files to run for instance.
test: $(READY) ## Run the tests; those that need programs that are not here skip and say so.
	$(PYTEST) $(TESTS)

check: lint type contracts generated test ## All gates: format, lint, types, imports, generated files, tests.

fmt: $(READY) ## Format the code.
	$(BIN)/ruff format
	$(BIN)/ruff check --fix

lint: $(READY) ## Format and lint, without changing anything.
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/codespell README.md CHANGELOG.md alerts dashboards deploy docs exporter tests Makefile
	$(BIN)/yamllint --strict alerts exporter deploy docs tests/alerts tests/catalogue
	$(BIN)/shellcheck .ci/run .ci/assets .ci/chart .ci/compiled .ci/dist .ci/image .ci/lock .ci/package .ci/reproducible .ci/supply .ci/try-run
	$(BIN)/hadolint Dockerfile
	$(BIN)/zizmor --offline --quiet --persona auditor .github
	@if command -v go >/dev/null; then PATH=$(CURDIR)/$(BIN):$$PATH go tool -C .ci/actionlint actionlint; \
		else echo "go is missing: actionlint has not looked at .github/workflows"; test -z "$$REQUIRE_ACTIONLINT"; fi

type: $(READY) ## Check types, strictly.
	$(BIN)/mypy

contracts: $(READY) ## Check which room imports which.
	$(BIN)/lint-imports

generated: $(READY) ## Check that generated files are up to date.
	$(BIN)/python -m tests.generate --check

MEASURED := $(READY) $(if $(COMPILER),$(COMPILED_READY))
MEASURE = @$(if $(COMPILER),,echo "no C compiler with Python's headers here: pure Python is measured";) \
	$(BIN)/python -m tests.bench $(if $(COMPILER),--python $(COMPILED)/bin/python)

bench: $(MEASURED) ## Measure speed and size, beside alternatives, against the bars.
	$(MEASURE) $(BENCH)

curves: $(MEASURED) ## Measure cost as events, series and rules grow. Draws docs/performance/.
	$(BIN)/python -m pip install --quiet --group plots
	$(MEASURE) --curves docs/performance $(BENCH)

profile: $(MEASURED) ## Measure where the time of an event goes.
	$(MEASURE) --profile $(BENCH)

ratio: $(READY) ## Measure beside the last release, or REF, in turn: as a ratio.
	$(BIN)/python -m tests.bench --against $(REF)

compiled: $(COMPILED_READY) ## Build the compiled wheel into dist/; test what it does.
	.ci/compiled $(COMPILED)/bin/python

soak: $(READY) ## Kill and break for long: SOAK="kills --seed 7 8 9 --seconds 600".
	$(BIN)/python -m tests.chaos $(SOAK)

plateau: $(READY) ## Play two days of a cluster: does anything grow for ever? Draws docs/plateau.svg.
	$(BIN)/python -m pip install --quiet --group plots
	$(BIN)/python -m tests.plateau --plot docs/plateau.svg --csv docs/plateau.csv

# LOCK takes its arguments, --upgrade for instance.
lock: $(READY) ## Lock the versions of what pyproject.toml asks for, where it asks for something new.
	.ci/lock $(LOCK)

# AUDIT takes arguments of pip-audit, another service for instance.
audit: $(READY) ## Ask for known vulnerabilities of what is locked.
	$(BIN)/python -m deploy.release.audit $(AUDIT)

sbom: $(READY) ## Write the bill of materials (CycloneDX) into dist/.
	@mkdir -p dist
	$(BIN)/python -m deploy.release.sbom dist/kube-event-metrics-$$($(BIN)/hatchling version).cdx.json

dist: $(READY) ## Make the files of a release in dist/.
	.ci/dist dist

reproducible: $(READY) ## Check that the files of a release are the same bytes each time.
	.ci/reproducible

clean: ## Remove what was made here.
	rm -rf $(VENV) $(COMPILED) build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

# Debian and Ubuntu keep venv's pip apart; a fresh machine has neither.
$(READY): .ci/requirements.txt pyproject.toml Makefile
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or newer is needed: make PYTHON=python3.11 ..." >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
		echo "installing python3-venv"; \
		root=$$(test "$$(id -u)" = 0 || echo sudo); \
		$$root apt-get update -qq && $$root apt-get install -y -qq python3-venv; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --require-hashes --requirement .ci/requirements.txt
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

# The wheel says by its name for which Python and machine it is.
$(COMPILED_READY): $(READY) hatch_build.py $(shell find exporter -name '*.py' -o -name '*.yaml')
	@test -n "$(COMPILER)" || \
		{ echo "compiling needs a C compiler and Python's headers (gcc, python3-dev)" >&2; exit 1; }
	rm -rf $(COMPILED) dist/*-cp*.whl
	$(PYTHON) -m venv $(COMPILED)
	$(COMPILED)/bin/python -m pip install --quiet --require-hashes --requirement .ci/requirements.txt
	HATCH_BUILD_HOOKS_ENABLE=1 $(COMPILED)/bin/python -m pip wheel --quiet --no-deps \
		--no-build-isolation --wheel-dir dist .
	$(COMPILED)/bin/python -m pip install --quiet --no-deps dist/*-cp*.whl
	@touch $@
