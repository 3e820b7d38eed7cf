# make test, make demo: each builds .venv from requirements.lock when it is missing or stale.
# Nothing else is needed than Python 3.11 to 3.13 and make.
# make test-addons builds .venv-addons, the older stack, from requirements-addons.lock.
# make test-beam builds .venv-beam, for bulk work, from requirements-beam.lock.

VENV := .venv
STAMP := $(VENV)/.installed
RUN := $(VENV)/bin/python
ADDONS := .venv-addons
ADDONS_STAMP := $(ADDONS)/.installed
ADDONS_RUN := $(ADDONS)/bin/python
BEAM := .venv-beam
BEAM_STAMP := $(BEAM)/.installed
BEAM_RUN := $(BEAM)/bin/python

# A name on PATH may be a shim that does not run, so each candidate is asked for its version.
PYENV := $(or $(PYENV_ROOT),$(HOME)/.pyenv)/versions
MAIN_PYTHONS := $(or $(PYTHON),python3.13 python3.12 python3.11 python3 python)
ADDONS_PYTHONS := $(or $(PYTHON_ADDONS),python3.11 python3.10 python3 python \
	$(wildcard $(PYENV)/3.11.*/bin/python $(PYENV)/3.10.*/bin/python))

# Prints the first of the names $(1) that runs as a Python from $(2) to $(3), where 311 is 3.11.
find_python = for name in $(1); do if "$$name" -c \
	'import sys; v = sys.version_info; sys.exit(not $(2) <= v[0] * 100 + v[1] <= $(3))' \
	>/dev/null 2>&1; \
	then echo "$$name"; break; fi; done

# Makes the environment $(1) from the lock file $(2) with a Python among the names $(3) from $(4) to
# $(5); $(6) says what to do where none of them runs.
define make_venv
	@python="$$($(call find_python,$(3),$(4),$(5)))"; \
	if [ -z "$$python" ]; then echo "error: $(6)" >&2; exit 2; fi; \
	echo "installing $(2) into $(1) with $$("$$python" --version)"; \
	rm -rf $(1) && "$$python" -m venv $(1)
	@$(1)/bin/python -m pip install --quiet --disable-pip-version-check --requirement $(2)
	@touch $@
endef

BORDER := build/border

# What has to hold on both stacks, in eight minutes with make test-border: losses, attacks, training and
# its resume, weights, export, server and client. The rest calls these, or reads files and settings.
TRAINING := train_embedder train_goat plugins plugin_training
CORE := tests/attacks tests/export/test_attack_signatures.py tests/export/test_contract.py \
	tests/export/test_encoded.py tests/export/test_savedmodel.py tests/losses \
	tests/models/test_weights.py tests/models/test_other_stack.py tests/models/test_load.py \
	tests/runs tests/serving $(TRAINING:%=tests/trainers/test_%.py) \
	--ignore=tests/serving/config --ignore=tests/serving/fuzz

.PHONY: help test test-addons test-beam test-border demo lint format lock lock-addons lock-beam \
	bench study soak clean
help:
	@echo "make demo    generate people, train, attack, export, serve, report (runs/demo/report.html)"
	@echo "make test    the whole test suite"
	@echo "make test-addons   its core, on TensorFlow 2.15 with TensorFlow Addons"
	@echo "make test-beam     bulk work with Apache Beam"
	@echo "make test-border   what each of the two stacks writes, read by the other"
	@echo "make lint    ruff; make format rewrites"
	@echo "make bench   the figures of docs/benchmarks.md"
	@echo "make study   every defence, every part of the generator, whom it fools: hours (benchmarks/*.json)"
	@echo "make soak    ten minutes of load on the model server, then 100,000 fuzzed requests"
	@echo "make lock    pin what is installed in .venv"

$(STAMP): requirements.lock
	$(call make_venv,$(VENV),$<,$(MAIN_PYTHONS),311,313,no Python 3.11 to 3.13 \
	runs here; install one or say make PYTHON=/its/path)

