# Two commands: `make tables` runs the experiments, `make test` the tests. Each makes the virtual
# environment .venv first if it is missing. Nothing here needs GNU make.

PYTHON = python3
VENV = .venv
RUN = $(VENV)/bin/python
PRESET = quick

.PHONY: tables test lint parity gpu full clean

tables: $(VENV)/installed
	$(RUN) -m experiments run all --preset $(PRESET)
	$(RUN) -m experiments report

test: $(VENV)/installed-test
	$(RUN) -m pytest --ignore=tests/parity

# The full preset of every experiment: three seeds and more, for the committed results.
full:
	$(MAKE) tables PRESET=full

# The reference implementations (PyTorch, transformers, …) side by side with ours.
parity: $(VENV)/installed-parity
	$(RUN) -m pytest tests/parity

# On a machine with a GPU, with the interpreter at hand (numpy, numba, regex, matplotlib, safetensors, tqdm, jinja2,
# threadpoolctl, pytest, hypothesis and CuPy; PyTorch as the peer): the tests on the card, every kernel's check, a training step of
# each family, the benchmark. At most 6 minutes; what was measured by then is written.
gpu:
	$(PYTHON) -m pytest -m gpu tests
	$(PYTHON) -m experiments.benchmarks gpu --seconds 270

lint: $(VENV)/installed-lint
	$(RUN) -m ruff check .
	$(RUN) -m ruff format --check .
	$(RUN) -m mypy

# Some systems (Debian) ship a Python whose venv cannot bring pip along: then the system's pip
# installs into the environment from outside, which needs no rights outside this folder.
$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV) || $(PYTHON) -m venv --clear --without-pip $(VENV)

$(VENV)/installed: $(VENV)/bin/python pyproject.toml
	@echo "Installing minigrad into $(VENV) (once, about a minute) …"
	@if $(RUN) -m pip --version >/dev/null 2>&1; \
	then $(RUN) -m pip install --quiet --disable-pip-version-check -e .; \
	else $(PYTHON) -m pip --python $(RUN) install --quiet -e .; fi
	@touch $@

$(VENV)/installed-test $(VENV)/installed-lint $(VENV)/installed-parity: $(VENV)/installed
	@extra=`echo $@ | sed 's/.*installed-//'`; \
	if $(RUN) -m pip --version >/dev/null 2>&1; \
	then $(RUN) -m pip install --quiet --disable-pip-version-check -e ".[$$extra]"; \
	else $(PYTHON) -m pip --python $(RUN) install --quiet -e ".[$$extra]"; fi
	@touch $@

clean:
	rm -rf $(VENV) .cache
