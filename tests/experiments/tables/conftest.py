"""A small corpus of the user's own, for tests of tables on own files; small domains, for those of the data table."""

from pathlib import Path

import pytest

from experiments.tables.data_table import counts, domains
from experiments.tables.pretrain_finetune import own_data
from tests.experiments import own_files
from tests.experiments.tiny_domains import tiny_domains


@pytest.fixture
def corpus(tmp_path, monkeypatch) -> Path:
    """A corpus; the preset is tiny, and the work folder the test's own."""
    monkeypatch.setitem(own_data.PRESETS, "quick", own_files.TINY)
    monkeypatch.setenv("MINIGRAD_CACHE", str(tmp_path / "work"))
    return own_files.corpus(tmp_path / "corpus")


@pytest.fixture
def tiny(monkeypatch: pytest.MonkeyPatch) -> None:
    """The domains of the data table are small ones."""
    monkeypatch.setattr(domains, "domains", tiny_domains)
    monkeypatch.setattr(counts, "domains", tiny_domains)
