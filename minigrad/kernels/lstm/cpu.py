"""An LSTM layer on a CPU: BLAS for the products, one compiled pass for the cell of a time step.

Time runs along the first axis inside, so that a step's (B, 4N) block of gates is contiguous.
"""

import numpy as np
from numba import njit

from minigrad.array_type import Array


def lstm_forward(
    x: Array, h0: Array, c0: Array, weight_ih: Array, weight_hh: Array, bias: Array
) -> tuple[Array, Array, Array]:
    """The outputs, the cells, and the gates after their activations; see the reference."""
    (batch, length, _), size = x.shape, h0.shape[1]
    steps = np.ascontiguousarray(x.swapaxes(0, 1))
    gates = np.matmul(steps.reshape(length * batch, -1), weight_ih.T).reshape(length, batch, 4 * size)
    gates += bias
    outputs, cells = np.empty((2, length, batch, size), x.dtype)
    recurrent = np.empty((batch, 4 * size), x.dtype)
    h, c = h0, np.ascontiguousarray(c0)
    for t in range(length):
        np.matmul(h, weight_hh.T, out=recurrent)
        _cell_forward(gates[t], recurrent, c, outputs[t], cells[t])
        h, c = outputs[t], cells[t]
    return outputs.swapaxes(0, 1), cells.swapaxes(0, 1), gates.swapaxes(0, 1)


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
    """The gradients of x, weight_ih, weight_hh and bias."""
    (batch, length, _), size = x.shape, h0.shape[1]
    grad, cells, gates = (np.ascontiguousarray(a.swapaxes(0, 1)) for a in (grad, cells, gates))
    grad_gates = np.empty_like(gates)
    grad_h, grad_c = np.zeros((2, batch, size), x.dtype)
    for t in reversed(range(length)):
        c_before = cells[t - 1] if t else np.ascontiguousarray(c0)
        _cell_backward(grad[t], grad_h, grad_c, gates[t], c_before, cells[t], grad_gates[t])
        np.matmul(grad_gates[t], weight_hh, out=grad_h)

    flat = grad_gates.reshape(length * batch, -1)
    h_before = np.concatenate([h0[None], outputs.swapaxes(0, 1)[:-1]]).reshape(length * batch, -1)
    grad_x = np.matmul(flat, weight_ih).reshape(length, batch, -1).swapaxes(0, 1)
    steps = x.swapaxes(0, 1).reshape(length * batch, -1)
    return grad_x, np.matmul(flat.T, steps), np.matmul(flat.T, h_before), flat.sum(axis=0)


@njit(cache=True, nogil=True, error_model="numpy")
def _cell_forward(gates, recurrent, c_before, h, c):  # type: ignore[no-untyped-def]
    n_batch, size = h.shape
    one = h.dtype.type(1)
    for b in range(n_batch):
        for n in range(size):
            i = one / (one + np.exp(-(gates[b, n] + recurrent[b, n])))
            f = one / (one + np.exp(-(gates[b, size + n] + recurrent[b, size + n])))
            g = np.tanh(gates[b, 2 * size + n] + recurrent[b, 2 * size + n])
            o = one / (one + np.exp(-(gates[b, 3 * size + n] + recurrent[b, 3 * size + n])))
            c[b, n] = f * c_before[b, n] + i * g
            h[b, n] = o * np.tanh(c[b, n])
            gates[b, n], gates[b, size + n], gates[b, 2 * size + n], gates[b, 3 * size + n] = i, f, g, o


@njit(cache=True, nogil=True, error_model="numpy")
def _cell_backward(grad, grad_h, grad_c, gates, c_before, c, grad_gates):  # type: ignore[no-untyped-def]
    n_batch, size = c.shape
    one = c.dtype.type(1)
    for b in range(n_batch):
        for n in range(size):
            i, f, g, o = gates[b, n], gates[b, size + n], gates[b, 2 * size + n], gates[b, 3 * size + n]
            tanh_c = np.tanh(c[b, n])
            dh = grad_h[b, n] + grad[b, n]
            dc = grad_c[b, n] + dh * o * (one - tanh_c * tanh_c)
            grad_gates[b, n] = dc * g * i * (one - i)
            grad_gates[b, size + n] = dc * c_before[b, n] * f * (one - f)
            grad_gates[b, 2 * size + n] = dc * i * (one - g * g)
            grad_gates[b, 3 * size + n] = dh * tanh_c * o * (one - o)
            grad_c[b, n] = dc * f
