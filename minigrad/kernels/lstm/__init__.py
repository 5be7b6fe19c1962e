"""An LSTM layer over arrays.

Contract: x (B, T, D), h0 and c0 (B, N), weight_ih (4N, D), weight_hh (4N, N), bias (4N,); the four gates are stacked
in the order i, f, g, o.

The outputs are exact to the last bits, even where a gate is nearly closed: then its value is small, not 0. The
gradients use the stored gates, through 1 - i and 1 - g². In float32 these differences have an absolute error of 6e-8,
not a relative one: if a gate is open but for 1e-5, the gradient is right to 0.6%.
"""

from minigrad.array_type import Array
from minigrad.kernels import backend_for, wrong_shape


def lstm_forward(
    x: Array, h0: Array, c0: Array, weight_ih: Array, weight_hh: Array, bias: Array
) -> tuple[Array, Array, Array]:
    """The outputs h (B, T, N), the cells c (B, T, N), and the gates after their activations (B, T, 4N)."""
    _check_inputs(x, h0, c0, weight_ih, weight_hh)
    if bias.shape != weight_ih.shape[:1]:
        raise wrong_shape("bias", bias, weight_ih.shape[:1])
    backend = backend_for(__name__, x)
    return backend.lstm_forward(x, h0, c0, weight_ih, weight_hh, bias)


def lstm_backward(
    grad: Array,
    x: Array,
    h0: Array,
    c0: Array,
    weight_ih: Array,
    weight_hh: Array,
    outputs: Array,
    cells: Array,
    gates: Array,
) -> tuple[Array, Array, Array, Array]:
    """The gradients of x, weight_ih, weight_hh and bias, given that of the outputs (B, T, N)."""
    _check_inputs(x, h0, c0, weight_ih, weight_hh)
    (batch, length, _), size = x.shape, h0.shape[-1]
    for name, array in (("grad", grad), ("outputs", outputs), ("cells", cells)):
        if array.shape != (batch, length, size):
            raise wrong_shape(name, array, (batch, length, size))
    if gates.shape != (batch, length, 4 * size):
        raise wrong_shape("gates", gates, (batch, length, 4 * size))
    backend = backend_for(__name__, x)
    return backend.lstm_backward(grad, x, h0, c0, weight_ih, weight_hh, outputs, cells, gates)


def _check_inputs(x: Array, h0: Array, c0: Array, weight_ih: Array, weight_hh: Array) -> None:
    (batch, _, d_in), size = x.shape, h0.shape[-1]
    for name, state in (("h0", h0), ("c0", c0)):
        if state.shape != (batch, size):
            raise wrong_shape(name, state, (batch, size))
    if weight_ih.shape != (4 * size, d_in):
        raise wrong_shape("weight_ih", weight_ih, (4 * size, d_in))
    if weight_hh.shape != (4 * size, size):
        raise wrong_shape("weight_hh", weight_hh, (4 * size, size))
