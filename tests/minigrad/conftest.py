"""A checkpoint, for the tests of what it keeps and of what becomes of it."""

from pathlib import Path

import pytest

from tests.minigrad.small_run import Run


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    """A checkpoint of a run after five steps."""
    run = Run(seed=1)
    run.train(5)
    path = tmp_path / "run.safetensors"
    run.save(path)
    return path
