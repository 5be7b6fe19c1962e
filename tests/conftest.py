"""Settings and fixtures for all tests."""

import pytest
from hypothesis import settings

from tests import gpu_double

# The first call of a kernel compiles it, which no deadline could foresee; the same examples on
# every run, so that a red test is red for everybody.
settings.register_profile("minigrad", deadline=None, derandomize=True, print_blob=True)
settings.load_profile("minigrad")


@pytest.fixture
def gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    """minigrad finds a GPU: a stand-in, see gpu_double.py."""
    gpu_double.plug_in(monkeypatch)
