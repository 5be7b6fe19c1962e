"""The CUDA matrix products, run on the CPU: against the reference, for any shapes and strides, in every branch."""

import ctypes
import mmap
import os
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minigrad.kernels import matmul as contract
from minigrad.kernels.matmul import cuda
from minigrad.kernels.matmul import reference as matmul_reference
from tests.minigrad.test_fast_kernels import assert_agrees, sizes, small, sources, wide

FUNCTIONS = {
    "tiled, float32": (cuda.tiled_matmul, np.float32),
    "tiled, float64": (cuda.tiled_matmul, np.float64),
    "blocked": (cuda.blocked_matmul, np.float32),
}
functions = pytest.mark.parametrize(("function", "dtype"), FUNCTIONS.values(), ids=FUNCTIONS)


def assert_product(product: np.ndarray, a: np.ndarray, b: np.ndarray) -> None:
    exact, natural = (matmul_reference.matmul(*pair) for pair in (wide(a, b), wide(abs(a), abs(b))))
    assert_agrees(product, exact, natural, a.dtype)


def normal(*shape: int) -> np.ndarray:
    return np.random.default_rng(0).standard_normal(shape).astype(np.float32)


@functions
@given(draw=sources, m=sizes | st.just(0), k=sizes | st.just(0), n=sizes | st.just(0), batch=small)
@settings(max_examples=12)
def test_any_shapes_and_strides(on_host, function, dtype, draw, m, k, n, batch):
    draw.dtype = dtype
    for a, b in (
        (draw(m, k), draw(k, n)),
        (draw(k, m).T, draw(n, k).T),
        (draw(batch, 1, m, k), draw(2, k, n)),
        (draw(m, k), draw(2, 1, batch, k, n)),
    ):
        assert_product(on_host(function, a, b), a, b)


@pytest.mark.parametrize("a_layout", ["as it is", "transposed"])
@pytest.mark.parametrize("b_layout", ["as it is", "transposed"])
@pytest.mark.parametrize(("m", "k", "n"), [(129, 17, 3), (3, 16, 260), (130, 9, 129), (128, 8, 128)])
def test_several_blocks_and_the_edges_of_their_tiles(on_host, a_layout, b_layout, m, k, n):
    a = normal(m, k) if a_layout == "as it is" else normal(k, m).T
    b = normal(k, n) if b_layout == "as it is" else normal(n, k).T
    for function in (cuda.tiled_matmul, cuda.blocked_matmul):
        assert_product(on_host(function, a, b), a, b)


@functions
def test_a_batch_of_heads_is_multiplied_where_it_lies(on_host, function, dtype):
    q, k = (normal(2, 5, 3, 4).astype(dtype).swapaxes(1, 2) for _ in "qk")  # (B, T, H, K) → (B, H, T, K)
    k = k.swapaxes(-1, -2)
    assert cuda.dense_lines(q) is q
    assert cuda.dense_lines(k) is k
    assert_product(on_host(function, q, k), q, k)


@functions
def test_numbers_beside_an_operand_are_not_read(on_host, function, dtype):
    a, b = (np.full((40, 40), np.nan, dtype) for _ in "ab")
    a[7:26, 4:19], b[3:18, 12:31] = normal(19, 15), normal(15, 19)
    left, right = a[7:26, 4:19], b[3:18, 12:31]
    assert_product(on_host(function, left, right), left, right)


@functions
@pytest.mark.parametrize(("m", "k", "n"), [(5, 7, 3), (20, 16, 24), (19, 18, 17)])
def test_nothing_is_read_behind_the_end_of_an_operand(on_host, function, dtype, m, k, n):
    a, b = (before_forbidden_memory(normal(*shape).astype(dtype)) for shape in ((m, k), (k, n)))
    assert_product(on_host(function, a, b), a, b)
    assert_product(on_host(function, b.T, a.T), b.T, a.T)


