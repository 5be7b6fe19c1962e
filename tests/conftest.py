"""Settings and fixtures for all tests."""

import signal
from collections.abc import Iterator

import pytest
from hypothesis import settings

from minigrad import cuda_on_host, use_kernels
from minigrad.errors import DeviceError
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


@pytest.fixture(scope="session")
def host_compiler() -> str:
    """The C++ compiler through which CUDA kernels run on the CPU; without one the test is skipped."""
    try:
        return cuda_on_host.compiler()
    except DeviceError as error:
        pytest.skip(str(error))


@pytest.fixture(params=["reference", "fast", "cuda_on_host"])
def kernels(request: pytest.FixtureRequest) -> Iterator[str]:
    """The test runs on the reference, on the fast kernels, and on those for a GPU, which run on the CPU."""
    if request.param == "cuda_on_host":
        request.getfixturevalue("host_compiler")
    with use_kernels(request.param):
        yield request.param
