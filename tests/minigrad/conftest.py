"""A fixture for tests that hold on every set of kernels."""

from collections.abc import Iterator

import pytest

from minigrad import cuda_on_host, use_kernels
from minigrad.errors import DeviceError


@pytest.fixture(params=["reference", "fast", "cuda_on_host"])
def kernels(request: pytest.FixtureRequest) -> Iterator[str]:
    """The test runs on the reference, on the fast kernels, and on those for a GPU, which run on the CPU."""
    if request.param == "cuda_on_host":
        try:
            cuda_on_host.compiler()
        except DeviceError as error:
            pytest.skip(str(error))
    with use_kernels(request.param):
        yield request.param
