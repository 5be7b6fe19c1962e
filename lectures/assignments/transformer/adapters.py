"""How the grader calls your code. Change a function only if your design differs from that of the handout."""

from __future__ import annotations

import contextlib
from typing import Any

import cache
import numpy as np

from minigrad import Tensor, cuda_on_host, ops
from minigrad.kernels.attention import reference

# -- 3.1 and 3.2 ------------------------------------------------------------------------------------


def attention(
    q: np.ndarray, k: np.ndarray, v: np.ndarray, mask: np.ndarray | None, bias: np.ndarray | None, causal: bool,
    scale: float,
) -> np.ndarray:  # fmt: skip
    """The output (B, H, T, K)."""
    with np.errstate(all="ignore"):
        return reference.attention_forward(q, k, v, mask, bias, causal, scale)[0]


def attention_gradient(
    grad: np.ndarray, q: np.ndarray, k: np.ndarray, v: np.ndarray, probs: np.ndarray, scale: float, name: str
) -> np.ndarray:
    """The gradient of q, k, v or the scores."""
    gradients = reference.attention_backward(grad, q, k, v, probs, scale)
    return dict(zip(("q", "k", "v", "scores"), gradients, strict=True))[name]


# -- 3.3 --------------------------------------------------------------------------------------------


def split(x: np.ndarray, n_heads: int) -> np.ndarray:
    """(B, T, H · K) → (B, H, T, K)."""
    return ops.split_heads(Tensor(x), n_heads).data


def merge(heads: np.ndarray) -> np.ndarray:
    """(B, H, T, K) → (B, T, H · K)."""
    return ops.merge_heads(Tensor(heads)).data


def split_gradient(x: np.ndarray, n_heads: int, grad: np.ndarray) -> np.ndarray:
    """What the rule of split_heads returns for x."""
    return _rule(ops.split_heads(Tensor(x, requires_grad=True), n_heads), grad)


def merge_gradient(heads: np.ndarray, grad: np.ndarray) -> np.ndarray:
    """What the rule of merge_heads returns for the heads."""
    return _rule(ops.merge_heads(Tensor(heads, requires_grad=True)), grad)


def _rule(out: Tensor, grad: np.ndarray) -> np.ndarray:
    node: Any = out._node
    gradient = node.rule(grad)
    return gradient[0] if isinstance(gradient, tuple) else gradient


# -- 3.4 --------------------------------------------------------------------------------------------


def layer_norm(x: np.ndarray, weight: np.ndarray, bias: np.ndarray, eps: float) -> np.ndarray:
    """The output (N, D), of compiled code."""
    import layer_norm  # Numba takes a while to import, which other exercises need not wait for

    return layer_norm.forward(x, weight, bias, eps)[0]


def layer_norm_dx(grad: np.ndarray, x: np.ndarray, weight: np.ndarray, eps: float) -> np.ndarray:
    """The gradient of x."""
    import layer_norm

    return layer_norm.backward(grad, x, weight, *_statistics(x, eps))


def layer_norm_parameters(grad: np.ndarray, x: np.ndarray, eps: float) -> dict[str, np.ndarray]:
    """The gradients of weight and bias, by Python: `py_func` is the function that Numba compiles."""
    import layer_norm

    weight, bias = layer_norm.parameter_gradients.py_func(grad, x, *_statistics(x, eps))
    return {"weight": weight, "bias": bias}


def layer_norm_threads(x: np.ndarray, eps: float) -> str:
    """Whether compiled code gives the same bits with one and with two threads, in ten tries."""
    import layer_norm
    import numba

    found = set()
    for n_threads in [1] + [2] * 10:
        numba.set_num_threads(n_threads)
        found.add(b"".join(sum.tobytes() for sum in layer_norm.parameter_gradients(x, x, *_statistics(x, eps))))
    return "the same bits" if len(found) == 1 else "different bits"


