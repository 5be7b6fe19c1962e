"""The fake experiment in place of the real ones, and every folder inside the test's own."""

import sys

import pytest

from . import fake_experiment


@pytest.fixture
def fake(monkeypatch, tmp_path):
    """The fake experiment's module, listed as the only experiment; nothing of it is computed yet."""
    monkeypatch.setitem(sys.modules, "experiments.fake_experiment", fake_experiment)
    for module in ("experiment", "command", "report.stored", "report.readme_tables"):
        monkeypatch.setattr(f"experiments.{module}.EXPERIMENTS", ("fake_experiment",))
    monkeypatch.setenv("MINIGRAD_CACHE", str(tmp_path / "cache"))
    package = tmp_path / "checkout" / "experiments"
    monkeypatch.setattr("experiments.folders.PROJECT", package.parent)
    monkeypatch.setattr("experiments.folders.PACKAGE", package)
    monkeypatch.setattr("experiments.folders.IN_CHECKOUT", True)
    monkeypatch.setattr("experiments.report.stored.PACKAGE", package)
    monkeypatch.setattr("experiments.report.readme_tables.README", package.parent / "README.md")
    monkeypatch.setattr("experiments.report.readme_tables.RESULTS", package / "results")
    monkeypatch.setattr(fake_experiment, "computed", [])
    monkeypatch.setattr(fake_experiment, "fail_at", None)
    return fake_experiment


@pytest.fixture
def result_folder(tmp_path):
    """The folder where the fake experiment's results are written."""
    return tmp_path / "checkout" / "experiments" / "results" / "fake_experiment"
