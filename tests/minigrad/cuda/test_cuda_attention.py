"""The CUDA kernels of attention, run on the CPU: against the reference, all masks, shapes around the sizes of tiles."""

import tracemalloc
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minigrad import Tensor, ops, use_kernels
from minigrad.kernels.attention import attention_backward, attention_forward, cuda
from minigrad.kernels.attention import reference as attention_reference
from minigrad.kernels.cuda_source import CudaSource
from tests.minigrad.test_fast_kernels import assert_agrees, broadcastable, sources, wide
from tests.minigrad.test_nan_and_infinity import assert_alike, normal, put, special

lengths = st.sampled_from([1, 2, 7, 8, 9, 15, 16, 17, 31, 33, 64, 65, 130])
head_sizes = st.sampled_from([1, 3, 31, 32, 33, 64, 65, 100, 128])
small = st.integers(1, 2)


def forward_pass(q, k, v, mask, bias, causal, scale) -> tuple[Any, ...]:
    """The output, and the logarithm of what softmax divides by."""
    out, saved = cuda.attention_forward(q, k, v, mask, bias, causal, scale)
    return out, saved.log_sum


def both_passes(grad, q, k, v, mask, bias, causal, scale) -> tuple[Any, ...]:
    """The same, and the gradients of q, k, v and the scores."""
    out, saved = cuda.attention_forward(q, k, v, mask, bias, causal, scale)
    return out, saved.log_sum, *cuda.attention_backward(grad, q, k, v, saved, scale)


def expected(grad, q, k, v, mask, bias, causal, scale) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """The output and the gradients of the reference in float64, and the sizes that their errors are measured by."""
    wide_bias = None if bias is None else bias.astype(np.float64)
    q, k, v, grad = wide(q, k, v, grad)
    out, probs = attention_reference.attention_forward(q, k, v, mask, wide_bias, causal, scale)
    exact = out, *attention_reference.attention_backward(grad, q, k, v, probs, scale)
    grad_probs = abs(grad) @ abs(v).swapaxes(-1, -2)
    natural = probs * (grad_probs + (probs * grad_probs).sum(axis=-1, keepdims=True))  # of the scores' gradient
    naturals = (
        probs @ abs(v),
        scale * (natural @ abs(k)),
        scale * (natural.swapaxes(-1, -2) @ abs(q)),
        probs.swapaxes(-1, -2) @ abs(grad),
        natural,
    )
    return list(exact), list(naturals)


def assert_both_passes_agree(on_host, dtype, *arguments: Any) -> None:
    bias = arguments[5]
    out, _, *grads, grad_scores = on_host(both_passes, *arguments)
    exact, naturals = expected(*arguments)
    assert (grad_scores is None) == (bias is None)
    for one, other, size in zip([out, *grads, grad_scores], exact, naturals, strict=True):
        if one is not None:
            assert_agrees(one, other, size, dtype)


@given(sources, small, small, lengths, lengths | st.just(0), head_sizes, st.booleans(), st.data())
@settings(max_examples=60)
def test_the_kernels_agree_with_the_reference(on_host, draw, batch, heads, n_queries, n_keys, head_size, causal, data):
    shape = (batch, heads, n_queries, n_keys)
    q, k, v = (draw(batch, heads, n, head_size) for n in (n_queries, n_keys, n_keys))
    grad = draw(*q.shape)
    scale = data.draw(st.sampled_from([head_size**-0.5, 1 / head_size]), label="scale")
    mask = bias = None
    if data.draw(st.booleans(), label="with a bias"):
        bias = draw(*data.draw(broadcastable(shape), label="shape of the bias"))
    if data.draw(st.booleans(), label="with a mask"):
        density = data.draw(st.sampled_from([0.0, 0.3, 0.9]), label="allowed")
        mask = draw.laid_out(draw.rng.random(data.draw(broadcastable(shape), label="shape of the mask")) < density)
    assert_both_passes_agree(on_host, draw.dtype, grad, q, k, v, mask, bias, causal, scale)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_causal_mask_cuts_a_tile_anywhere(on_host, dtype):
    rng = np.random.default_rng(0)
    for n_keys in range(70, 105):
        q, k, v, grad = (normal(rng, dtype, 1, 1, n, 2) for n in (70, n_keys, n_keys, 70))
        assert_both_passes_agree(on_host, dtype, grad, q, k, v, None, None, True, 0.5)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("first", "last"), [(-1000, 1000), (1000, -1000), (-2000, -1000)])
