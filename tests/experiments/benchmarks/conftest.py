"""The GPU benchmark's kernels, where there is no GPU."""

from collections.abc import Iterator

import pytest

from minigrad import use_kernels


@pytest.fixture
def on_host(host_compiler) -> Iterator[None]:
    """CUDA kernels run on the CPU."""
    with use_kernels("cuda_on_host"):
        yield
