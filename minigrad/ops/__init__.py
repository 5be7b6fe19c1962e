"""The ops: differentiable functions of tensors, each with its backward rule inside it.

Read `arithmetic.py` first: every other op has the same three parts (compute the output, define the
rule, record both).

All tensors of an op must be on one device. Constants, ids, labels, masks and indices may be NumPy arrays on either:
the op moves them (see `minigrad/device.py`). The caller may overwrite them once the op has returned, because the rule
reads a copy. A write into a tensor, in contrast, is detected by the tape.
"""

from minigrad.ops.activation import gelu, gelu_tanh, log_sigmoid, relu, sigmoid, silu, tanh
from minigrad.ops.arithmetic import (
    abs,
    add,
    clip,
    div,
    exp,
    log,
    maximum,
    minimum,
    mul,
    neg,
    power,
    sqrt,
    sub,
    where,
)
from minigrad.ops.attention import attention
from minigrad.ops.dropout import dropout
from minigrad.ops.embedding import check_ids, embedding
from minigrad.ops.linear import linear, matmul
from minigrad.ops.loss import IGNORE, binary_cross_entropy_with_logits, cross_entropy, mse_loss
from minigrad.ops.lstm import lstm
from minigrad.ops.normalization import layer_norm, rms_norm
from minigrad.ops.reduction import log_softmax, logsumexp, max, mean, softmax, sum, var
from minigrad.ops.rotary import rotary
from minigrad.ops.shape import (
    broadcast_to,
    concatenate,
    expand_dims,
    getitem,
    merge_heads,
    reshape,
    split,
    split_heads,
    squeeze,
    stack,
    swapaxes,
    transpose,
)

__all__ = [
    "IGNORE",
    "abs",
    "add",
    "attention",
    "binary_cross_entropy_with_logits",
    "broadcast_to",
    "check_ids",
    "clip",
    "concatenate",
    "cross_entropy",
    "div",
    "dropout",
    "embedding",
    "exp",
    "expand_dims",
    "gelu",
    "gelu_tanh",
    "getitem",
    "layer_norm",
    "linear",
    "log",
    "log_sigmoid",
    "log_softmax",
    "logsumexp",
    "lstm",
    "matmul",
    "max",
    "maximum",
    "mean",
    "minimum",
    "mse_loss",
    "mul",
    "neg",
    "power",
    "relu",
    "merge_heads",
    "reshape",
    "rms_norm",
    "rotary",
    "sigmoid",
    "silu",
    "softmax",
    "split",
    "split_heads",
    "sqrt",
    "squeeze",
    "stack",
    "sub",
    "sum",
    "swapaxes",
    "tanh",
    "transpose",
    "var",
    "where",
]