def before_forbidden_memory(x: np.ndarray) -> np.ndarray:
    """The same numbers, the last of them the last before a page that must not be read: whoever does is killed."""
    page = mmap.PAGESIZE
    memory = mmap.mmap(-1, (x.nbytes // page + 2) * page)
    whole = np.frombuffer(memory, np.uint8)
    forbidden = whole.ctypes.data + len(memory) - page
    if ctypes.CDLL(None).mprotect(ctypes.c_void_p(forbidden), ctypes.c_size_t(page), 0) != 0:
        pytest.skip("this system forbids no memory")
    copy = whole[len(memory) - page - x.nbytes : len(memory) - page].view(x.dtype).reshape(x.shape)
    copy[...] = x
    return copy


ODD_PRODUCTS = """
import numpy as np
from minigrad.kernels.matmul import cuda
from minigrad.kernels.matmul.tensor_core import tensor_core_matmul

a, b = np.ones((9, 11), np.float32)[:, 1:], np.ones((10, 7), np.float32)
for left, right in ((a, b), (b.T, a.T)):
    assert (cuda.blocked_matmul(left, right) == 10).all()
    assert (tensor_core_matmul(left, right, "tf32") == 10).all()
"""


def test_what_is_read_or_written_at_once_lies_on_a_multiple_of_its_size(on_host, tmp_path):
    trap = "-fsanitize=alignment -fsanitize-undefined-trap-on-error"  # a CPU would not mind, a GPU stops
    variables = {**os.environ, "CXXFLAGS": trap, "XDG_CACHE_HOME": str(tmp_path)}
    assert subprocess.run([sys.executable, "-c", ODD_PRODUCTS], env=variables).returncode == 0


@functions
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_nan_and_infinity_reach_their_row_and_column_alone(on_host, function, dtype, value):
    a, b = abs(normal(20, 18)).astype(dtype), abs(normal(18, 21)).astype(dtype)
    a[3, 5] = b[7, 2] = value
    is_special = np.zeros((20, 21), bool)
    is_special[3, :] = is_special[:, 2] = True
    np.testing.assert_array_equal(np.isfinite(on_host(function, a, b)), ~is_special)


def test_the_contract_on_the_host_is_ours_in_the_dtype_of_the_operands(on_host):
    a, b = normal(2, 1, 6, 5), normal(3, 5, 4)
    assert_product(on_host(contract.matmul, a, b), a, b)
    a, b = wide(a, b)
    assert_product(on_host(contract.matmul, a, b), a, b)
    np.testing.assert_array_equal(on_host(contract.matmul, a, b), on_host(cuda.tiled_matmul, a, b))


def test_a_record_s_field_whose_stride_is_no_whole_number_of_elements(on_host):
    record = np.zeros((6, 5), [("tag", "u1"), ("value", "<f4")])
    record["value"] = normal(6, 5)
    a, b = record["value"], normal(5, 3)
    assert a.strides == (25, 5)
    for function in (cuda.tiled_matmul, cuda.blocked_matmul):
        assert_product(on_host(function, a, b), a, b)


class OnGpu:
    """As much of a CuPy array as the rule asks for."""

    def __matmul__(self, other: object) -> str:
        return "by cuBLAS"


def test_on_a_gpu_the_product_is_cublas_s():
    assert cuda.matmul(OnGpu(), OnGpu()) == "by cuBLAS"


@pytest.mark.parametrize("function", [cuda.tiled_matmul, cuda.blocked_matmul])
@pytest.mark.parametrize(("a", "b"), [((2, 3), (2, 3)), ((3,), (3, 2)), ((2, 3), (3,)), ((2, 4, 3), (5, 3, 2))])
def test_shapes_that_do_not_fit_are_refused(function, a, b):
    with pytest.raises(ValueError, match=r"matmul needs \(..., M, K\) and|broadcast"):
        function(np.zeros(a, np.float32), np.zeros(b, np.float32))


def test_other_dtypes_are_refused():
    with pytest.raises(TypeError, match="blocked_matmul is for float32, got float32 and float64"):
        cuda.blocked_matmul(np.zeros((2, 2), np.float32), np.zeros((2, 2)))
    with pytest.raises(TypeError, match="got an array of int64"):
        cuda.tiled_matmul(np.zeros((2, 2), np.int64), np.zeros((2, 2), np.int64))
