"""The CUDA kernels of layer and RMS normalisation, run on the CPU: against the reference, on rows of every width."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minigrad.kernels.cuda_source import CudaSource
from minigrad.kernels.layernorm import cuda
from minigrad.kernels.layernorm import reference as layernorm_reference
from tests.minigrad.test_fast_kernels import assert_agrees, sources, wide
from tests.minigrad.test_nan_and_infinity import assert_alike, normal, put, special

widths = st.sampled_from([1, 2, 3, 4, 6, 31, 32, 33, 64, 129, 510, 512, 513, 514, 516, 768, 1030, 1536, 4096])
"""Elements one by one and in packs; rows of one warp, of several, and of a whole block."""

row_counts = st.integers(0, 19)
most_blocks = st.sampled_from([1, 2, 256])
"""In the backward pass; with few, each goes on to further rows."""

epsilons = st.sampled_from([1e-12, 1e-5, 0.1])
offsets = st.sampled_from([0.0, 1.0, 1000.0])


def assert_layernorm_agrees(on_host, dtype: type, grad, x, weight, bias, eps: float) -> None:
    out, mean, rstd = on_host(cuda.layernorm_forward, x, weight, bias, eps)
    exact, exact_mean, exact_rstd = layernorm_reference.layernorm_forward(*wide(x, weight, bias), eps)
    far = np.abs(x) + np.abs(x).mean(axis=-1, keepdims=True)  # x - mean, were nothing to cancel
    assert_agrees(mean, exact_mean, np.abs(x).mean(axis=-1, keepdims=True), dtype)
    normalised = far * exact_rstd
    assert_agrees(rstd, exact_rstd, exact_rstd * (1 + normalised.max(axis=-1, keepdims=True)), dtype)
    assert_agrees(out, exact, normalised * abs(weight) + abs(bias), dtype)

    fast = on_host(cuda.layernorm_backward, grad, x, weight, mean, rstd)
    exact = layernorm_reference.layernorm_backward(*wide(grad, x, weight, mean, rstd))
    far, grad_n = (abs(x) + abs(mean)) * rstd, abs(grad * weight)
    natural = rstd * (grad_n + grad_n.mean(axis=-1, keepdims=True) + far * (grad_n * far).mean(axis=-1, keepdims=True))
    rows = tuple(range(x.ndim - 1))
    assert_agrees(fast[0], exact[0], natural, dtype)
    assert_agrees(fast[1], exact[1], (abs(grad) * far).sum(axis=rows), dtype)
    assert_agrees(fast[2], exact[2], abs(grad).sum(axis=rows), dtype)


def assert_rmsnorm_agrees(on_host, dtype: type, grad, x, weight, eps: float) -> None:
    out, rstd = on_host(cuda.rmsnorm_forward, x, weight, eps)
    exact, exact_rstd = layernorm_reference.rmsnorm_forward(*wide(x, weight), eps)
    assert_agrees(out, exact, abs(exact), dtype)
    assert_agrees(rstd, exact_rstd, exact_rstd, dtype)

    fast = on_host(cuda.rmsnorm_backward, grad, x, weight, rstd)
    exact = layernorm_reference.rmsnorm_backward(*wide(grad, x, weight, rstd))
    normalised, grad_n = abs(x * rstd), abs(grad * weight)
    natural = rstd * (grad_n + normalised * (grad_n * normalised).mean(axis=-1, keepdims=True))
    assert_agrees(fast[0], exact[0], natural, dtype)
    assert_agrees(fast[1], exact[1], (abs(grad) * normalised).sum(axis=tuple(range(x.ndim - 1))), dtype)


@given(sources, row_counts, widths, most_blocks, epsilons, offsets)
@settings(max_examples=40)
def test_the_kernels_agree_with_the_reference(on_host, draw, n_rows, width, n_blocks, eps, offset):
    x, grad, weight, bias = draw(n_rows, width), draw(n_rows, width), draw(width), draw(width)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cuda, "BACKWARD_BLOCKS", n_blocks)
        assert_layernorm_agrees(on_host, draw.dtype, grad, x + draw.dtype(offset), weight, bias, eps)
        assert_rmsnorm_agrees(on_host, draw.dtype, grad, x, weight, eps)


@given(sources, st.integers(0, 5), st.sampled_from([1, 5, 63, 64, 65, 200, 300]), most_blocks, epsilons, offsets)
@settings(max_examples=25)
def test_so_do_those_for_wide_rows(on_host, draw, n_rows, width, n_blocks, eps, offset):
    x, grad, weight, bias = draw(n_rows, width), draw(n_rows, width), draw(width), draw(width)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cuda, "MAX_THREADS", dict.fromkeys(cuda.MAX_THREADS, 0))
        patch.setattr(cuda, "THREADS", 64)
        patch.setattr(cuda, "BACKWARD_BLOCKS", n_blocks)
        assert_layernorm_agrees(on_host, draw.dtype, grad, x + draw.dtype(offset), weight, bias, eps)
        assert_rmsnorm_agrees(on_host, draw.dtype, grad, x, weight, eps)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("width", [4095, 4097, 8192, 8196])
def test_the_widest_rows_in_registers_and_the_first_beyond(on_host, dtype, width):
    rng = np.random.default_rng(width)
    x, grad = normal(rng, dtype, 2, width), normal(rng, dtype, 2, width)
    weight, bias = normal(rng, dtype, width), normal(rng, dtype, width)
    assert_layernorm_agrees(on_host, dtype, grad, x, weight, bias, 1e-5)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_more_blocks_than_a_block_adds_slots_at_once(on_host, dtype):
    rng = np.random.default_rng(3)
    x, grad, weight = normal(rng, dtype, 300, 3), normal(rng, dtype, 300, 3), normal(rng, dtype, 3)
    assert 300 / cuda._block(3)[1] > 32
    assert_layernorm_agrees(on_host, dtype, grad, x, weight, weight, 1e-5)


def test_both_files_have_the_same_constants():
    source = cuda.SOURCE.path.read_text("utf-8")
    assert f"constexpr int ELEMENTS = {cuda.ELEMENTS};" in source
    assert cuda.MAX_THREADS == {1: 256, 2: 256, 4: 512}
    assert "constexpr int MAX_THREADS = PACK == 4 ? 512 : 256;" in source
    assert f"constexpr int MAX_WARPS = {max(cuda.MAX_THREADS.values()) // 32};" in source


@given(sources, st.lists(st.integers(1, 4), max_size=3), st.sampled_from([1, 6, 40]))
@settings(max_examples=10)
def test_rows_may_stand_in_any_number_of_axes(on_host, draw, leading, width):
    x, grad, weight, bias = draw(*leading, width), draw(*leading, width), draw(width), draw(width)
    assert_layernorm_agrees(on_host, draw.dtype, grad, x, weight, bias, 1e-5)
    assert_rmsnorm_agrees(on_host, draw.dtype, grad, x, weight, 1e-5)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("shifted", ["x", "grad", "weight", "bias"])
def test_an_array_that_does_not_start_at_a_multiple_of_16_bytes_is_read_one_by_one(on_host, dtype, shifted):
    rng = np.random.default_rng(1)
    shapes = {"grad": (3, 8), "x": (3, 8), "weight": (8,), "bias": (8,)}
    arrays = {name: between_packs(normal(rng, dtype, *shape), name == shifted) for name, shape in shapes.items()}
    assert_layernorm_agrees(on_host, dtype, *arrays.values(), 1e-5)


def between_packs(values: np.ndarray, shifted: bool) -> np.ndarray:
    room = np.empty(values.size + 16, values.dtype)
    first = -room.ctypes.data % 16 // values.itemsize + shifted
    array = room[first : first + values.size].reshape(values.shape)
    array[...] = values
    return array


@given(
    st.integers(0, 2**32 - 1), special, st.integers(1, 5), st.integers(1, 70), st.sampled_from(["grad", "x", "weight"])
)
@settings(max_examples=25)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # the reference's, of infinity minus infinity
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_nan_and_infinity_come_out_where_they_do_in_the_reference(on_host, dtype, seed, values, n_rows, width, where):
    rng, eps = np.random.default_rng(seed), 1e-2
    arrays = {"grad": normal(rng, dtype, n_rows, width), "x": normal(rng, dtype, n_rows, width)}
    arrays["weight"] = normal(rng, dtype, width)
    put(arrays[where], values)
    grad, x, weight = arrays.values()

    saved = layernorm_reference.layernorm_forward(x, weight, weight, eps)
    assert_alike(on_host(cuda.layernorm_forward, x, weight, weight, eps), saved)
    inputs = grad, x, weight, *saved[1:]
    assert_alike(on_host(cuda.layernorm_backward, *inputs), layernorm_reference.layernorm_backward(*inputs))

    saved = layernorm_reference.rmsnorm_forward(x, weight, eps)
    assert_alike(on_host(cuda.rmsnorm_forward, x, weight, eps), saved)
    inputs = grad, x, weight, *saved[1:]
    assert_alike(on_host(cuda.rmsnorm_backward, *inputs), layernorm_reference.rmsnorm_backward(*inputs))


def test_arrays_of_two_dtypes_are_refused():
    x, weight = np.ones((2, 3), np.float32), np.ones(3)
    with pytest.raises(TypeError, match="must have one dtype, got float32 and float64"):
        cuda.layernorm_forward(x, weight, weight, 1e-5)
    with pytest.raises(TypeError, match="must have one dtype"):
        cuda.rmsnorm_backward(x, x, weight, np.ones((2, 1), np.float32))


def test_each_barrier_is_needed(on_host, monkeypatch, tmp_path):
    """Without one of them, the results depend on the order of the threads, or are others."""
    x = np.random.default_rng(2).standard_normal((8, 2048)).astype(np.float32)
    weight, statistics = np.ones(2048, np.float32), np.ones((8, 1), np.float32)
    monkeypatch.setattr(cuda, "BACKWARD_BLOCKS", 2)
    inputs = x, x, weight, statistics
    right = on_host(cuda.rmsnorm_backward, *inputs)
    lines = cuda.SOURCE.path.read_text("utf-8").splitlines()
    barriers = [i for i, line in enumerate(lines) if line.strip().startswith("__syncthreads();")]
    assert len(barriers) == 4
    for i in barriers:
        folder = tmp_path / str(i)
        folder.mkdir()
        (folder / "cuda.cu").write_text("\n".join(lines[:i] + lines[i + 1 :]), encoding="utf-8")
        monkeypatch.setattr(cuda, "SOURCE", CudaSource(str(folder / "cuda.py")))
        with pytest.raises(AssertionError):
            assert_the_same_bits(on_host(cuda.rmsnorm_backward, *inputs)[1], right[1])


def assert_the_same_bits(one, other):
    same = one.tobytes() == other.tobytes()
    assert same
