"""The key/value cache: the part of attention that stays the same while a text is generated token by token.

A new token attends to the keys and values of all tokens before it. These are the same at every step, so each
attention layer keeps them, and a step computes only those of the new token. T steps then compute the keys and
values of T tokens instead of 1 + 2 + … + T.
"""

import numpy as np

from minigrad.array_type import Array
from minigrad.device import beside


class KeyValueCache:
    """The keys and values that one attention layer has computed so far. They are plain arrays: no gradient flows.

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
        """Append the keys and values (B, H, T, K) of T more positions, in place while there is room."""
        length = self.length + keys.shape[2]
        if self._keys is None:
            self._keys, self._values = _in_order(keys, length), _in_order(values, length)
        else:
            if length > self._keys.shape[2]:  # doubling the room makes T appends copy O(T) positions, not O(T²)
                self._keys, self._values = _in_order(self._keys, 2 * length), _in_order(self._values, 2 * length)
            self._keys[:, :, self.length : length] = keys
            self._values[:, :, self.length : length] = values
        self.length = length

    def select(self, rows: Array) -> None:
        """Keep these rows of the batch, in this order: row i becomes what row `rows[i]` was. Beam search needs this."""
        if self.length:
            rows = beside(rows, self._keys)
            self._keys, self._values = self._keys[rows], self._values[rows]


def _in_order(array: Array, room: int) -> Array:
    """A copy with room for that many positions, laid out as (B, H, S, K).

    The keys of one head then follow each other in memory. The projections lay them out as (B, S, H, K), where the
    keys of all other heads lie in between, and a new token takes twice as long to read its own.
    """
    batch, heads, length, size = array.shape
    ordered = np.empty_like(array, shape=(batch, heads, room, size), order="C")  # (B, H, room, K)
    ordered[:, :, :length] = array
    return ordered