def test_scores_too_large_or_small_for_an_exponential_however_they_come(on_host, dtype, first, last):
    """Every tile brings a larger score than those before, or none does."""
    rng = np.random.default_rng(0)
    q, grad = np.ones((1, 1, 3, 1), dtype), normal(rng, dtype, 1, 1, 3, 1)
    k, v = np.linspace(first, last, 100, dtype=dtype).reshape(1, 1, 100, 1), normal(rng, dtype, 1, 1, 100, 1)
    out, _, *grads, _ = on_host(both_passes, grad, q, k, v, None, None, False, 1.0)
    exact, _ = expected(grad, q, k, v, None, None, False, 1.0)
    tolerance = {np.float32: 2e-3, np.float64: 1e-11}[dtype]  # a score is known to 2,000 times the dtype's precision
    for one, other in zip((out, *grads), exact[:-1], strict=True):
        np.testing.assert_allclose(one, other, rtol=tolerance, atol=tolerance)


@given(st.integers(0, 2**32 - 1), special, st.integers(1, 16), st.booleans(), st.booleans(), st.data())
@settings(max_examples=30)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # the reference's, of infinity minus infinity
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_what_is_not_finite_comes_out_where_it_does_in_the_reference(
    on_host, dtype, seed, values, length, causal, has_mask, data
):
    """As long as all keys are in one tile: what nobody may see is multiplied by 0 there as well, not left out."""
    rng = np.random.default_rng(seed)
    arrays = {name: normal(rng, dtype, 2, 1, length, 3) for name in ("grad", "q", "k", "v")}
    arrays["bias"] = normal(rng, dtype, 1, 1, length, length)
    put(arrays[data.draw(st.sampled_from(sorted(arrays)))], values)
    grad, q, k, v, bias = arrays.values()
    mask = rng.random((2, 1, 1, length)) < 0.5 if has_mask else None
    out, _, *grads = on_host(both_passes, grad, q, k, v, mask, bias, causal, 0.5)
    exact, probs = attention_reference.attention_forward(q, k, v, mask, bias, causal, 0.5)
    exact_grads = attention_reference.attention_backward(grad, q, k, v, probs, 0.5)
    assert_alike((out,), (exact,))
    for one, other in zip(grads, exact_grads, strict=True):  # infinity or NaN: Σ p dP and Σ dO O may differ in that
        assert_alike((np.where(np.isinf(one), np.nan, one),), (np.where(np.isinf(other), np.nan, other),))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_nan_in_a_later_tile_reaches_those_who_see_it(on_host, dtype):
    rng = np.random.default_rng(0)
    q, k, v, grad = (normal(rng, dtype, 1, 1, 100, 3) for _ in "qkvg")
    k[0, 0, 70] = np.nan
    out, *_ = on_host(both_passes, grad, q, k, v, None, None, True, 1.0)
    np.testing.assert_array_equal(np.isnan(out).any(axis=-1)[0, 0], np.arange(100) >= 70)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_query_that_may_attend_to_nothing_gets_zeros_and_gives_no_gradient(on_host, dtype):
    rng = np.random.default_rng(0)
    q, k, v, grad = (normal(rng, dtype, 1, 2, n, 5) for n in (40, 33, 33, 40))
    out, log_sum, grad_q, *_, grad_scores = on_host(
        both_passes, grad, q, k, v, None, np.zeros((1, 1, 1, 1), dtype), True, 1.0
    )
    for zeros in (out[:, :, :7], grad_q[:, :, :7], grad_scores[:, :, :7]):  # 40 queries, the last 33 have keys
        np.testing.assert_array_equal(zeros, np.zeros_like(zeros))
    assert np.isposinf(log_sum[:, :, :7]).all()
    assert np.isfinite(log_sum[:, :, 7:]).all()

    nothing = np.zeros((1, 1, 40, 33), bool)
    out, _, *grads, _ = on_host(both_passes, grad, q, k, v, nothing, None, False, 1.0)
    for array in (out, *grads):
        np.testing.assert_array_equal(array, np.zeros_like(array))


def test_views_are_read_where_they_are_and_heads_come_out_side_by_side(on_host):
    rng = np.random.default_rng(0)
    together = normal(rng, np.float32, 2, 9, 3, 4, 8)  # (B, T, q k v, H, K), as one projection gives them
    q, k, v = (together[:, :, i].swapaxes(1, 2) for i in range(3))
    cache = normal(rng, np.float32, 2, 4, 16, 8)[:, :, :9]
    for x in (q, k, v, cache, np.flip(q, axis=2)):
        start, *strides = cuda._rows(x)
        assert start.ctypes.data == x.ctypes.data
        assert [stride * 4 for stride in strides] == list(x.strides[:3])
    assert_both_passes_agree(on_host, np.float32, np.flip(q, axis=2), q, k, cache, None, None, True, 0.3)
    out, _, *grads, _ = on_host(both_passes, q, q, k, v, None, None, True, 0.3)
    for x in (out, *grads):
        assert x.swapaxes(1, 2).flags.c_contiguous


