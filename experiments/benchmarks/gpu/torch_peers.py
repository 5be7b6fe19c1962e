"""PyTorch's works: as in `ours.py`, a function for each kind of line, which returns a work for each peer.

Products of float32 matrices stay in float32, which is PyTorch's default.
"""

from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor
from torch.nn import functional
from torch.nn.attention import SDPBackend, sdpa_kernel

from experiments.benchmarks.cpu import torch_twins
from experiments.benchmarks.cpu.sizes import Size
from experiments.benchmarks.gpu.lines import Line

Work = Callable[[], object]

EPS = 1e-5  # as in ours.py
BACKENDS = {
    "flash": SDPBackend.FLASH_ATTENTION,
    "memory-efficient": SDPBackend.EFFICIENT_ATTENTION,
    "math": SDPBackend.MATH,
}
DTYPES = {"float32": torch.float32, "bf16": torch.bfloat16}


def kernel(line: Line, device: str) -> dict[str, Work]:
    """The works of a line of `lines.kernels`, by peer; none for products, for which PyTorch calls cuBLAS too."""
    if line.kind not in KERNELS:
        return {}
    return KERNELS[line.kind](device, **line.arguments)


def values(device: str | torch.device, *shape: int, dtype: torch.dtype = torch.float32) -> Tensor:
    """Normally distributed numbers."""
    return torch.randn(*shape, device=device, dtype=dtype)


def ids(device: str, vocab_size: int, size: int) -> Tensor:
    """Random token ids."""
    return torch.randint(vocab_size, (size,), device=device)


def backward(out: Tensor, *leaves: Tensor) -> Work:
    """Only the backward pass: gradients are returned and not accumulated."""
    grad = values(out.device, *out.shape, dtype=out.dtype)
    return partial(torch.autograd.grad, out, leaves, grad, retain_graph=True)


def layer_norm_forward(device: str, rows: int, width: int) -> dict[str, Work]:
    x, weight, bias = values(device, rows, width), values(device, width), values(device, width)
    return {"PyTorch": partial(functional.layer_norm, x, (width,), weight, bias, EPS)}


def layer_norm_backward(device: str, rows: int, width: int) -> dict[str, Work]:
    x, weight, bias = (values(device, *s).requires_grad_() for s in ((rows, width), (width,), (width,)))
    return {"PyTorch": backward(functional.layer_norm(x, (width,), weight, bias, EPS), x, weight, bias)}


def rms_norm_forward(device: str, rows: int, width: int) -> dict[str, Work]:
    x, weight = values(device, rows, width), values(device, width)
    return {"PyTorch": partial(functional.rms_norm, x, (width,), weight, EPS)}


def rms_norm_backward(device: str, rows: int, width: int) -> dict[str, Work]:
    x, weight = (values(device, *shape).requires_grad_() for shape in ((rows, width), (width,)))
    return {"PyTorch": backward(functional.rms_norm(x, (width,), weight, EPS), x, weight)}


def attention_forward(
    device: str, heads: int, length: int, head_size: int, causal: int, precision: str
) -> dict[str, Work]:
    q, k, v = (values(device, 1, heads, length, head_size, dtype=DTYPES[precision]) for _ in range(3))
    return {name: partial(attended, name, q, k, v, bool(causal)) for name in backends(precision)}


def attention_both(
    device: str, heads: int, length: int, head_size: int, causal: int, precision: str
) -> dict[str, Work]:
    shape = 1, heads, length, head_size
    q, k, v = (values(device, *shape, dtype=DTYPES[precision]).requires_grad_() for _ in range(3))
    grad = values(device, *shape, dtype=DTYPES[precision])

    def work(name: str) -> object:
        return torch.autograd.grad(attended(name, q, k, v, bool(causal)), (q, k, v), grad)

    return {name: partial(work, name) for name in backends(precision)}


def backends(precision: str) -> list[str]:
    """The backends for a precision: flash attention needs 16 bits, and PyTorch prefers it there."""
    return ["flash", "math"] if precision == "bf16" else ["math", "memory-efficient"]


def attended(backend: str, q: Tensor, k: Tensor, v: Tensor, causal: bool) -> Tensor:
    """Attention by this backend only."""
    with sdpa_kernel(BACKENDS[backend]):
        return functional.scaled_dot_product_attention(q, k, v, is_causal=causal)


def cross_entropy(device: str, rows: int, vocab_size: int) -> dict[str, Work]:
    logits, targets = values(device, rows, vocab_size).requires_grad_(), ids(device, vocab_size, rows)
    return {"PyTorch": lambda: torch.autograd.grad(functional.cross_entropy(logits, targets), logits)}


def gelu_forward(device: str, size: int) -> dict[str, Work]:
    return {"PyTorch": partial(functional.gelu, values(device, size), approximate="tanh")}


def gelu_backward(device: str, size: int) -> dict[str, Work]:
    x = values(device, size).requires_grad_()
    return {"PyTorch": backward(functional.gelu(x, approximate="tanh"), x)}


def bias_forward(device: str, rows: int, width: int) -> dict[str, Work]:
    return {"PyTorch": partial(values(device, rows, width).add_, values(device, width))}


def bias_backward(device: str, rows: int, width: int) -> dict[str, Work]:
    return {"PyTorch": partial(values(device, rows, width).sum, dim=0)}


def embedding_backward(device: str, rows: int, vocab_size: int, width: int) -> dict[str, Work]:
    table = values(device, vocab_size, width).requires_grad_()
    return {"PyTorch": backward(functional.embedding(ids(device, vocab_size, rows), table), table)}


def adamw(device: str, size: int) -> dict[str, Work]:
    weights = values(device, size).requires_grad_()
    weights.grad = values(device, size)
    return {"PyTorch": torch.optim.AdamW([weights], lr=1e-4, fused=True).step}  # one kernel, as ours is


KERNELS: dict[str, Callable[..., dict[str, Work]]] = {
    "layer norm forward": layer_norm_forward,
    "layer norm backward": layer_norm_backward,
    "RMS norm forward": rms_norm_forward,
    "RMS norm backward": rms_norm_backward,
    "attention forward": attention_forward,
    "attention both passes": attention_both,
    "cross-entropy": cross_entropy,
    "GELU, forward": gelu_forward,
    "GELU, backward": gelu_backward,
    "bias, forward": bias_forward,
    "bias, backward": bias_backward,
    "embedding, backward": embedding_backward,
    "AdamW": adamw,
}


def training_steps(size: Size, device: str) -> dict[str, Work]:
    """The GPT's step, eager and compiled."""
    torch.set_float32_matmul_precision("highest")
    compiled = {"PyTorch": False, "torch.compile": True}
    return {name: torch_twins.training_step("gpt", size, flag, device) for name, flag in compiled.items()}


def missing(device: str = "cuda") -> str:
    """Why PyTorch cannot take part on this device; "" if it can."""
    return "" if device == "cpu" or torch.cuda.is_available() else "this build of torch finds no GPU"


def free_memory() -> None:
    """Release the memory that PyTorch caches."""
    torch.cuda.empty_cache()
