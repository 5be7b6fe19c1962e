"""A whole LSTM layer as one op. The kernel runs the loop over time, and backpropagation through time."""

from minigrad.conversion import for_kernel
from minigrad.device import beside
from minigrad.kernels import lstm as kernel
from minigrad.tensor import Array, Tensor, TensorLike, as_operands, raw_array, record


def lstm(
    x: TensorLike, h0: TensorLike, c0: TensorLike, weight_ih: Tensor, weight_hh: Tensor, bias: Tensor
) -> tuple[Tensor, tuple[Array, Array]]:
    """Run an LSTM over a batch of sequences.

        i, f, g, o = split(weight_ih x_t + weight_hh h_{t-1} + bias)
        c_t = sigmoid(f) c_{t-1} + sigmoid(i) tanh(g)
        h_t = sigmoid(o) tanh(c_t)

    Shapes: x (B, T, D), h0 and c0 (B, N), weight_ih (4N, D), weight_hh (4N, N), bias (4N,)
    → outputs h (B, T, N) as a tensor, and the final (h_T, c_T), (B, N) each, as raw arrays.

    No gradient flows into h0 and c0, or back from the final state: if a sequence continues an earlier one, its initial
    state is a constant (truncated backpropagation through time).
    Source: Hochreiter and Schmidhuber 1997, "Long Short-Term Memory", with the forget gate of Gers
    et al. 2000.

    Raises:
        ValueError: if the shapes do not fit.
        TypeError: if an array is neither float32 nor float64.
    """
    x, weight_ih = as_operands(x, weight_ih)
    x, weight_hh = as_operands(x, weight_hh)
    x, bias = as_operands(x, bias)
    h_start, c_start = raw_array(h0), raw_array(c0)
    batch, _, d_in = x.shape if x.ndim == 3 else (0, 0, -1)
    size = weight_hh.shape[-1] if weight_hh.ndim else 0
    wanted = {"weight_ih": (4 * size, d_in), "weight_hh": (4 * size, size), "bias": (4 * size,)}
    given = {"weight_ih": weight_ih.shape, "weight_hh": weight_hh.shape, "bias": bias.shape}
    if d_in < 0 or wanted != given or h_start.shape != (batch, size) or c_start.shape != (batch, size):
        raise ValueError(
            f"lstm needs x (B, T, D), h0 and c0 (B, N), {wanted}; "
            f"got x {x.shape}, h0 {h_start.shape}, c0 {c_start.shape}, {given}"
        )
    # Copies, because the caller may overwrite its state before the backward pass.
    h_start, c_start = beside(h_start, x.data).copy(), beside(c_start, x.data).copy()
    names = ("x", "h0", "c0", "weight_ih", "weight_hh", "bias")
    given_arrays = x.data, h_start, c_start, weight_ih.data, weight_hh.data, bias.data
    x_data, h_start, c_start, w_ih, w_hh, bias_data = for_kernel("lstm", names, *given_arrays)
    arrays = x_data, h_start, c_start, w_ih, w_hh
    # h (B, T, N), c (B, T, N) and the four gates (B, T, 4N) of every step, which the backward pass reads.
    outputs, cells, gates = kernel.lstm_forward(*arrays, bias_data)

    def lstm_backward(grad: Array) -> tuple[Array, Array, Array, Array]:
        return kernel.lstm_backward(grad, *arrays, outputs, cells, gates)

    out = record(
        outputs, (x, weight_ih, weight_hh, bias), lstm_backward, reads=(x, weight_ih, weight_hh), reads_output=True
    )
    # Copies again: the rule reads outputs and cells, and the caller may write into the state that it gets, (B, N) each.
    final = (outputs[:, -1].copy(), cells[:, -1].copy()) if x.shape[1] else (h_start.copy(), c_start.copy())
    return out, final
