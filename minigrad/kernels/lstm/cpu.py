"""An LSTM layer on a CPU: BLAS for the products, one compiled pass for the cells of a time step.

Inside, time is the first axis, so that the gates of a step, (B, 4N), are contiguous.
"""

import numpy as np

from minigrad.array_type import Array
from minigrad.kernels.compilation import compiled
from minigrad.kernels.elementary import exp, tanh
from minigrad.kernels.jit import njit


def lstm_forward(
    x: Array, h0: Array, c0: Array, weight_ih: Array, weight_hh: Array, bias: Array
) -> tuple[Array, Array, Array]:
    """The outputs, the cells, and the gates after their activations; see the reference."""
    (batch, length, _), size = x.shape, h0.shape[1]
    steps = np.ascontiguousarray(x.swapaxes(0, 1))  # (T, B, D)
    gates = np.matmul(steps.reshape(length * batch, -1), weight_ih.T).reshape(length, batch, 4 * size)
    gates += bias
    outputs, cells = np.empty((2, length, batch, size), x.dtype)  # (T, B, N) each
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

    flat = grad_gates.reshape(length * batch, -1)  # (T · B, 4N)
    h_before = np.concatenate([h0[None], outputs.swapaxes(0, 1)[:-1]]).reshape(length * batch, -1)
    grad_x = np.matmul(flat, weight_ih).reshape(length, batch, -1).swapaxes(0, 1)
    steps = x.swapaxes(0, 1).reshape(length * batch, -1)
    return grad_x, np.matmul(flat.T, steps), np.matmul(flat.T, h_before), flat.sum(axis=0)


@compiled(nogil=True, error_model="numpy", fastmath={"contract"})
def _cell_forward(gates, recurrent, c_before, h, c):  # type: ignore[no-untyped-def]
    n_batch, size = h.shape
    one = h.dtype.type(1)
    for b in range(n_batch):
        # Slices first: then the inner loops run over contiguous memory and use vector instructions.
        i_row, f_row, g_row, o_row = _four(gates[b], size)
        i_in, f_in, g_in, o_in = _four(recurrent[b], size)
        c_old, c_new, h_new = c_before[b], c[b], h[b]
        for n in range(size):
            i_row[n] = one / (one + exp(-(i_row[n] + i_in[n])))
            f_row[n] = one / (one + exp(-(f_row[n] + f_in[n])))
            g_row[n] = tanh(g_row[n] + g_in[n])
            o_row[n] = one / (one + exp(-(o_row[n] + o_in[n])))
        for n in range(size):
            c_new[n] = f_row[n] * c_old[n] + i_row[n] * g_row[n]
            h_new[n] = o_row[n] * tanh(c_new[n])


@compiled(nogil=True, error_model="numpy", fastmath={"contract"})
def _cell_backward(grad, grad_h, grad_c, gates, c_before, c, grad_gates):  # type: ignore[no-untyped-def]
    n_batch, size = c.shape
    one = c.dtype.type(1)
    for b in range(n_batch):
        i, f, g, o = _four(gates[b], size)
        grad_i, grad_f, grad_g, grad_o = _four(grad_gates[b], size)
        c_old, c_new, from_above, from_later, carried = c_before[b], c[b], grad[b], grad_h[b], grad_c[b]
        for n in range(size):
            tanh_c = tanh(c_new[n])
            dh = from_later[n] + from_above[n]
            dc = carried[n] + dh * o[n] * (one - tanh_c * tanh_c)
            grad_i[n] = dc * g[n] * i[n] * (one - i[n])
            grad_f[n] = dc * c_old[n] * f[n] * (one - f[n])
            grad_g[n] = dc * i[n] * (one - g[n] * g[n])
            grad_o[n] = dh * tanh_c * o[n] * (one - o[n])
            carried[n] = dc * f[n]


@njit(error_model="numpy", fastmath={"contract"})
def _four(row, size):  # type: ignore[no-untyped-def]
    """The parts of a row that belong to the gates i, f, g, o."""
    return row[:size], row[size : 2 * size], row[2 * size : 3 * size], row[3 * size :]
