"""A whole LSTM layer as one op: the loop over time, and backpropagation through it, in the kernel."""

from minigrad.conversion import for_kernel
from minigrad.device import beside
from minigrad.kernels import lstm as kernel
from minigrad.tensor import Array, Tensor, TensorLike, as_operands, record


def lstm(
    x: TensorLike, h0: Array, c0: Array, weight_ih: Tensor, weight_hh: Tensor, bias: Tensor
) -> tuple[Tensor, tuple[Array, Array]]:
    """Run an LSTM over a batch of sequences.

        i, f, g, o = split(weight_ih x_t + weight_hh h_{t-1} + bias)
        c_t = sigmoid(f) c_{t-1} + sigmoid(i) tanh(g)
        h_t = sigmoid(o) tanh(c_t)

    Shapes: x (B, T, D), h0 and c0 (B, N), weight_ih (4N, D), weight_hh (4N, N), bias (4N,)
    → outputs h (B, T, N) as a tensor, and the final (h_T, c_T), (B, N) each, as raw arrays.

    No gradient flows into h0 and c0 or out of the final state: a sequence that continues an
    earlier one starts from its state as from a constant (truncated backpropagation).
    Source: Hochreiter and Schmidhuber 1997, "Long Short-Term Memory", with the forget gate of Gers
    et al. 2000.

    Raises:
        ValueError: if the shapes do not fit.
        TypeError: if an array is neither float32 nor float64.
    """
    x, weight_ih = as_operands(x, weight_ih)
    x, weight_hh = as_operands(x, weight_hh)
    x, bias = as_operands(x, bias)
    batch, _, d_in = x.shape if x.ndim == 3 else (0, 0, -1)
    size = weight_hh.shape[1]
    wanted = {"weight_ih": (4 * size, d_in), "weight_hh": (4 * size, size), "bias": (4 * size,)}
    given = {"weight_ih": weight_ih.shape, "weight_hh": weight_hh.shape, "bias": bias.shape}
    if d_in < 0 or wanted != given or h0.shape != (batch, size) or c0.shape != (batch, size):
        raise ValueError(
            f"lstm needs x (B, T, D), h0 and c0 (B, N), {wanted}; "
            f"got x {x.shape}, h0 {h0.shape}, c0 {c0.shape}, {given}"
        )
    h0, c0 = beside(h0, x.data), beside(c0, x.data)
    names = ("x", "h0", "c0", "weight_ih", "weight_hh", "bias")
    given_arrays = x.data, h0, c0, weight_ih.data, weight_hh.data, bias.data
    x_data, h0, c0, w_ih, w_hh, bias_data = for_kernel("lstm", names, *given_arrays)
    arrays = x_data, h0, c0, w_ih, w_hh
    outputs, cells, gates = kernel.lstm_forward(*arrays, bias_data)

    def lstm_backward(grad: Array) -> tuple[Array, Array, Array, Array]:
        return kernel.lstm_backward(grad, *arrays, outputs, cells, gates)

    out = record(
        outputs, (x, weight_ih, weight_hh, bias), lstm_backward, reads=(x, weight_ih, weight_hh), reads_output=True
    )
    final = (outputs[:, -1], cells[:, -1]) if x.shape[1] else (h0, c0)
    return out, final
