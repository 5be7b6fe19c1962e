"""No kernel reads or writes where it should not: shapes that do not fit and indices out of range are refused by the
contract, whichever kernels run."""

from collections.abc import Callable

import numpy as np
import pytest

from minigrad import use_kernels
from minigrad.kernels import attention, bias, cross_entropy, embedding, gelu, layernorm, lstm, matmul, relu
from minigrad.kernels.matmul import cpu as matmul_cpu
from tests.gpu_double import to_gpu

SETS = ["reference", "fast", "cuda_on_host"]


def a(*shape: int) -> np.ndarray:
    """An array of ones of a shape."""
    return np.ones(shape, np.float32)


Q, SAVED_LSTM = a(2, 1, 3, 4), (a(2, 3, 5), a(2, 3, 5), a(2, 3, 20))
LABELS, COUNTS = np.array([0, 1]), np.ones(2, bool)


def lstm_backward(**other: np.ndarray) -> object:
    names = ["grad", "x", "h0", "c0", "weight_ih", "weight_hh", "outputs", "cells", "gates"]
    arrays = a(2, 3, 5), a(2, 3, 4), a(2, 5), a(2, 5), a(20, 4), a(20, 5), *SAVED_LSTM
    return lstm.lstm_backward(**(dict(zip(names, arrays, strict=True)) | other))


def lstm_forward(**other: np.ndarray) -> object:
    names = ["x", "h0", "c0", "weight_ih", "weight_hh", "bias"]
    arrays = a(2, 3, 4), a(2, 5), a(2, 5), a(20, 4), a(20, 5), a(20)
    return lstm.lstm_forward(**(dict(zip(names, arrays, strict=True)) | other))


def attend(q=Q, k=Q, v=Q, mask=None, bias=None) -> object:
    return attention.attention_forward(q, k, v, mask, bias, False, 1.0)


# Which argument does not fit, and the call.
SHAPES: dict[str, tuple[str, Callable[[], object]]] = {
    "relu": ("grad", lambda: relu.relu_backward(a(3), a(4))),
    "gelu, grad": ("grad", lambda: gelu.gelu_backward(a(3), a(4), a(4))),
    "gelu, out": ("out", lambda: gelu.gelu_backward(a(4), a(4), a(3))),
    "gelu_tanh, grad": ("grad", lambda: gelu.gelu_tanh_backward(a(3), a(4), a(4))),
    "gelu_tanh, out": ("out", lambda: gelu.gelu_tanh_backward(a(4), a(4), a(3))),
    "bias": ("bias", lambda: bias.add_bias(a(2, 4), a(3))),
    "embedding": ("rows", lambda: embedding.scatter_add(a(2, 4), np.array([0, 1, 1]), 4)),
    "cross_entropy, targets": ("targets", lambda: cross_entropy.cross_entropy(a(3, 4), LABELS, a(3) > 0, 1.0)),
    "cross_entropy, counts": ("counts", lambda: cross_entropy.cross_entropy(a(2, 4), LABELS, COUNTS[:1], None)),
    "layernorm, weight": ("weight", lambda: layernorm.layernorm_forward(a(2, 4), a(3), a(4), 0.1)),
    "layernorm, bias": ("bias", lambda: layernorm.layernorm_forward(a(2, 4), a(4), a(3), 0.1)),
    "layernorm, grad": ("grad", lambda: layernorm.layernorm_backward(a(1, 4), a(2, 4), a(4), a(2, 1), a(2, 1))),
    "layernorm, mean": ("mean", lambda: layernorm.layernorm_backward(a(2, 4), a(2, 4), a(4), a(1, 1), a(2, 1))),
    "layernorm, rstd": ("rstd", lambda: layernorm.layernorm_backward(a(2, 4), a(2, 4), a(4), a(2, 1), a(1, 1))),
    "rmsnorm, weight": ("weight", lambda: layernorm.rmsnorm_forward(a(2, 4), a(5), 0.1)),
    "rmsnorm, grad": ("grad", lambda: layernorm.rmsnorm_backward(a(2, 3), a(2, 4), a(4), a(2, 1))),
    "rmsnorm, rstd": ("rstd", lambda: layernorm.rmsnorm_backward(a(2, 4), a(2, 4), a(4), a(1, 1))),
    "lstm, h0": ("h0", lambda: lstm_forward(h0=a(1, 5))),
    "lstm, c0": ("c0", lambda: lstm_forward(c0=a(2, 4))),
    "lstm, weight_ih": ("weight_ih", lambda: lstm_forward(weight_ih=a(16, 4))),
    "lstm, weight_hh": ("weight_hh", lambda: lstm_forward(weight_hh=a(20, 4))),
    "lstm, bias": ("bias", lambda: lstm_forward(bias=a(19))),
    "lstm, grad": ("grad", lambda: lstm_backward(grad=a(2, 2, 5))),
    "lstm, outputs": ("outputs", lambda: lstm_backward(outputs=a(2, 2, 5))),
    "lstm, cells": ("cells", lambda: lstm_backward(cells=a(2, 3, 4))),
    "lstm, gates": ("gates", lambda: lstm_backward(gates=a(2, 3, 5))),
    "attention, k": ("k", lambda: attend(k=a(2, 1, 3, 5))),
    "attention, v": ("v", lambda: attend(v=a(2, 1, 2, 4))),
    "attention, mask": ("mask", lambda: attend(mask=a(2, 1, 1, 2) > 0)),
    "attention, a mask of two axes": ("mask", lambda: attend(mask=a(2, 3) > 0)),
    "attention, bias": ("bias", lambda: attend(bias=a(1, 1, 3, 2))),
    "attention, an empty bias": ("bias", lambda: attend(bias=a(1, 1, 0, 3))),
    "attention, grad": ("grad", lambda: attention.attention_backward(a(2, 1, 2, 4), Q, Q, Q, attend()[1], 1.0)),
    "matmul": ("matmul", lambda: matmul.matmul(a(2, 3), a(2, 4))),
    "matmul, few rows": ("(few_rows_)?matmul", lambda: matmul.matmul(a(2, 3), a(4, 2).T)),
}


