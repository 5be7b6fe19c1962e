"""What is measured: each kernel at each size, its memory traffic or operations, its peers and its target.

The list has only numbers and needs no GPU. Bytes are the least memory traffic of any implementation: inputs are read
once, outputs are written once. Operations are the multiplications and additions of the matrix products.
"""

from collections.abc import Iterator
from dataclasses import asdict, dataclass

from experiments.benchmarks.cpu import kernel_list
from experiments.benchmarks.cpu.sizes import Size

FLOAT32 = 4  # bytes
PRECISIONS = ("float32", "TF32", "bf16")


@dataclass(frozen=True)
class Target:
    """Ours must be at least `at_least` times as fast as the other; "copy" means a copy of as many bytes."""

    other: str
    at_least: float


TARGETS = {
    "layer norm": Target("copy", 0.85),  # both passes, at 8,192 × 4,096
    "attention, bf16": Target("flash", 0.5),  # both passes together, at length 2,048 and head size 64
    "attention, float32": Target("math", 1.0),
    "matmul": Target("cuBLAS", 0.7),  # float32 and TF32, at 4,096³
    "training step": Target("PyTorch", 1 / 1.3),
}
"""The targets on an H200-class card."""


@dataclass(frozen=True)
class Line:
    """One line of the table.

    Attributes:
        kind, arguments: the work in `ours.py` and `torch_peers.py`, and the arguments that it is called with.
        amount, unit: the work of a call in 10⁹ bytes ("GB"), 10⁹ operations ("GFLOP"), or tokens.
        limit: the measured limit of the card with which the rate is compared: "copy", a precision, or "" for none.
        checks: the names of the checks that must pass before it is timed.
        peers: the other implementations.
    """

    task: str
    shape: str
    kind: str
    arguments: dict[str, int | str]
    amount: float
    unit: str
    limit: str
    checks: tuple[str, ...]
    peers: tuple[str, ...] = ()
    target: Target | None = None


@dataclass(frozen=True)
class Sizes:
    """The sizes of all works.

    Attributes:
        rows, width: the norms' input.
        square: M, K and N of the square matrix product.
        length, heads, head_sizes: attention's T, the number of heads of the smallest size in all sequences together
            (enough to fill the card), and K. Larger heads are fewer, so that the work is the same.
        weights: the number of weights that AdamW changes.
        gpt: the model of the training step, which also decides the sizes of the other kernels.
    """

    rows: int
    width: int
    square: int
    length: int
    heads: int
    head_sizes: tuple[int, ...]
    weights: int
    gpt: Size


FULL = Sizes(
    rows=8192,
    width=4096,
    square=4096,
    length=2048,
    heads=64,
    head_sizes=(64, 128),
    weights=2**26,
    gpt=Size(vocab_size=50257, length=1024, d_model=768, n_layers=12, n_heads=12, batch_size=8),
)
QUICK = Sizes(
    rows=512,
    width=512,
    square=512,
    length=256,
    heads=8,
    head_sizes=(64, 128),
    weights=2**20,
    gpt=Size(vocab_size=1000, length=128, d_model=128, n_layers=2, n_heads=2, batch_size=2),
)


def limits(sizes: Sizes) -> list[Line]:
    """The card's limits: copying, and cuBLAS's matrix products."""
    n, m = sizes.rows * sizes.width, sizes.square
    copy = Line("copy", f"{n:,} float32", "copy", {"size": n}, 2 * n * FLOAT32 / 1e9, "GB", "", ())
    return [copy] + [
        Line(precision, cube(m), "cuBLAS", {"m": m, "k": m, "n": m, "precision": precision}, 2 * m**3 / 1e9, "GFLOP",
             "", ())
        for precision in PRECISIONS
    ]  # fmt: skip


def kernels(sizes: Sizes) -> list[Line]:
    """Every kernel that is measured."""
    return [*norms(sizes), *attentions(sizes), *matmuls(sizes), *others(sizes)]


def steps(sizes: Sizes) -> list[Line]:
    """The training step: forward, loss, backward, clipping, AdamW, in float32."""
    gpt = sizes.gpt
    shape = f"{gpt.n_layers} layers, width {gpt.d_model}; {gpt.batch_size} × {gpt.length:,} tokens"
    n_tokens, peers = gpt.batch_size * gpt.length, ("PyTorch", "torch.compile")
    checks = ("layer norm", "attention, float32", "cross-entropy", "GELU", "bias", "embedding", "AdamW", "GPT step")
    return [
        Line("GPT step", shape, "step", asdict(gpt), n_tokens, "tokens", "", checks, peers, TARGETS["training step"]),
    ]


def norms(sizes: Sizes) -> Iterator[Line]:
    """Layer norm and RMS norm, each pass by itself."""
    arguments: dict[str, int | str] = {"rows": sizes.rows, "width": sizes.width}
    for norm, target in (("layer norm", TARGETS["layer norm"]), ("RMS norm", None)):
        for way in ("forward", "backward"):
            yield Line(
                f"{norm}, {way}", f"{sizes.rows:,} × {sizes.width:,}", f"{norm} {way}", arguments,
                norm_bytes(norm, way, sizes.rows, sizes.width) / 1e9, "GB", "copy", (norm,), ("PyTorch",), target,
            )  # fmt: skip


