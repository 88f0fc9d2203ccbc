# Each target does all of its own set-up: a virtual environment, the dependencies, and for the tests a browser.
#   make lab         JupyterLab, open on the tour
#   make test        every check and test
#   make test-long   the same, with random inputs by the hundred thousand and more versions of Jupyter, Firefox too

PYTHON ?= $(firstword $(foreach p,python3 python3.14 python3.13 python3.12 python3.11 python,\
	$(if $(shell $(p) -c 'import sys, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo yes),$(p))))
VENV := .venv
BIN := $(VENV)/bin

.PHONY: lab test test-long lint clean

lab: $(VENV)/lab.done
	$(BIN)/rtcnb lab $(LAB_OPTIONS)

test: $(VENV)/test.done
	$(BIN)/python tests/run.py

test-long: $(VENV)/test.done
	$(BIN)/python tests/machine.py test-long
	RTCNB_LONG=1 $(BIN)/python tests/run.py

lint: $(VENV)/test.done
	$(BIN)/python tests/run.py --lint

$(VENV)/%.done: pyproject.toml tests/machine.py | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --editable ".[$*]"
	$(BIN)/python tests/machine.py $*
	@touch $@

$(VENV)/bin/python:
	@test -n "$(PYTHON)" || { echo "rtcnb needs Python 3.11 or newer with venv. Install it, or say make PYTHON=/path/to/python."; exit 1; }
	$(PYTHON) -m venv $(VENV) && $(BIN)/python -m pip install --quiet --upgrade pip || { rm -rf $(VENV); exit 1; } # no half of one stays

clean:
	rm -rf $(VENV) .venv-hosts node_modules
