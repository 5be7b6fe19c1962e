"""Every differentiable op once: how to draw its inputs, how to call it, and PyTorch's counterpart.

The gradient check, the comparison with PyTorch and the comparison of the kernels all run over this
table; a test makes sure that no op is missing from it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from hypothesis import strategies as st

from minigrad import Tensor, ops


@dataclass(frozen=True)
class Case:
    """One way to call one op.

    Attributes:
        op: the op's name in `minigrad.ops`.
        shapes: draws the shapes of the differentiable inputs.
        call: our op on tensors of these shapes.
        torch: the same in PyTorch, given the torch module and its tensors.
        kind: which values suit it: "any", "positive", or "distinct" (no ties, nothing near a kink).
        kernel: whether it runs a kernel, so that reference and fast must agree.
    """

    op: str
    shapes: st.SearchStrategy[list[tuple[int, ...]]]
    call: Callable[..., Tensor]
    torch: Callable[..., Any]
    kind: str = "any"
    kernel: bool = False


lengths = st.integers(1, 5)


@st.composite
def broadcastable(draw: st.DrawFn) -> list[tuple[int, ...]]:
    """Two shapes that broadcast: axes of length 1 and missing axes included."""
    full = draw(st.lists(lengths, min_size=0, max_size=3))

    def reduced() -> tuple[int, ...]:
        shape = [n if draw(st.booleans()) else 1 for n in full]
        return tuple(shape[draw(st.integers(0, len(shape))) :])

    return [reduced(), reduced()]


one = st.lists(lengths, min_size=0, max_size=3).map(lambda s: [tuple(s)])
with_axes = st.tuples(lengths, lengths, lengths).map(lambda s: [s])
normal = st.tuples(lengths, lengths, st.integers(2, 6)).map(lambda s: [s, s[2:], s[2:]])
MASK = np.array([[1, 1, 1, 1, 1], [1, 1, 0, 1, 0], [0, 0, 0, 0, 0]], dtype=bool)


@st.composite
def matrices(draw: st.DrawFn) -> list[tuple[int, ...]]:
    m, k, n = (draw(lengths) for _ in range(3))
    left, right = draw(broadcastable())
    kind = draw(st.sampled_from(["matrices", "row", "column", "dot"]))
    if kind == "matrices":
        return [(*left, m, k), (*right, k, n)]
    return {"row": [(k,), (*right, k, n)], "column": [(*left, m, k), (k,)], "dot": [(k,), (k,)]}[kind]


@st.composite
def attention_shapes(draw: st.DrawFn, *, square: bool = False) -> list[tuple[int, ...]]:
    batch, heads, t, size = draw(st.sampled_from([1, 3])), draw(lengths), draw(lengths), draw(lengths)
    s = t if square else 5
    return [(batch, heads, t, size), (batch, heads, s, size), (batch, heads, s, size)]


def labels_for(shape: tuple[int, ...]) -> np.ndarray:
    labels = np.arange(int(np.prod(shape[:-1]))).reshape(shape[:-1]) * 7 % shape[-1]
    return np.where(labels == 1, ops.IGNORE, labels)


def torch_sdpa(torch: Any, q: Any, k: Any, v: Any, allowed: Any = None, bias: Any = None) -> Any:
    """Attention in PyTorch, with zeros for a query that may attend to nothing."""
    scores = q @ k.mT / q.shape[-1] ** 0.5 + (0 if bias is None else bias)
    if allowed is None:
        return scores.softmax(-1) @ v
    return torch.nan_to_num(scores.masked_fill(~allowed, -torch.inf).softmax(-1)).mul(allowed) @ v


def _mask(q: Tensor) -> np.ndarray:
    return MASK[: q.shape[0]] if q.shape[0] == 3 else MASK[1:2]


def _torch_lstm(torch: Any, x: Any, wi: Any, wh: Any, b: Any) -> Any:
    layer = torch.nn.LSTM(x.shape[-1], wh.shape[1], batch_first=True, dtype=x.dtype)
    parameters = {"weight_ih_l0": wi, "weight_hh_l0": wh, "bias_ih_l0": b, "bias_hh_l0": torch.zeros_like(b)}
    return torch.func.functional_call(layer, parameters, x)[0]


def _our_lstm(x: Tensor, wi: Tensor, wh: Tensor, b: Tensor) -> Tensor:
    state = np.zeros((x.shape[0], wh.shape[1]), x.dtype)
    return ops.lstm(x, state, state, wi, wh, b)[0]


def _embedding_ids(n: int) -> np.ndarray:
    return np.array([[0, n - 1, 0], [n // 2, 0, n - 1]])


def _positions(x: Any) -> np.ndarray:
    """Positions (B, T) that differ from row to row, and do not begin with 0."""
    return 3 + 2 * np.arange(x.shape[0])[:, None] + np.arange(x.shape[2])


def _torch_rotary(torch: Any, x: Any, positions: np.ndarray, theta: float) -> Any:
    """Pairs of numbers as complex ones, and a rotation as the product with exp(i · angle)."""
    half = x.shape[-1] // 2
    angles = torch.tensor(positions)[:, None, :, None] * theta ** (-torch.arange(half, dtype=torch.float64) / half)
    turned = torch.complex(x[..., :half], x[..., half:]) * torch.polar(torch.ones_like(angles), angles).to(
        torch.complex128 if x.dtype == torch.float64 else torch.complex64
    )
    return torch.cat([turned.real, turned.imag], -1)


INDEX = np.array([0, 0, -1])
KEEP = 0.7

CASES = [
    Case("add", broadcastable(), ops.add, lambda T, a, b: a + b),
    Case("sub", broadcastable(), ops.sub, lambda T, a, b: a - b),
    Case("mul", broadcastable(), ops.mul, lambda T, a, b: a * b),
    Case("div", broadcastable(), ops.div, lambda T, a, b: a / b, "positive"),
    Case("neg", one, ops.neg, lambda T, x: -x),
    Case("power", one, lambda x: ops.power(x, 2.5), lambda T, x: x**2.5, "positive"),
    Case("power", one, lambda x: ops.power(x, 0), lambda T, x: x**0),
    Case("exp", one, ops.exp, lambda T, x: x.exp()),
    Case("log", one, ops.log, lambda T, x: x.log(), "positive"),
    Case("sqrt", one, ops.sqrt, lambda T, x: x.sqrt(), "positive"),
    Case("abs", one, ops.abs, lambda T, x: x.abs(), "distinct"),
    Case("maximum", broadcastable(), ops.maximum, lambda T, a, b: T.maximum(a, b), "distinct"),
    Case("minimum", broadcastable(), ops.minimum, lambda T, a, b: T.minimum(a, b), "distinct"),
    Case("clip", one, lambda x: ops.clip(x, -1.03, 1.03), lambda T, x: x.clip(-1.03, 1.03), "distinct"),
    Case(
        "where",
        with_axes.map(lambda s: [s[0], s[0]]),
        lambda a, b: ops.where(np.arange(a.size).reshape(a.shape) % 2 == 0, a, b),
        lambda T, a, b: T.where(T.arange(a.numel()).reshape(a.shape) % 2 == 0, a, b),
    ),
    Case("relu", one, ops.relu, lambda T, x: x.relu(), "distinct", kernel=True),
    Case("tanh", one, ops.tanh, lambda T, x: x.tanh()),
    Case("sigmoid", one, ops.sigmoid, lambda T, x: x.sigmoid()),
    Case("log_sigmoid", one, ops.log_sigmoid, lambda T, x: T.nn.functional.logsigmoid(x)),
    Case("silu", one, ops.silu, lambda T, x: T.nn.functional.silu(x)),
    Case("gelu", one, ops.gelu, lambda T, x: T.nn.functional.gelu(x), kernel=True),
    Case(
        "gelu_tanh",
        one,
        ops.gelu_tanh,
        lambda T, x: T.nn.functional.gelu(x, approximate="tanh"),
        kernel=True,
    ),
    Case("sum", one, ops.sum, lambda T, x: x.sum()),
    Case("sum", with_axes, lambda x: ops.sum(x, axis=(0, 2)), lambda T, x: x.sum((0, 2))),
    Case("mean", with_axes, lambda x: ops.mean(x, axis=1, keepdims=True), lambda T, x: x.mean(1, keepdim=True)),
    Case("mean", one, ops.mean, lambda T, x: x.mean()),
    Case("max", with_axes, lambda x: ops.max(x, axis=-1), lambda T, x: x.amax(-1), "distinct"),
    Case("max", one, ops.max, lambda T, x: x.max(), "distinct"),
    Case("var", with_axes, lambda x: ops.var(x, axis=1), lambda T, x: x.var(1, correction=0)),
    Case("logsumexp", with_axes, lambda x: ops.logsumexp(x, axis=1), lambda T, x: x.logsumexp(1)),
    Case("softmax", with_axes, lambda x: ops.softmax(x, axis=1), lambda T, x: x.softmax(1)),
    Case("log_softmax", with_axes, ops.log_softmax, lambda T, x: x.log_softmax(-1)),
    Case("reshape", with_axes, lambda x: ops.reshape(x, (-1, x.shape[0])), lambda T, x: x.reshape(-1, x.shape[0])),
    Case("transpose", with_axes, lambda x: ops.transpose(x, (2, 0, 1)), lambda T, x: x.permute(2, 0, 1)),
    Case("transpose", with_axes, ops.transpose, lambda T, x: x.permute(2, 1, 0)),
    Case("swapaxes", with_axes, lambda x: ops.swapaxes(x, 0, 2), lambda T, x: x.transpose(0, 2)),
    Case(
        "split_heads",
        with_axes.map(lambda s: [(*s[0][:2], 3 * s[0][2])]),
        lambda x: ops.split_heads(x, 3),
        lambda T, x: x.reshape(*x.shape[:2], 3, -1).transpose(1, 2),
    ),
    Case(
        "merge_heads",
        with_axes.map(lambda s: [(*s[0], 2)]),
        ops.merge_heads,
        lambda T, x: x.transpose(1, 2).flatten(2),
    ),
    Case("expand_dims", with_axes, lambda x: ops.expand_dims(x, 1), lambda T, x: x[:, None]),
    Case("squeeze", with_axes.map(lambda s: [(s[0][0], 1, s[0][2])]), ops.squeeze, lambda T, x: x.squeeze()),
    Case("broadcast_to", with_axes, lambda x: ops.broadcast_to(x, (4, *x.shape)), lambda T, x: x.expand(4, *x.shape)),
    Case(
        "concatenate",
        st.tuples(lengths, lengths, lengths).map(lambda s: [(2, s[0]), (2, s[1]), (2, s[2])]),
        lambda *xs: ops.concatenate(xs, axis=1),
        lambda T, *xs: T.cat(xs, dim=1),
    ),
    Case(
        "stack",
        with_axes.map(lambda s: s * 3),
        lambda *xs: ops.stack(xs, axis=1),
        lambda T, *xs: T.stack(xs, dim=1),
    ),
    Case(
        "split",
        st.tuples(lengths, lengths).map(lambda s: [(s[0], 3 * s[1])]),
        lambda x: ops.split(x, 3)[0] * ops.split(x, 3)[2],
        lambda T, x: x.chunk(3, -1)[0] * x.chunk(3, -1)[2],
    ),
    Case("getitem", with_axes, lambda x: x[0, ..., ::2], lambda T, x: x[0, ..., ::2]),
    Case("getitem", with_axes, lambda x: x[INDEX, 0], lambda T, x: x[INDEX, 0]),
    Case("getitem", with_axes, lambda x: x[INDEX], lambda T, x: x[INDEX]),
    Case("getitem", with_axes, lambda x: x[INDEX[:, None], INDEX], lambda T, x: x[INDEX[:, None], INDEX]),
    Case("getitem", with_axes, lambda x: x[:, INDEX], lambda T, x: x[:, INDEX]),
    Case("matmul", matrices(), ops.matmul, lambda T, a, b: a @ b, kernel=True),
    Case(
        "linear",
        st.tuples(lengths, lengths, lengths).map(lambda s: [(2, s[0], s[1]), (s[2], s[1]), (s[2],)]),
        ops.linear,
        lambda T, x, w, b: T.nn.functional.linear(x, w, b),
        kernel=True,
    ),
    Case(
        "linear",
        st.tuples(lengths, lengths).map(lambda s: [(s[0],), (s[1], s[0])]),
        ops.linear,
        lambda T, x, w: T.nn.functional.linear(x, w),
        kernel=True,
    ),
    Case(
        "embedding",
        st.tuples(lengths, lengths).map(lambda s: [s]),
        lambda w: ops.embedding(_embedding_ids(w.shape[0]), w),
        lambda T, w: T.nn.functional.embedding(T.tensor(_embedding_ids(w.shape[0])), w),
    ),
    Case(
        "layer_norm",
        normal,
        lambda x, w, b: ops.layer_norm(x, w, b, eps=0.1),
        lambda T, x, w, b: T.nn.functional.layer_norm(x, w.shape, w, b, eps=0.1),
        kernel=True,
    ),
    Case(
        "rms_norm",
        normal.map(lambda s: s[:2]),
        lambda x, w: ops.rms_norm(x, w, eps=0.1),
        lambda T, x, w: T.nn.functional.rms_norm(x, w.shape, w, eps=0.1),
        kernel=True,
    ),
    Case(
        "rotary",
        st.tuples(st.sampled_from([1, 3]), lengths, lengths, lengths).map(lambda s: [(*s[:3], 2 * s[3])]),
        lambda x: ops.rotary(x, _positions(x), theta=50.0),
        lambda T, x: _torch_rotary(T, x, _positions(x), 50.0),
    ),
    Case("attention", attention_shapes(), ops.attention, torch_sdpa, kernel=True),
    Case(
        "attention",
        attention_shapes(square=True),
        lambda q, k, v: ops.attention(q, k, v, causal=True),
        lambda T, q, k, v: T.nn.functional.scaled_dot_product_attention(q, k, v, is_causal=True),
        kernel=True,
    ),
    Case(
        "attention",
        attention_shapes().map(lambda s: [*s, (1, s[0][1], s[0][2], s[1][2])]),
        lambda q, k, v, bias: ops.attention(q, k, v, mask=_mask(q), bias=bias),
        lambda T, q, k, v, bias: torch_sdpa(T, q, k, v, T.tensor(_mask(q))[:, None, None, :], bias),
        kernel=True,
    ),
    Case(
        "dropout",
        one,
        lambda x: ops.dropout(x, 1 - KEEP, np.random.default_rng(5)),
        lambda T, x: x * T.tensor(np.random.default_rng(5).random(x.shape, dtype=np.float32) >= 1 - KEEP) / KEEP,
    ),
    Case(
        "cross_entropy",
        with_axes,
        lambda x: ops.cross_entropy(x, labels_for(x.shape)),
        lambda T, x: (
            T.nn.functional.cross_entropy(x.flatten(0, 1), T.tensor(labels_for(x.shape)).flatten())
            if (labels_for(x.shape) != ops.IGNORE).any()
            else x.sum() * 0
        ),
        kernel=True,
    ),
    Case(
        "binary_cross_entropy_with_logits",
        with_axes,
        lambda x: ops.binary_cross_entropy_with_logits(x, np.full(x.shape, 0.3)),
        lambda T, x: T.nn.functional.binary_cross_entropy_with_logits(x, T.full_like(x, 0.3)),
    ),
    Case(
        "mse_loss",
        with_axes.map(lambda s: s * 2),
        ops.mse_loss,
        lambda T, a, b: T.nn.functional.mse_loss(a, b),
    ),
    Case(
        "lstm",
        st.tuples(lengths, lengths, lengths, lengths).map(
            lambda s: [(s[0], s[1], s[2]), (4 * s[3], s[2]), (4 * s[3], s[3]), (4 * s[3],)]
        ),
        _our_lstm,
        _torch_lstm,
        kernel=True,
    ),
]

IDS = [f"{case.op}-{number}" for number, case in enumerate(CASES)]


def draw_inputs(case: Case, shapes: list[tuple[int, ...]], seed: int, dtype: Any = np.float64) -> list[np.ndarray]:
    """Random inputs of the given shapes and of values that suit the case."""
    rng = np.random.default_rng(seed)
    sizes = [int(np.prod(shape)) for shape in shapes]
    if case.kind == "distinct":  # multiples of 0.1 in random order: no two closer, none near 0 or the clip
        values = 0.1 * rng.permutation(sum(sizes)) - 0.05 * sum(sizes) + 0.017
    else:
        values = rng.standard_normal(sum(sizes))
    if case.kind == "positive":
        values = 0.5 + np.abs(values)
    parts = np.split(values, np.cumsum(sizes)[:-1])
    return [part.reshape(shape).astype(dtype) for part, shape in zip(parts, shapes, strict=True)]
