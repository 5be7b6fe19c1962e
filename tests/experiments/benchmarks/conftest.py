"""The GPU benchmark's kernels, where there is no GPU; and a folder for results."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from experiments.running import places
from minigrad import use_kernels


@pytest.fixture
def results(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The folder where results are written: the test's own."""
    monkeypatch.setattr(places, "results_folder", lambda: tmp_path)
    return tmp_path


@pytest.fixture
def on_host(host_compiler) -> Iterator[None]:
    """CUDA kernels run on the CPU."""
    with use_kernels("cuda_on_host"):
        yield