def norm_bytes(norm: str, way: str, rows: int, width: int) -> int:
    """Forward reads x and the parameters, and writes the output and each row's statistics. Backward reads the gradient,
    x, the weight and the statistics, and writes the gradients. Layer norm has a bias and a mean, RMS norm does not."""
    of_width = {"layer norm": 2, "RMS norm": 1}[norm]  # parameters, and as many gradients
    statistics = of_width * rows
    if way == "forward":
        return FLOAT32 * (2 * rows * width + of_width * width + statistics)
    return FLOAT32 * (3 * rows * width + width + of_width * width + statistics)


def attentions(sizes: Sizes) -> Iterator[Line]:
    """In float32 and bfloat16, with small and large heads, without and with causality."""
    t = sizes.length
    for precision, peers in (("float32", ("math", "memory-efficient")), ("bf16", ("flash", "math"))):
        for head_size in sizes.head_sizes:
            heads = sizes.heads * min(sizes.head_sizes) // head_size
            for causal in (False, True):
                for way in ("forward", "both passes"):
                    arguments: dict[str, int | str] = {
                        "heads": heads, "length": t, "head_size": head_size, "causal": int(causal),
                        "precision": precision,
                    }  # fmt: skip
                    held = way == "both passes" and head_size == 64
                    yield Line(
                        f"attention, {precision}{', causal' if causal else ''}, {way}",
                        f"{heads} heads, T = {t:,}, K = {head_size}", f"attention {way}", arguments,
                        attention_operations(heads, t, head_size, causal, way) / 1e9, "GFLOP", precision,
                        (f"attention, {precision}",), peers, TARGETS[f"attention, {precision}"] if held else None,
                    )  # fmt: skip


def attention_operations(heads: int, length: int, head_size: int, causal: bool, way: str) -> int:
    """Two products in the forward pass and five in the backward pass, which computes the scores again."""
    pairs = length * (length + 1) // 2 if causal else length**2
    return 2 * heads * pairs * head_size * {"forward": 2, "both passes": 7}[way]


def matmuls(sizes: Sizes) -> Iterator[Line]:
    """Ours and cuBLAS in the same precision: a square product, and those of a GPT's layers, (M, K) · (K, N)."""
    m = sizes.square
    yield matmul(m, m, m, "float32", "tiled")
    for precision, ours in (("float32", "blocked"), ("TF32", "TF32"), ("bf16", "bf16")):
        yield matmul(m, m, m, precision, ours, None if precision == "bf16" else TARGETS["matmul"])
        for m_k_n in kernel_list.matmuls(sizes.gpt)[:4]:
            yield matmul(*m_k_n, precision, ours)


def matmul(m: int, k: int, n: int, precision: str, ours: str, target: Target | None = None) -> Line:
    """One product; `ours` names our kernel."""
    shape = cube(m) if m == k == n else f"({m:,}, {k:,}) · ({k:,}, {n:,})"
    arguments: dict[str, int | str] = {"m": m, "k": k, "n": n, "precision": precision, "ours": ours}
    task = f"matmul, {precision}" + (f", {ours}" if precision == "float32" else "")
    return Line(
        task, shape, "matmul", arguments, 2 * m * k * n / 1e9, "GFLOP", precision, (f"matmul, {ours}",), ("cuBLAS",),
        target,
    )  # fmt: skip


def others(sizes: Sizes) -> Iterator[Line]:
    """The other kernels of a training step, at the sizes of the GPT."""
    gpt = sizes.gpt
    n, d, v = gpt.batch_size * gpt.length, gpt.d_model, gpt.vocab_size
    hidden, peers = n * 4 * d, ("PyTorch",)

    def line(task: str, shape: str, check: str, n_bytes: int, **arguments: int | str) -> Line:
        return Line(task, shape, task, arguments, n_bytes / 1e9, "GB", "copy", (check,), peers)

    # Reads the logits, targets of 8 bytes and a byte that says whether they count; writes losses and gradients.
    cross_entropy = FLOAT32 * (2 * n * v + n) + 9 * n
    yield line("cross-entropy", f"{n:,} × {v:,}", "cross-entropy", cross_entropy, rows=n, vocab_size=v)
    yield line("GELU, forward", f"{n:,} × {4 * d:,}", "GELU", 2 * FLOAT32 * hidden, size=hidden)
    yield line("GELU, backward", f"{n:,} × {4 * d:,}", "GELU", 3 * FLOAT32 * hidden, size=hidden)
    # The bias is added in place: the matrix is read and written. Its gradient reads a matrix and writes a row.
    yield line("bias, forward", f"{n:,} × {4 * d:,}", "bias", FLOAT32 * (2 * hidden + 4 * d), rows=n, width=4 * d)
    yield line("bias, backward", f"{n:,} × {4 * d:,}", "bias", FLOAT32 * (hidden + 4 * d), rows=n, width=4 * d)
    scatter = FLOAT32 * (n * d + v * d) + 8 * n  # reads gradients and ids of 8 bytes, writes the whole table
    yield line("embedding, backward", f"{n:,} of {v:,} × {d:,}", "embedding", scatter, rows=n, vocab_size=v, width=d)
    # Reads weights, gradient and two moments; writes weights and moments.
    yield line("AdamW", f"{sizes.weights:,} weights", "AdamW", 7 * FLOAT32 * sizes.weights, size=sizes.weights)


def cube(m: int) -> str:
    """4,096³."""
    return f"{m:,}³"
