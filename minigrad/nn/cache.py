"""The key/value cache: what attention need not compute again while a text is written token by token.

A new token attends to the keys and values of all tokens before it. They are the same at every step, so each
attention layer keeps them, and a step computes those of the new token only: T steps cost T times one token
instead of 1 + 2 + … + T.
"""

import numpy as np

from minigrad.array_type import Array
from minigrad.device import beside


class KeyValueCache:
    """The keys and values that one attention layer has computed so far: plain arrays, through which no gradient flows.

    Attributes:
        length: the number of positions kept, S.
    """

    def __init__(self) -> None:
        self.length = 0
        self._keys: Array = None
        self._values: Array = None

    @property
    def keys(self) -> Array:
        """(B, H, S, K), a view."""
        return self._keys[:, :, : self.length]

    @property
    def values(self) -> Array:
        """(B, H, S, K), a view."""
        return self._values[:, :, : self.length]

    def append(self, keys: Array, values: Array) -> None:
        """Keep the keys and values (B, H, T, K) of T more positions, in place while there is room for them."""
        length = self.length + keys.shape[2]
        if self._keys is None:
            self._keys, self._values = _in_order(keys, length), _in_order(values, length)
        else:
            if length > self._keys.shape[2]:  # twice the room, so that growing costs little in the long run
                self._keys, self._values = _in_order(self._keys, 2 * length), _in_order(self._values, 2 * length)
            self._keys[:, :, self.length : length] = keys
            self._values[:, :, self.length : length] = values
        self.length = length

    def select(self, rows: Array) -> None:
        """Go on with these rows of the batch, in this order: those that beam search keeps."""
        if self.length:
            rows = beside(rows, self._keys)
            self._keys, self._values = self._keys[rows], self._values[rows]


def _in_order(array: Array, room: int) -> Array:
    """A copy with room for so many positions, laid out as (B, H, S, K).

    A head's keys then follow each other in memory. As the projections leave them, (B, S, H, K), there are those of
    all other heads in between, and a new token takes twice as long to read its own.
    """
    batch, heads, length, size = array.shape
    ordered = np.empty_like(array, shape=(batch, heads, room, size), order="C")
    ordered[:, :, :length] = array
    return ordered
