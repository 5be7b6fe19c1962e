"""Documents as models read them: each in a row of its own, those of similar length together in a batch.

A document is short, and what a model can learn from it lies inside of it. In a stream that is cut into windows, a model
would also look at the documents before, in vain. Batches hold about the same number of tokens, whatever their length.
"""

from functools import lru_cache

import numpy as np


class Documents:
    """A stream of ids in which each document starts with one token and ends with another: `[START] … </s>`.

    A pass reads every document once. The rows of a batch are a pure function of the step.
    """

    def __init__(self, ids: np.ndarray, start_id: int, pad_id: int, batch_tokens: int, seed: int) -> None:
        self.ids, self.pad_id, self.seed = ids, pad_id, seed
        self.starts = np.flatnonzero(ids == start_id)
        self.lengths = np.diff(np.append(self.starts, len(ids)))
        self.ends = _ends(np.sort(self.lengths), batch_tokens)

    @property
    def steps_per_pass(self) -> int:
        """The number of batches that hold each document once."""
        return len(self.ends)

    def batch(self, step: int) -> tuple[np.ndarray, np.ndarray]:
        """The documents of a step, padded on the right, and their attention mask: (B, T), (B, T)."""
        current, position = divmod(step, self.steps_per_pass)
        by_length, batches = self._order(current)
        number = batches[position]
        rows = by_length[self.ends[number - 1] if number else 0 : self.ends[number]]
        lengths = self.lengths[rows]
        columns = np.arange(lengths.max())
        mask = columns < lengths[:, None]  # (B, T)
        places = np.minimum(self.starts[rows][:, None] + columns, len(self.ids) - 1)
        return np.where(mask, self.ids[places], self.pad_id).astype(np.int64), mask.astype(np.int64)

    @lru_cache(maxsize=2)  # noqa: B019  # a pass has many steps
    def _order(self, current: int) -> tuple[np.ndarray, np.ndarray]:
        """The documents by length, in random order where it is equal; and the order of the batches."""
        generator = np.random.default_rng([self.seed, 11, current])
        shuffled = generator.permutation(len(self.starts))
        by_length = shuffled[np.argsort(self.lengths[shuffled], kind="stable")]
        return by_length, generator.permutation(len(self.ends))


def _ends(lengths: np.ndarray, batch_tokens: int) -> np.ndarray:
    """Where the batches end, if documents of these increasing lengths follow each other."""
    ends, start = [], 0
    while start < len(lengths):
        end = start + 1
        while end < len(lengths) and (end + 1 - start) * lengths[end] <= batch_tokens:
            end += 1
        ends.append(end)
        start = end
    return np.array(ends)
