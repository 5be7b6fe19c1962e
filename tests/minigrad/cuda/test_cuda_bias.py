"""The CUDA kernels of a bias, run on the CPU: against the reference, at every size, in every branch, to the bit."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minigrad.kernels import elementwise
from minigrad.kernels.bias import cuda, reference
from minigrad.kernels.cuda_source import CudaSource
from tests.minigrad.cuda.test_cuda_gelu import elsewhere
from tests.minigrad.test_fast_kernels import assert_agrees, sizes, sources, wide
from tests.minigrad.test_nan_and_infinity import assert_alike, normal, put, special

dtypes = pytest.mark.parametrize("dtype", [np.float32, np.float64])
row_counts = sizes | st.just(0)
widths = sizes | st.sampled_from([0, 127, 128, 129, 132, 300])
"""Packs and single numbers; one stripe of blocks and several, the last of them full or not."""


def added(x: np.ndarray, bias: np.ndarray) -> np.ndarray:
    """x + bias; it is added in place, to a copy that starts where x does between two multiples of 16 bytes."""
    result = elsewhere(x.reshape(-1), x.ctypes.data % 16 > 0).reshape(x.shape)
    assert cuda.add_bias(result, bias) is None
    return result


def assert_sum_agrees(on_host, grad: np.ndarray) -> None:
    exact, natural = (reference.sum_of_rows(*wide(rows)) for rows in (grad, abs(grad)))
    assert_agrees(on_host(cuda.sum_of_rows, grad), exact, natural, grad.dtype)


@given(draw=sources, n_rows=row_counts, width=widths)
@settings(max_examples=40)
def test_the_kernels_agree_with_the_reference(on_host, draw, n_rows, width):
    x, bias, grad = np.ascontiguousarray(draw(n_rows, width)), draw(width), draw(n_rows, width)
    np.testing.assert_array_equal(on_host(added, x, bias), x + bias, strict=True)
    assert_sum_agrees(on_host, grad)


@given(
    draw=sources, n_rows=row_counts, width=widths, max_sums=st.sampled_from([1, 3, 5]), rows=st.sampled_from([1, 2, 8])
)
@settings(max_examples=40)
def test_sums_in_two_passes(on_host, draw, n_rows, width, max_sums, rows):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cuda, "MAX_SUMS", max_sums)
        patch.setattr(cuda, "ROWS", rows)
        assert_sum_agrees(on_host, draw(n_rows, width))


@dtypes
@pytest.mark.parametrize("n_rows", [256, 257, 2100])
def test_as_many_rows_as_there_are_sums_and_more(on_host, dtype, n_rows):
    assert_sum_agrees(on_host, normal(np.random.default_rng(n_rows), dtype, n_rows, 3))


@dtypes
def test_so_wide_that_there_are_blocks_enough_side_by_side(on_host, monkeypatch, dtype):
    monkeypatch.setattr(cuda, "SUM_BLOCKS", 3)
    for width in (200, 600):  # two stripes of the three or four, and more than there are to be
        assert_sum_agrees(on_host, normal(np.random.default_rng(width), dtype, 300, width))


@dtypes
@pytest.mark.parametrize("shifted", ["x", "bias", "neither"])
@pytest.mark.parametrize("width", [4, 6, 7, 40, 1000])
def test_arrays_that_start_between_packs_and_threads_that_loop(on_host, monkeypatch, dtype, shifted, width):
    """64 threads, whose step is a part of a row, a row, or several."""
    monkeypatch.setattr(elementwise, "THREADS", 32)
    monkeypatch.setattr(elementwise, "MAX_BLOCKS", 2)
    rng = np.random.default_rng(width)
    x = elsewhere(normal(rng, dtype, 3000 // width * width), shifted == "x").reshape(-1, width)
    bias = elsewhere(normal(rng, dtype, width), shifted == "bias")
    np.testing.assert_array_equal(on_host(added, x, bias), x + bias)
    assert_sum_agrees(on_host, x)


@dtypes
@pytest.mark.parametrize("shape", [(0, 5), (300, 0), (0, 0)])
def test_without_rows_the_sum_is_zero(on_host, dtype, shape):
    np.testing.assert_array_equal(on_host(cuda.sum_of_rows, np.ones(shape, dtype)), np.zeros(shape[1], dtype))
    assert on_host(added, np.ones(shape, dtype), np.ones(shape[1], dtype)).shape == shape


@given(st.integers(0, 2**32 - 1), special, st.integers(1, 5), st.integers(1, 70), st.sampled_from(["x", "bias"]))
@settings(max_examples=25)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # the reference's, of infinity minus infinity
@dtypes
def test_nan_and_infinity_come_out_where_they_do_in_the_reference(on_host, dtype, seed, values, n_rows, width, where):
    rng = np.random.default_rng(seed)
    arrays = {"x": normal(rng, dtype, n_rows, width), "bias": normal(rng, dtype, width)}
    put(arrays[where], values)
    x, bias = arrays.values()
    assert_alike((on_host(added, x, bias),), (x + bias,))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cuda, "MAX_SUMS", 2)
        assert_alike((on_host(cuda.sum_of_rows, x),), (reference.sum_of_rows(x),))


def test_the_barrier_is_needed(on_host, monkeypatch, tmp_path):
    grad = np.ones((100, 3), np.float32)
    source = cuda.SOURCE.path.read_text("utf-8")
    assert source.count("__syncthreads();") == 1
    (tmp_path / "cuda.cu").write_text(source.replace("__syncthreads();", ""), encoding="utf-8")
    monkeypatch.setattr(cuda, "SOURCE", CudaSource(str(tmp_path / "cuda.py")))
    with pytest.raises(AssertionError, match="is a barrier missing"):
        on_host(cuda.sum_of_rows, grad)


def test_both_files_have_the_same_constants():
    source = cuda.SOURCE.path.read_text("utf-8")
    assert f"constexpr int COLUMNS = {cuda.COLUMNS};" in source
    assert f"constexpr int MAX_ROWS = {cuda.MAX_ROWS};" in source
    assert cuda.ROWS <= cuda.MAX_ROWS


def test_arrays_that_do_not_fit_are_refused_by_name():
    x, bias = np.zeros((2, 3), np.float32), np.zeros(3, np.float32)
    for wrong in (np.zeros((3, 2), np.float32).T, np.zeros((2, 6), np.float32)[:, ::2], bias, x[None]):
        with pytest.raises(ValueError, match=r"x must be a C-contiguous matrix \(N, D\), got shape"):
            cuda.add_bias(wrong, bias)
    for wrong in (bias[:2], np.zeros((1, 3), np.float32), np.zeros((), np.float32)):
        with pytest.raises(ValueError, match=r"bias must have the shape of a row of x, \(3,\); got"):
            cuda.add_bias(x, wrong)
    for wrong in (bias, x[None]):
        with pytest.raises(ValueError, match=r"grad must be a matrix \(N, D\), got shape"):
            cuda.sum_of_rows(wrong)
    with pytest.raises(TypeError, match="must have one dtype, got float32 and float64"):
        cuda.add_bias(x, bias.astype(np.float64))
    with pytest.raises(TypeError, match="got an array of int64"):
        cuda.sum_of_rows(np.ones((2, 3), np.int64))
