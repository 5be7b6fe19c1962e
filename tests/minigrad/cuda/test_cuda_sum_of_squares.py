"""The CUDA kernels of the sum of squares, run on the CPU: against the reference, in every branch, to the bit."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minigrad.kernels.sum_of_squares import cuda, reference
from tests.minigrad.cuda.test_cuda_gelu import elsewhere
from tests.minigrad.test_fast_kernels import TOLERANCE, sizes, sources, wide

dtypes = pytest.mark.parametrize("dtype", [np.float32, np.float64])
shapes = st.lists(sizes | st.just(0), max_size=2)


def total(*arrays: np.ndarray) -> np.ndarray:
    """The sum as an array, whose bits `on_host` can compare."""
    result = cuda.sum_of_squares(arrays)
    assert type(result) is float
    return np.array(result)


@given(draw=sources, of_arrays=st.lists(shapes, min_size=1, max_size=4))
@settings(max_examples=30)
def test_the_kernels_agree_with_the_reference(on_host, draw, of_arrays):
    arrays = [np.asarray(draw(*shape)) for shape in of_arrays]
    exact = reference.sum_of_squares(wide(*arrays))
    assert abs(on_host(total, *arrays) - exact) <= TOLERANCE[np.dtype(draw.dtype)] * exact


@dtypes
@pytest.mark.parametrize("between_packs", [True, False])
@pytest.mark.parametrize(("per_thread", "max_blocks"), [(16, 1024), (1, 3), (1, 1024)])
def test_arrays_that_start_between_packs_threads_that_loop_and_many_blocks(
    on_host, monkeypatch, dtype, between_packs, per_thread, max_blocks
):
    monkeypatch.setattr(cuda, "PER_THREAD", per_thread)
    monkeypatch.setattr(cuda, "MAX_BLOCKS", max_blocks)
    x = elsewhere(np.random.default_rng(0).standard_normal(5003).astype(dtype), between_packs)
    exact = reference.sum_of_squares(wide(x))
    assert abs(on_host(total, x) - exact) <= TOLERANCE[np.dtype(dtype)] * exact


def test_more_blocks_than_the_last_one_has_threads(on_host, monkeypatch):
    monkeypatch.setattr(cuda, "PER_THREAD", 1)
    arrays = [np.full(300, i, np.float32) for i in range(300)]  # two blocks each
    assert on_host(total, *arrays) == 300 * sum(i * i for i in range(300))


def test_arrays_of_two_dtypes_are_added_up_together(on_host):
    assert on_host(total, np.full(3, 2.0, np.float32), np.full(5, 0.1)) == pytest.approx(12.05, rel=1e-7)


@dtypes
def test_nan_and_infinity_come_through(on_host, dtype):
    one = np.ones(1000, dtype)
    assert math.isnan(on_host(total, one, np.array([1, np.nan], dtype)))
    assert on_host(total, np.array([1, -np.inf], dtype), one) == math.inf


def test_another_dtype_is_refused():
    with pytest.raises(TypeError, match="got an array of int64"):
        cuda.sum_of_squares([np.arange(3)])
