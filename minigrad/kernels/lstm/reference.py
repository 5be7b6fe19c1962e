"""The specification of an LSTM layer, and of backpropagation through time.

Sources: Hochreiter and Schmidhuber 1997, "Long Short-Term Memory"; Gers, Schmidhuber and Cummins 2000, "Learning to
Forget", for the forget gate.
"""

import numpy as np

from minigrad.array_type import Array
from minigrad.kernels.logistic import sigmoid


def lstm_forward(
    x: Array, h0: Array, c0: Array, weight_ih: Array, weight_hh: Array, bias: Array
) -> tuple[Array, Array, Array]:
    """Each time step reads the hidden state of the one before, so the steps run one after the other."""
    # The share of the inputs does not depend on the hidden state: one product for all steps.
    gates = x @ weight_ih.T + bias  # (B, T, 4N)
    outputs = np.empty_like(gates, shape=(*x.shape[:2], h0.shape[1]))  # (B, T, N)
    cells = np.empty_like(outputs)  # (B, T, N)
    h, c = h0, c0
    for t in range(x.shape[1]):
        i, f, g, o = np.split(gates[:, t] + h @ weight_hh.T, 4, axis=-1)  # (B, N) each
        i, f, g, o = sigmoid(i), sigmoid(f), np.tanh(g), sigmoid(o)
        # The cell is a sum, not a product of matrices: while the forget gate is open, its gradient does not vanish.
        c = f * c + i * g  # (B, N)
        h = o * np.tanh(c)  # (B, N)
        gates[:, t] = np.concatenate([i, f, g, o], axis=-1)  # (B, 4N)
        outputs[:, t], cells[:, t] = h, c
    return outputs, cells, gates


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
    """From the last step to the first: the gradient of h_t is its own plus what step t + 1 sends back."""
    grad_gates = np.empty_like(gates)  # (B, T, 4N)
    grad_h, grad_c = np.zeros_like(h0), np.zeros_like(c0)
    for t in reversed(range(x.shape[1])):
        i, f, g, o = np.split(gates[:, t], 4, axis=-1)
        c_before = cells[:, t - 1] if t else c0
        tanh_c = np.tanh(cells[:, t])
        # h_t is read by the layer above (grad) and by step t + 1 (grad_h); c_t by h_t and by c of step t + 1.
        grad_h = grad_h + grad[:, t]  # (B, N)
        grad_c = grad_c + grad_h * o * (1 - tanh_c**2)  # (B, N)
        # Through the activations to their inputs: sigmoid' = s (1 - s), tanh' = 1 - tanh².
        grad_gates[:, t] = np.concatenate(
            [
                grad_c * g * i * (1 - i),
                grad_c * c_before * f * (1 - f),
                grad_c * i * (1 - g**2),
                grad_h * tanh_c * o * (1 - o),
            ],
            axis=-1,
        )
        # To the step before: through the recurrent product, and along the cell through the forget gate.
        grad_h, grad_c = grad_gates[:, t] @ weight_hh, grad_c * f  # (B, N), (B, N)

    # All steps share the weights, so their gradients are one product over all steps of all sequences.
    h_before = np.concatenate([h0[:, None], outputs[:, :-1]], axis=1)  # (B, T, N)
    flat = grad_gates.reshape(-1, grad_gates.shape[-1])  # (B · T, 4N)
    return (
        grad_gates @ weight_ih,  # (B, T, D)
        flat.T @ x.reshape(-1, x.shape[-1]),  # (4N, D)
        flat.T @ h_before.reshape(-1, h_before.shape[-1]),  # (4N, N)
        flat.sum(axis=0),  # (4N,)
    )
