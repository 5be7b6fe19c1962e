"""Attention on tensor cores, run on the CPU: against the reference, and its instructions against PTX's tables."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ml_dtypes import bfloat16

from minigrad import cuda_on_host
from minigrad.errors import DeviceError
from minigrad.kernels.attention import cuda, tensor_core
from minigrad.kernels.cuda_source import CudaSource
from tests.minigrad.cuda.test_cuda_attention import expected, head_sizes, lengths, small
from tests.minigrad.test_fast_kernels import broadcastable

layouts = st.sampled_from(["heads side by side", "one head after the other", "inside a larger array"])


def bits(x: np.ndarray) -> np.ndarray:
    """The nearest bfloat16, halves to the even one, as 16 bits."""
    words = np.asarray(x, np.float32).view(np.uint32).astype(np.uint64)
    return ((words + 0x7FFF + (words >> 16 & 1)) >> 16).astype(np.uint16)


def numbers(x: np.ndarray) -> np.ndarray:
    return (x.astype(np.uint32) << 16).view(np.float32)


def draw(rng: np.random.Generator, layout: str, *shape: int) -> np.ndarray:
    """The bits of random numbers (B, H, T, K)."""
    values = bits(rng.standard_normal(shape))
    if layout == "heads side by side":
        return values.swapaxes(1, 2).copy().swapaxes(1, 2)
    return values if layout == "one head after the other" else np.pad(values, 8)[8:-8, 8:-8, 8:-8, 8:-8]


def both_passes(grad, q, k, v, mask, bias, causal, scale) -> tuple[Any, ...]:
    out, saved = tensor_core.attention_forward(q, k, v, mask, bias, causal, scale)
    return out, saved.log_sum, *tensor_core.attention_backward(grad, q, k, v, saved, scale)


def assert_near(found: np.ndarray, exact: np.ndarray, natural: np.ndarray) -> None:
    """Three roundings to 8 bits, each by up to 2⁻⁸: of the output that δ is made of, of a factor, of what comes out."""
    assert (found.shape, found.dtype) == (exact.shape, np.uint16)
    worst = np.max(abs(numbers(found) - exact) / (natural + 1e-30), initial=0)
    assert worst <= 3 * 2**-8


def assert_both_passes_near(on_host, grad, q, k, v, mask, bias, causal, scale) -> None:
    out, _, *grads, grad_scores = on_host(both_passes, grad, q, k, v, mask, bias, causal, scale)
    wide_bias = None if bias is None else numbers(bias)
    exact, naturals = expected(*map(numbers, (grad, q, k, v)), mask, wide_bias, causal, scale)
    assert (grad_scores is None) == (bias is None)
    for one, other, size in zip([out, *grads, grad_scores], exact, naturals, strict=True):
        if one is not None:
            assert_near(one, other, size)


@given(
    st.integers(0, 2**32 - 1),
    layouts,
    small,
    small,
    lengths,
    lengths | st.just(0),
    head_sizes,
    st.booleans(),
    st.data(),
)
@settings(max_examples=30)
def test_the_kernels_agree_with_the_reference(
    on_host, seed, layout, batch, heads, n_queries, n_keys, head_size, causal, data
):
    rng, shape = np.random.default_rng(seed), (batch, heads, n_queries, n_keys)
    grad, q, k, v = (draw(rng, layout, batch, heads, n, head_size) for n in (n_queries, n_queries, n_keys, n_keys))
    mask = bias = None
    if data.draw(st.booleans(), label="with a bias"):
        bias = bits(rng.standard_normal(data.draw(broadcastable(shape), label="shape of the bias")))
    if data.draw(st.booleans(), label="with a mask"):
        density = data.draw(st.sampled_from([0.0, 0.3, 0.9]), label="allowed")
        mask = rng.random(data.draw(broadcastable(shape), label="shape of the mask")) < density
    assert_both_passes_near(on_host, grad, q, k, v, mask, bias, causal, head_size**-0.5)


@pytest.mark.parametrize(("n_queries", "n_keys"), [(150, 150), (10, 150), (150, 100)])
def test_under_a_causal_mask_warps_leave_out_what_their_queries_do_not_see(on_host, n_queries, n_keys):
    rng = np.random.default_rng(0)
    grad, q, k, v = (bits(rng.standard_normal((1, 2, n, 64))) for n in (n_queries, n_queries, n_keys, n_keys))
    assert_both_passes_near(on_host, grad, q, k, v, None, None, True, 0.125)


@pytest.mark.parametrize(("first", "last"), [(-1000, 1000), (1000, -1000), (-3000, -1000)])
def test_scores_too_large_or_small_for_an_exponential_however_they_come(on_host, first, last):
    q, v = bits(np.ones((1, 1, 3, 1))), bits(np.random.default_rng(0).standard_normal((1, 1, 201, 1)))
    k = bits(np.linspace(first, last, 201).reshape(1, 1, 201, 1))
    assert_both_passes_near(on_host, q, q, k, v, None, None, False, 1.0)


def test_what_comes_out_is_rounded_to_the_nearest_and_halves_to_the_even_one(on_host):
    v = bits(np.random.default_rng(0).uniform(1, 2, (1, 1, 2, 128)))
    nothing = np.zeros_like(v)
    out, *_ = on_host(both_passes, nothing, nothing, nothing, v, None, None, False, 1.0)
    mean = numbers(v).mean(axis=2, keepdims=True)  # exact in float32; every other one lies halfway between two bfloat16
    np.testing.assert_array_equal(out, np.broadcast_to(bits(mean), out.shape))


def test_a_query_that_may_attend_to_nothing_gets_zeros_and_gives_no_gradient(on_host):
    rng = np.random.default_rng(0)
    q, k, v = (bits(rng.standard_normal((1, 1, 40, 8))) for _ in "qkv")
    mask = np.ones((1, 1, 40, 40), bool)
    mask[0, 0, 3], mask[..., 7] = False, False
    out, log_sum, grad_q, grad_k, grad_v, _ = on_host(both_passes, q, q, k, v, mask, None, False, 1.0)
    for zeros in (out[0, 0, 3], grad_q[0, 0, 3], grad_k[0, 0, 7], grad_v[0, 0, 7]):
        np.testing.assert_array_equal(numbers(zeros), np.zeros(8))
    np.testing.assert_array_equal(np.isposinf(log_sum[0, 0]), np.arange(40) == 3)


def test_nan_reaches_those_who_see_it(on_host):
    rng = np.random.default_rng(0)
    q, k, v, grad = (bits(rng.standard_normal((1, 1, 100, 8))) for _ in "qkvg")
    k[0, 0, 70] = bits(np.full(8, np.nan))
    out, *_ = on_host(both_passes, grad, q, k, v, None, None, True, 1.0)
    np.testing.assert_array_equal(np.isnan(numbers(out)).all(axis=-1)[0, 0], np.arange(100) >= 70)


def test_rows_of_whole_chunks_are_read_where_they_are():
    together = np.zeros((2, 9, 3, 4, 16), np.uint16)  # (B, T, q k v, H, K)
    for x in (together[:, :, 1].swapaxes(1, 2), together[:, :, 1, :, 8:].swapaxes(1, 2)):
        assert np.shares_memory(tensor_core._whole_chunks(x), x)
    for x in (together[:, :, 1, :, :7].swapaxes(1, 2), together[:, :, 1, :, 1:9].swapaxes(1, 2), together[:, :, 1]):
        whole = tensor_core._whole_chunks(x if x.shape[1] == 4 else x[..., ::2])
        assert not np.shares_memory(whole, together)
        assert whole.shape == (*x.shape[:3], 8)


def test_bfloat16_comes_here_by_its_dtype(on_host):
    rng = np.random.default_rng(0)
    q, k, v, grad = (rng.standard_normal((2, 2, 5, 12)).astype(bfloat16) for _ in "qkvg")
    bias = rng.standard_normal((1, 2, 5, 5)).astype(bfloat16)

    def run(*arrays: np.ndarray) -> tuple[np.ndarray, ...]:
        out, saved = cuda.attention_forward(*arrays[1:4], None, arrays[4], True, 0.3)
        return out, *cuda.attention_backward(*arrays[:4], saved, 0.3)

    found = on_host(run, grad, q, k, v, bias)
    same = on_host(both_passes, *(x.view(np.uint16) for x in (grad, q, k, v)), None, bias.view(np.uint16), True, 0.3)
    for one, other in zip(found, (same[0], *same[2:]), strict=True):
        assert one.dtype == bfloat16
        np.testing.assert_array_equal(one.view(np.uint16), other)


def test_a_gpu_without_these_instructions_is_refused():
    q = SimpleNamespace(device=SimpleNamespace(compute_capability="75"))
    with pytest.raises(DeviceError, match=r"needs compute capability 8\.0, this GPU has 7\.5"):
        tensor_core.attention_forward(q, q, q, None, None, False, 1.0)


@pytest.mark.parametrize("forgotten", ["copies.wait();", "__syncthreads();"])
def test_tiles_are_waited_for(on_host, monkeypatch, tmp_path, forgotten):
    q, k, v = (bits(np.random.default_rng(i).standard_normal((1, 1, 100, 8))) for i in range(3))
    arguments = q, k, v, None, None, False, 1.0
    right, _ = tensor_core.attention_forward(*arguments)
    before, _, after = Path(tensor_core.SOURCE.path).read_text("utf-8").partition(forgotten)
    source = CudaSource(__file__)
    source.path = tmp_path / "tensor_core.cu"
    source.path.write_text(before + after, encoding="utf-8")
    monkeypatch.setattr(tensor_core, "SOURCE", source)
    with pytest.raises(AssertionError):
        np.testing.assert_array_equal(on_host(lambda: tensor_core.attention_forward(*arguments)[0]), right)


# ---- The instructions written out in C++ -----------------------------------------------------------------------------
# By "Matrix Fragments for mma.m16n8k16" and "ldmatrix" in NVIDIA's PTX ISA. There, groupID is lane >> 2
# and threadID_in_group is lane % 4.

INSPECT = """
__global__ void inspect(const unsigned* a, const unsigned* b, float* c, const Number* matrices, unsigned* read) {
    const int lane = threadIdx.x;
    unsigned own_a[4] = {a[4 * lane], a[4 * lane + 1], a[4 * lane + 2], a[4 * lane + 3]}, pairs[4];
    float own_c[4] = {c[4 * lane], c[4 * lane + 1], c[4 * lane + 2], c[4 * lane + 3]};
    mma(own_c, own_a, b[2 * lane], b[2 * lane + 1]);
    for (int i = 0; i < 4; i++) c[4 * lane + i] = own_c[i];
    ldmatrix<false>(pairs, matrices + 8 * lane);
    for (int i = 0; i < 4; i++) read[4 * lane + i] = pairs[i];
    ldmatrix<true>(pairs, matrices + 8 * lane);
    for (int i = 0; i < 4; i++) read[128 + 4 * lane + i] = pairs[i];
}
"""


def test_the_instructions_do_what_ptx_says(on_host, monkeypatch, tmp_path):
    rng = np.random.default_rng(0)
    matrix_a, matrix_b, matrix_c = (rng.integers(-9, 10, shape) for shape in ((16, 16), (16, 8), (16, 8)))
    a, b, c = np.zeros((32, 8), np.uint16), np.zeros((32, 4), np.uint16), np.zeros((32, 4), np.float32)
    for lane in range(32):
        group, thread = lane >> 2, lane % 4
        for i in range(8):
            row, column = group + 8 * (i not in (0, 1, 4, 5)), thread * 2 + (i & 1) + 8 * (i >= 4)
            a[lane, i] = bits(matrix_a[row, column])
        for i in range(4):
            b[lane, i] = bits(matrix_b[thread * 2 + (i & 1) + 8 * (i >= 2), group])
            c[lane, i] = matrix_c[group + 8 * (i >= 2), thread * 2 + (i & 1)]
    matrices, read = np.arange(4 * 64, dtype=np.uint16).reshape(4, 8, 8), np.zeros((2, 32, 4), np.uint32)

    monkeypatch.setattr(cuda_on_host, "_cache_folder", lambda: tmp_path)
    source = tmp_path / "inspect.cu"
    source.write_text(Path(tensor_core.SOURCE.path).read_text("utf-8") + INSPECT, "utf-8")
    arguments = a.view(np.uint32), b.view(np.uint32), c, matrices, read
    cuda_on_host.launch(source, "inspect", (1, 1, 1), (32, 1, 1), arguments)

    product, pairs = matrix_a @ matrix_b + matrix_c, read.view(np.uint16).reshape(2, 32, 4, 2)
    for lane in range(32):
        group, thread = lane >> 2, lane % 4
        for i in range(4):
            assert c[lane, i] == product[group + 8 * (i >= 2), thread * 2 + (i & 1)]
            for e in range(2):
                assert pairs[0, lane, i, e] == matrices[i, group, thread * 2 + e]
                assert pairs[1, lane, i, e] == matrices[i, thread * 2 + e, group]
