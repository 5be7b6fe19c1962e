"""Text as a model reads it: one stream of ids, cut into rows. The rows of a batch are a pure function of the step."""

from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from tokenizer import ByteLevelBPE
from tokenizer.formats.gpt2_files import END_OF_TEXT


def token_stream(tokenizer: ByteLevelBPE, texts: Sequence[str]) -> np.ndarray:
    """The texts as one array of ids, an end-of-text token before each.

    A text starts with a space, so that its first word is the same token as in the middle of a sentence.
    """
    return np.array(tokenizer.encode("".join(f"{END_OF_TEXT} {text}" for text in texts)))


class Windows:
    """A stream of ids cut into rows of context + 1 tokens, which each pass reads in a new random order.

    Neighbouring rows share one token: the last label of one row is the first input of the next.
    """

    def __init__(self, ids: np.ndarray, context: int, batch_size: int, seed: int) -> None:
        self.context, self.batch_size, self.seed = context, batch_size, seed
        n_rows = (len(ids) - 1) // context
        if n_rows < batch_size:
            raise ValueError(f"ids: {len(ids)} tokens are too few for a batch of {batch_size} rows of {context + 1}")
        self.rows = np.lib.stride_tricks.sliding_window_view(ids, context + 1)[::context][:n_rows]

    def batch(self, step: int) -> np.ndarray:
        """The rows of a step: (batch_size, context + 1)."""
        return self.rows[rows_of_step(step, len(self.rows), self.batch_size, self.seed)]


def rows_of_step(step: int, n_rows: int, batch_size: int, *seed: int) -> np.ndarray:
    """The numbers of a step's rows, (batch_size,): each pass over all rows has its own random order."""
    current, position = divmod(step, n_rows // batch_size)
    return _order(n_rows, *seed, current)[position * batch_size : (position + 1) * batch_size]


@lru_cache(maxsize=4)  # a pass has many steps
def _order(n_rows: int, *seed: int) -> np.ndarray:
    return np.random.default_rng(seed).permutation(n_rows)


def unigram_entropy(ids: np.ndarray) -> float:
    """The loss, in nats per token, of a model that knows only token frequencies."""
    counts = np.bincount(ids)
    shares = counts[counts > 0] / len(ids)
    return float(-(shares * np.log(shares)).sum())
