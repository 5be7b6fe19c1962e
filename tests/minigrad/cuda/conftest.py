"""The CUDA kernels run here on the CPU, through `minigrad.cuda_on_host`: that needs a C++ compiler."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from minigrad import cuda_on_host, use_kernels


@pytest.fixture(scope="session")
def on_host(host_compiler) -> Callable[..., Any]:
    """`on_host(function, *arguments)`: the function's result on the CUDA kernels, run on the CPU.

    The function, of arrays, returns an array, None, or a tuple of these. It is called twice, with the threads in both
    orders, and must return the same bits; so it must not write into its arguments.
    """
    return in_both_orders


def in_both_orders(function: Callable[..., Any], *arguments: Any) -> Any:
    with use_kernels("cuda_on_host"):
        forwards = function(*arguments)
        with cuda_on_host.backwards():
            backwards = function(*arguments)
    same = bits(forwards) == bits(backwards)  # said apart: pytest would compare the bytes one by one, for minutes
    assert same, "the order of threads shows in the result: is a barrier missing?"
    return forwards


def bits(result: Any) -> list[Any]:
    results = result if isinstance(result, tuple) else (result,)
    return [
        array if array is None else (array.shape, array.dtype.name, np.asarray(array).tobytes()) for array in results
    ]
