"""An LSTM layer on a GPU: cuBLAS for the products, one kernel for the cells of a time step, see cuda.cu.

Inside, time is the first axis, so that the gates of a step, (B, 4N), are contiguous.
"""

import numpy as np

from minigrad.array_type import Array
from minigrad.kernels.cuda_source import CudaSource, c_type, contiguous

SOURCE = CudaSource(__file__)
KERNELS = tuple(
    f"{kernel}<{real}>" for kernel in ("lstm_cell_forward", "lstm_cell_backward") for real in ("float", "double")
)
THREADS = 128  # of a block, one for each cell


def lstm_forward(
    x: Array, h0: Array, c0: Array, weight_ih: Array, weight_hh: Array, bias: Array
) -> tuple[Array, Array, Array]:
    """The outputs, the cells, and the gates after their activations; see the reference.

    Raises:
        TypeError: if the arrays have different dtypes.
    """
    real = c_type(x, h0, c0, weight_ih, weight_hh, bias)
    (batch, length, d_in), size = x.shape, h0.shape[1]
    gates = x.swapaxes(0, 1).reshape(length * batch, d_in) @ weight_ih.T  # (T · B, 4N)
    gates = (gates + bias).reshape(length, batch, 4 * size)  # (T, B, 4N)
    outputs = np.empty_like(gates, shape=(length, batch, size))
    cells = np.empty_like(outputs)
    h, c = h0, contiguous(c0)
    kernel, grid = f"lstm_cell_forward<{real}>", (batch, -(-size // THREADS))
    for t in range(length):
        SOURCE.launch(kernel, grid, THREADS, gates[t], h @ weight_hh.T, c, cells[t], outputs[t], np.int64(size))
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
    """The gradients of x, weight_ih, weight_hh and bias.

    Raises:
        TypeError: if the arrays have different dtypes.
    """
    real = c_type(grad, x, h0, c0, weight_ih, weight_hh, outputs, cells, gates)
    (batch, length, d_in), size = x.shape, h0.shape[1]
    grad, outputs, cells, gates = (contiguous(array.swapaxes(0, 1)) for array in (grad, outputs, cells, gates))
    grad_gates = np.empty_like(gates)
    grad_h, grad_c = np.zeros_like(gates, shape=(2, batch, size))
    kernel, grid = f"lstm_cell_backward<{real}>", (batch, -(-size // THREADS))
    for t in reversed(range(length)):
        c_before = cells[t - 1] if t else contiguous(c0)
        arrays = grad[t], grad_h, grad_c, gates[t], c_before, cells[t], grad_gates[t]
        SOURCE.launch(kernel, grid, THREADS, *arrays, np.int64(size))
        grad_h = grad_gates[t] @ weight_hh

    flat = grad_gates.reshape(length * batch, 4 * size)
    h_before = np.concatenate([h0[None], outputs])[:length].reshape(length * batch, size)
    grad_x = (flat @ weight_ih).reshape(length, batch, d_in).swapaxes(0, 1)
    steps = x.swapaxes(0, 1).reshape(length * batch, d_in)
    return grad_x, flat.T @ steps, flat.T @ h_before, flat.sum(axis=0)
