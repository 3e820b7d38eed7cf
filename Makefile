# make test, make demo: each builds .venv from requirements.lock when it is missing or stale.
# Nothing else is needed than Python 3.11 to 3.13 and make.

VENV := .venv
STAMP := $(VENV)/.installed
RUN := $(VENV)/bin/python

# A name on PATH may be a shim that does not run, so each candidate is asked for its version.
SUPPORTED := import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))
FIND_PYTHON = for name in $(PYTHON) python3.13 python3.12 python3.11 python3 python; do \
	  if "$$name" -c '$(SUPPORTED)' >/dev/null 2>&1; then echo "$$name"; break; fi; done

.PHONY: help test demo lint format lock bench clean
help:
	@echo "make demo    generate people, train, attack, export, serve, report (runs/demo/report.html)"
	@echo "make test    the whole test suite"
	@echo "make lint    ruff; make format rewrites"
	@echo "make bench   the figures of docs/benchmarks.md"
	@echo "make lock    pin what is installed in .venv"

$(STAMP): requirements.lock
	@python="$$($(FIND_PYTHON))"; \
	if [ -z "$$python" ]; then \
	  echo "error: no Python 3.11 to 3.13 runs here; install one or say make PYTHON=/its/path" >&2; \
	  exit 2; fi; \
	echo "installing requirements.lock into $(VENV) with $$("$$python" --version)"; \
	rm -rf $(VENV) && "$$python" -m venv $(VENV)
	@$(RUN) -m pip install --quiet --disable-pip-version-check --requirement requirements.lock
	@touch $@

test: $(STAMP)
	$(RUN) -m pytest -n 2 --dist=loadfile $(TESTS)

demo: $(STAMP)
	$(RUN) -m trainers.demo --output=runs/demo

lint: $(STAMP)
	$(RUN) -m ruff check . && $(RUN) -m ruff format --check .

format: $(STAMP)
	$(RUN) -m ruff check --fix . ; $(RUN) -m ruff format .

bench: $(STAMP)
	$(RUN) -m benchmarks.run_all

lock: $(STAMP)
	@( echo "# What the test suite ran with, on Python 3.11 to 3.13. Make a new one with: make lock"; \
	  $(RUN) -m pip freeze --all --exclude pip | grep -v " @ " | sort -f ) > requirements.lock
	@touch $(STAMP)

clean:
	rm -rf $(VENV) build dist *.egg-info