def test_the_scores_are_never_in_memory(on_host):
    rng = np.random.default_rng(0)
    q, k, v = (normal(rng, np.float32, 1, 1, n, 1) for n in (150, 600, 600))
    on_host(both_passes, q, q, k, v, None, None, True, 1.0)  # the kernels are compiled and loaded
    tracemalloc.start()
    with use_kernels("cuda_on_host"):
        both_passes(q, q, k, v, None, None, True, 1.0)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 150 * 600


def test_the_op_on_these_kernels(on_host):
    """A bias for all sequences, as T5's, whose gradient is summed over them; a mask (B, S)."""
    rng = np.random.default_rng(0)
    arrays = [normal(rng, np.float32, *shape) for shape in ((2, 3, 5, 4), (2, 3, 6, 4), (2, 3, 6, 4), (1, 3, 5, 6))]
    mask = np.array([[1, 1, 1, 1, 1, 1], [0, 1, 1, 0, 1, 0]])

    def run() -> tuple[np.ndarray, ...]:
        q, k, v, bias = (Tensor(array, requires_grad=True) for array in arrays)
        out = ops.attention(q, k, v, causal=True, mask=mask, bias=bias)
        (out * out).sum().backward()
        return out.data, q.grad, k.grad, v.grad, bias.grad

    found = on_host(run)
    with use_kernels("reference"):
        for one, other in zip(found, run(), strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-5)


def test_the_contract_chooses_these_kernels(on_host):
    x = np.ones((1, 1, 2, 2), np.float32)
    with use_kernels("cuda_on_host"):
        _, saved = attention_forward(x, x, x, None, None, False, 1.0)
        assert isinstance(saved, cuda.Saved)
        *_, grad_scores = attention_backward(x, x, x, x, saved, 1.0)
    assert grad_scores is None


def test_heads_that_are_too_large_are_refused():
    x = np.zeros((1, 1, 2, 129), np.float32)
    with pytest.raises(ValueError, match="take heads of up to 128, got K = 129"):
        cuda.attention_forward(x, x, x, None, None, False, 1.0)


def test_other_dtypes_are_refused():
    x = np.zeros((1, 1, 2, 2), np.float32)
    with pytest.raises(TypeError, match="must have one dtype, got float32 and float64"):
        cuda.attention_forward(x, x, x, None, np.zeros((1, 1, 1, 1)), False, 1.0)
    with pytest.raises(TypeError, match="CUDA kernels are for float32 and float64; got an array of int32"):
        cuda.attention_forward(*[x.astype(np.int32)] * 3, None, None, False, 1.0)
    _, saved = cuda.attention_forward(x[:0], x[:0], x[:0], None, None, False, 1.0)
    with pytest.raises(TypeError, match="must have one dtype, got float32 and float64"):
        cuda.attention_backward(np.zeros((0, 1, 2, 2)), x[:0], x[:0], x[:0], saved, 1.0)


def test_each_barrier_is_needed(on_host, monkeypatch, tmp_path):
    """Without one of them, the results depend on the order of the threads, or are others."""
    rng = np.random.default_rng(0)
    q, k, v, grad = (normal(rng, np.float32, 1, 1, 100, 2) for _ in "qkvg")
    monkeypatch.setenv("CXXFLAGS", "-O0")  # compiles faster
    out, saved = cuda.attention_forward(q, k, v, None, None, False, 1.0)
    *grads, _ = cuda.attention_backward(grad, q, k, v, saved, 1.0)

    def assert_right(forward: bool) -> None:
        if forward:
            found, _ = on_host(forward_pass, q, k, v, None, None, False, 1.0)
            np.testing.assert_array_equal(found, out)
        else:
            np.testing.assert_array_equal(on_host(cuda.attention_backward, grad, q, k, v, saved, 1.0)[:3], grads)

    lines = cuda.SOURCE.path.read_text("utf-8").splitlines()
    backward = next(i for i, line in enumerate(lines) if line.startswith("// ---- Backward"))
    barriers = [i for i, line in enumerate(lines) if line.strip().startswith(("__syncthreads();", "__syncwarp();"))]
    assert len(barriers) == 12
    for i in barriers:
        folder = tmp_path / str(i)
        folder.mkdir()
        (folder / "cuda.cu").write_text("\n".join(lines[:i] + lines[i + 1 :]), encoding="utf-8")
        monkeypatch.setattr(cuda, "SOURCE", CudaSource(str(folder / "cuda.py")))
        with pytest.raises(AssertionError):
            assert_right(forward=i < backward)
