"""The fake experiment in place of the real tables, and every folder inside the test's own."""

import pytest

from experiments.running import places
from experiments.running.contract import Request
from experiments.tables import catalogue

from . import fake_experiment


@pytest.fixture
def fake(monkeypatch, tmp_path):
    """The fake experiment's module, listed as the only table; nothing of it is computed yet."""
    checkout = tmp_path / "checkout"
    checkout.mkdir()
    (checkout / "pyproject.toml").touch()
    monkeypatch.setattr(places, "PROJECT", checkout)
    entry = catalogue.Entry("fake_experiment", "a start is worth having", package=__package__)
    monkeypatch.setattr(catalogue, "CATALOGUE", (entry,))
    monkeypatch.setenv("MINIGRAD_CACHE", str(tmp_path / "cache"))
    fake_experiment.computed.clear()
    fake_experiment.fail_at = None
    yield fake_experiment
    fake_experiment.fail_at = None


@pytest.fixture
def request_for(fake):
    """How the fake experiment is asked for: `request_for("full")`."""

    def request(preset="quick", seeds=None, device="cpu"):
        return Request(fake.__name__, preset, seeds, device)

    return request


@pytest.fixture
def result_folder(tmp_path):
    """The folder where the fake experiment's results are written."""
    return tmp_path / "checkout" / "experiments" / "results" / "fake_experiment"