$(ADDONS_STAMP): requirements-addons.lock
	$(call make_venv,$(ADDONS),$<,$(ADDONS_PYTHONS),310,311,no Python 3.10 or \
	3.11 runs here and TensorFlow Addons needs one; install it with 'pyenv install 3.11' or your \
	system (apt-get install python3.11-venv) or say make PYTHON_ADDONS=/its/path)

# Apache Beam wants an older protobuf and Pillow than the main lock has.
$(BEAM_STAMP): requirements-beam.lock
	$(call make_venv,$(BEAM),$<,$(MAIN_PYTHONS),311,313,no Python 3.11 to 3.13 \
	runs here; install one or say make PYTHON=/its/path)

test: $(STAMP)
	$(RUN) -m pytest -n 2 --dist=loadfile $(TESTS)

test-addons: $(ADDONS_STAMP)
	$(ADDONS_RUN) -m pytest -n 2 --dist=loadfile $(or $(TESTS),$(CORE))

test-beam: $(BEAM_STAMP)
	$(BEAM_RUN) -m pytest -n 2 --dist=loadfile $(or $(TESTS),tests/bulk)

# What one stack writes, the other reads.
test-border: $(STAMP) $(ADDONS_STAMP)
	@rm -rf $(BORDER)
	$(RUN) -m tests.border.make_files $(BORDER) & main=$$!; \
	if $(ADDONS_RUN) -m tests.border.make_files $(BORDER); then wait $$main; \
	else kill $$main; exit 1; fi
	KERAS_REID_BORDER=$(BORDER) $(RUN) -m pytest -n 2 tests/border
	KERAS_REID_BORDER=$(BORDER) $(ADDONS_RUN) -m pytest -n 2 tests/border

demo: $(STAMP)
	$(RUN) -m trainers.demo --output=runs/demo

lint: $(STAMP)
	$(RUN) -m ruff check . && $(RUN) -m ruff format --check .

format: $(STAMP)
	$(RUN) -m ruff check --fix . ; $(RUN) -m ruff format .

bench: $(STAMP)
	$(RUN) -m benchmarks.run_all

soak: $(STAMP)
	$(RUN) -m benchmarks.soak --minutes=10 --output=benchmarks/soak.json
	$(RUN) -m benchmarks.fuzz --requests=100000 --seed=0 --output=benchmarks/fuzz.json

# Trains and attacks for hours; what a stopped call left in runs/study is used again.
study: $(STAMP)
	$(RUN) -m benchmarks.study --output=runs/study
	$(RUN) -m benchmarks.misrank_study --output=runs/study
	$(RUN) -m benchmarks.transfer_study --output=runs/study

lock: $(STAMP)
	@( echo "# What the test suite ran with, on Python 3.11 to 3.13. Make a new one with: make lock"; \
	  $(RUN) -m pip freeze --all --exclude pip | grep -v " @ " | sort -f ) > requirements.lock
	@touch $(STAMP)

# On Python 3.10, so that the pinned versions exist for 3.10 and 3.11.
lock-addons: $(ADDONS_STAMP)
	@$(ADDONS_RUN) -c 'import sys; sys.exit(sys.version_info[:2] != (3, 10))' || \
	{ echo "error: $(ADDONS) is not of Python 3.10; rm -r $(ADDONS), then say make lock-addons" \
	"PYTHON_ADDONS=/path/of/3.10" >&2; exit 2; }
	@( echo "# The older stack, on Python 3.10 and 3.11. Make a new one with: make lock-addons"; \
	  $(ADDONS_RUN) -m pip freeze --all --exclude pip | grep -v " @ " | sort -f \
	  | sed -E 's/^((exceptiongroup|tomli)==.*)/\1; python_version < "3.11"/' ) > requirements-addons.lock
	@touch $(ADDONS_STAMP)

lock-beam: $(BEAM_STAMP)
	@( echo "# For bulk work, on Python 3.11 to 3.13. Make a new one with: make lock-beam"; \
	  $(BEAM_RUN) -m pip freeze --all --exclude pip | grep -v " @ " | sort -f ) > requirements-beam.lock
	@touch $(BEAM_STAMP)

clean:
	rm -rf $(VENV) $(ADDONS) $(BEAM) build dist *.egg-info
