"""LSTM: one or more recurrent layers.

Source: Hochreiter and Schmidhuber 1997, "Long Short-Term Memory".
"""

import numpy as np

from minigrad import checks, ops, random
from minigrad.array_type import Array
from minigrad.nn import initial
from minigrad.nn.module import Module, ModuleList, Parameter
from minigrad.tensor import Tensor

State = list[tuple[Array, Array]]
"""For each layer (h, c), of shape (B, hidden_size) each."""


class LSTMLayer(Module):
    """One layer: its weights, and `ops.lstm` over a whole sequence.

    Attributes:
        weight_ih: (4 · hidden_size, input_size), weight_hh: (4 · hidden_size, hidden_size), and
            bias: (4 · hidden_size,); the gates in the order i, f, g, o. All start uniform within
            ± 1 / sqrt(hidden_size), as in PyTorch, except for the forget gate's bias, which starts at 1
            (Jozefowicz et al. 2015).

    Raises:
        TypeError: if a size is not an integer, or generator is not a Generator. ValueError: if a size is less than 1.
    """

    def __init__(self, input_size: int, hidden_size: int, generator: np.random.Generator | None = None) -> None:
        input_size = checks.whole_number("input_size", input_size, at_least=1)
        hidden_size = checks.whole_number("hidden_size", hidden_size, at_least=1)
        generator, bound = random.chosen(generator), hidden_size**-0.5
        # The four gates are stacked, so that one product computes all of them. N = hidden_size.
        self.weight_ih = Parameter(initial.uniform((4 * hidden_size, input_size), bound, generator))  # (4N, D)
        self.weight_hh = Parameter(initial.uniform((4 * hidden_size, hidden_size), bound, generator))  # (4N, N)
        bias, gate = initial.uniform((4 * hidden_size,), bound, generator), np.arange(4 * hidden_size) // hidden_size
        # Gate 1 is the forget gate. A bias of 1 opens it (σ(1) = 0.73), so that at first the cell mostly keeps its
        # memory and gradients reach far back.
        self.bias = Parameter(np.where(gate == 1, np.float32(1), bias))

    def forward(self, x: Tensor, state: tuple[Array, Array] | None = None) -> tuple[Tensor, tuple[Array, Array]]:
        """x (B, T, input_size) → outputs (B, T, hidden_size), and the final (h, c)."""
        if state is None:
            zeros = np.zeros_like(x.data, shape=(x.shape[0], self.weight_hh.shape[1]))  # (B, N)
            state = zeros, zeros
        h, c = state
        return ops.lstm(x, h, c, self.weight_ih, self.weight_hh, self.bias)  # (B, T, N), and (B, N) twice


class LSTM(Module):
    """`n_layers` LSTM layers, each reading the outputs of the one below.

    Raises:
        TypeError, ValueError: as for LSTMLayer, and if n_layers is not an integer of at least 1.
    """

    def __init__(
        self, input_size: int, hidden_size: int, n_layers: int = 1, generator: np.random.Generator | None = None
    ) -> None:
        n_layers = checks.whole_number("n_layers", n_layers, at_least=1)
        sizes = [input_size] + [hidden_size] * (n_layers - 1)  # only the first layer reads x, the others read outputs
        self.layers = ModuleList([LSTMLayer(size, hidden_size, generator) for size in sizes])

    def forward(self, x: Tensor, state: State | None = None) -> tuple[Tensor, State]:
        """x (B, T, input_size) → the top layer's outputs (B, T, hidden_size), and every layer's final state.

        Args:
            state: the final state of an earlier call, to continue its sequences; None means zeros. No
                gradient flows through it.
        """
        final: State = []
        for number, layer in enumerate(self.layers):
            x, last = layer(x, None if state is None else state[number])  # (B, T, N)
            final.append(last)
        return x, final
