"""An LSTM layer over arrays.

Contract: x (B, T, D), h0 and c0 (B, N), weight_ih (4N, D), weight_hh (4N, N), bias (4N,); the four
gates are stacked in the order i, f, g, o.

The outputs are right to the last bits also where a gate is nearly closed: its value is small, not 0. The gradients
come from the gates as they are stored, through 1 - i and 1 - g². In float32 that is exact to 6e-8, not to a fraction
of itself: of a gate that is open but for 1e-5, the gradient is right to 0.6%.
"""

from minigrad.array_type import Array
from minigrad.kernels import check_shape, wants_cuda, wants_reference


def lstm_forward(
    x: Array, h0: Array, c0: Array, weight_ih: Array, weight_hh: Array, bias: Array
) -> tuple[Array, Array, Array]:
    """The outputs h (B, T, N), the cells c (B, T, N), and the gates after their activations (B, T, 4N)."""
    (batch, _, d_in), size = x.shape, h0.shape[-1]
    for name, state in (("h0", h0), ("c0", c0)):
        check_shape(name, state, (batch, size))
    _check_weights(weight_ih, weight_hh, d_in, size)
    check_shape("bias", bias, (4 * size,))
    if wants_reference(x):
        from minigrad.kernels.lstm import reference

        return reference.lstm_forward(x, h0, c0, weight_ih, weight_hh, bias)
    if wants_cuda(x):
        from minigrad.kernels.lstm import cuda

        return cuda.lstm_forward(x, h0, c0, weight_ih, weight_hh, bias)
    from minigrad.kernels.lstm import cpu

    return cpu.lstm_forward(x, h0, c0, weight_ih, weight_hh, bias)


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
    (batch, length, d_in), size = x.shape, h0.shape[-1]
    for name, state in (("h0", h0), ("c0", c0)):
        check_shape(name, state, (batch, size))
    for name, array in (("grad", grad), ("outputs", outputs), ("cells", cells)):
        check_shape(name, array, (batch, length, size))
    check_shape("gates", gates, (batch, length, 4 * size))
    _check_weights(weight_ih, weight_hh, d_in, size)
    if wants_reference(x):
        from minigrad.kernels.lstm import reference

        return reference.lstm_backward(grad, x, h0, c0, weight_ih, weight_hh, outputs, cells, gates)
    if wants_cuda(x):
        from minigrad.kernels.lstm import cuda

        return cuda.lstm_backward(grad, x, h0, c0, weight_ih, weight_hh, outputs, cells, gates)
    from minigrad.kernels.lstm import cpu

    return cpu.lstm_backward(grad, x, h0, c0, weight_ih, weight_hh, outputs, cells, gates)


def _check_weights(weight_ih: Array, weight_hh: Array, d_in: int, size: int) -> None:
    check_shape("weight_ih", weight_ih, (4 * size, d_in))
    check_shape("weight_hh", weight_hh, (4 * size, size))