@pytest.mark.parametrize("name", SHAPES)
@pytest.mark.parametrize("kernels", SETS)
def test_shapes_that_do_not_fit_are_refused(name: str, kernels: str):
    word, call = SHAPES[name]
    with use_kernels(kernels), pytest.raises(ValueError, match=rf"\b{word}\b"):
        call()


def test_our_matrix_products_refuse_shapes_that_do_not_fit():
    with pytest.raises(ValueError, match=r"few_rows_matmul needs A \(M, K\) and B \(N, K\), got \(2, 3\) and \(4, 2\)"):
        matmul_cpu.few_rows_matmul(a(2, 3), a(4, 2))
    with pytest.raises(ValueError, match=r"tiled_matmul needs \(M, K\) and \(K, N\), got \(2, 3\) and \(2, 4\)"):
        matmul_cpu.tiled_matmul(a(2, 3), a(2, 4))


OUTSIDE = [-1, 4, -(2**40), 2**40]


@pytest.mark.parametrize("index", OUTSIDE)
@pytest.mark.parametrize("kernels", SETS)
def test_an_index_out_of_range_is_refused(index: int, kernels: str):
    with use_kernels(kernels):
        with pytest.raises(ValueError, match=r"rows must lie in \[0, 4\)"):
            embedding.scatter_add(a(2, 3), np.array([0, index]), 4)
        for scale in (None, 1.0):
            with pytest.raises(ValueError, match=r"targets must lie in \[0, 4\)"):
                cross_entropy.cross_entropy(a(2, 4), np.array([0, index]), COUNTS, scale)


@pytest.mark.usefixtures("gpu")
@pytest.mark.parametrize("index", OUTSIDE)
def test_on_a_gpu_a_kernel_leaves_out_an_index_that_is_out_of_range(index: int):
    rows = to_gpu(np.array([0, index, 3]))
    table = embedding.scatter_add(to_gpu(a(3, 2)), rows, 4)
    np.testing.assert_array_equal(table.host, [[1, 1], [0, 0], [0, 0], [1, 1]])
    losses, grad = cross_entropy.cross_entropy(to_gpu(a(3, 4)), rows, to_gpu(a(3) > 0), 1.0)
    np.testing.assert_allclose(losses.host, [np.log(4), np.inf, np.log(4)], rtol=1e-6)
    np.testing.assert_allclose(grad.host[1], 0.25, rtol=1e-6)