def _statistics(x: np.ndarray, eps: float) -> tuple[np.ndarray, np.ndarray]:
    """mean (N,) and rstd (N,), which the forward pass would hand to the backward pass."""
    exact = x.astype(np.float64)
    return exact.mean(axis=1), 1 / np.sqrt(exact.var(axis=1) + eps)


# -- 3.5 --------------------------------------------------------------------------------------------


def row_softmax_on_host(x: np.ndarray) -> dict[str, Any]:
    """The output with the threads in both orders, and whether the memory above and below the matrix was touched."""
    import row_softmax

    n_rows, n_columns = x.shape
    outputs, untouched = {}, True
    for name in ("first thread first", "last thread first"):
        # Two rows more on both sides, so that a wrong index reads nan, or writes where it is noticed.
        padded = np.full((n_rows + 4, n_columns), np.nan, dtype=np.float32)
        padded[2:-2] = x
        out = np.full_like(padded, 7.0)
        with contextlib.ExitStack() as stack:
            if name == "last thread first":
                stack.enter_context(cuda_on_host.backwards())
            try:
                row_softmax.row_softmax(padded[2:], out[2:], n_rows)
            except RuntimeError as error:
                raise RuntimeError(_short(str(error))) from None
        outputs[name] = out[2:-2].copy()
        untouched &= bool((out[:2] == 7).all() and (out[-2:] == 7).all())
    return {**outputs, "memory around the matrix": "untouched" if untouched else "overwritten"}


def softmax_grid(n_rows: int) -> int:
    """The number of blocks."""
    import row_softmax

    return row_softmax.grid(n_rows)


def _short(message: str) -> str:
    """The compiler's first error, or the whole message if it is none of the compiler's."""
    errors = [line.split(".cu:")[-1] for line in message.splitlines() if "error:" in line]
    return f"row_softmax.cu:{errors[0]}" if errors else message.split(" (/")[0]


# -- 3.6 --------------------------------------------------------------------------------------------


def append(keys: np.ndarray, values: np.ndarray, new_keys: np.ndarray, new_values: np.ndarray) -> dict[str, Any]:
    """What a cache holds after appending."""
    one = cache.Cache(keys, values)
    one.append(new_keys, new_values)
    return _content(one)


def positions(n_cached: int, n_new: int) -> np.ndarray:
    """The positions of new tokens."""
    return cache.positions(n_cached, n_new)


def allowed(n_cached: int, n_new: int) -> np.ndarray:
    """The mask of new tokens."""
    return cache.allowed(n_cached, n_new)


def in_pieces(q: np.ndarray, k: np.ndarray, v: np.ndarray, lengths: list[int]) -> np.ndarray:
    """Causal attention over a text that comes in pieces of these lengths."""
    one = cache.Cache(k[:, :, :0], v[:, :, :0])
    out, start = [], 0
    for length in lengths:
        new = slice(start, start + length)
        mask = cache.allowed(one.length, length)
        one.append(k[:, :, new], v[:, :, new])
        out.append(cache.attend(q[:, :, new], one.keys, one.values, mask))
        start += length
    return np.concatenate(out, axis=2)


def beams(keys: np.ndarray, values: np.ndarray, new_keys: np.ndarray, new_values: np.ndarray) -> dict[str, Any]:
    """Two caches with the same past, after the first was continued."""
    first, second = cache.Cache(keys, values).fork(2)
    first.append(new_keys, new_values)
    return {"first": _content(first), "second": _content(second)}


def overwritten(keys: np.ndarray, values: np.ndarray) -> dict[str, Any]:
    """The keys of another cache and of the original, after those of one fork were overwritten."""
    original = cache.Cache(keys, values)
    one, other = original.fork(2)
    one.keys[:, :, 0] = 0
    return {"other": other.keys, "original": original.keys}


def _content(one: Any) -> dict[str, Any]:
    return {"keys": one.keys, "values": one.values}
