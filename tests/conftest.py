"""Settings and fixtures for all tests."""

import signal

import pytest
from hypothesis import settings

from tests import gpu_double

# The first call of a kernel compiles it, which no deadline could foresee; the same examples on
# every run, so that a red test is red for everybody.
settings.register_profile("minigrad", deadline=None, derandomize=True, print_blob=True)
settings.load_profile("minigrad")


# A shell starts what it puts in the background (`&`, nohup) with Ctrl-C ignored, and so would be the processes that
# tests of Ctrl-C start.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture
def gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    """minigrad finds a GPU: a stand-in, see gpu_double.py."""
    gpu_double.plug_in(monkeypatch)
