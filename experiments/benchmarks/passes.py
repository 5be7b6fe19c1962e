"""A forward and a backward pass as one call. It imports none of the libraries that are measured."""

from collections.abc import Callable, Sequence
from typing import Any


def both_passes(forward: Callable[[], Any], gradient: Any, leaves: Sequence[Any]) -> Callable[[], None]:
    """A call of forward, then of backward with this gradient of the output; it drops the leaves' gradients afterwards.

    Tensors may be minigrad's or PyTorch's: both have `backward` and `grad`.
    """

    def work() -> None:
        forward().backward(gradient)
        for leaf in leaves:
            leaf.grad = None

    return work


def attention_passes(
    kernel: Any, q: Any, k: Any, v: Any, grad: Any, mask: Any, bias: Any, causal: bool, scale: float
) -> list[Any]:
    """Both passes of one of our attention kernels: the output, and the gradients of q, k, v and the scores."""
    out, saved = kernel.attention_forward(q, k, v, mask, bias, causal, scale)
    return [out, *kernel.attention_backward(grad, q, k, v, saved, scale)]
