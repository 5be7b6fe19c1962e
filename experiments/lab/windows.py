"""Text as a model reads it: one stream of ids, cut into rows, in an order that is a pure function of the step."""

from collections.abc import Sequence

import numpy as np

from tokenizer import ByteLevelBPE

END_OF_TEXT = "<|endoftext|>"


def token_stream(tokenizer: ByteLevelBPE, texts: Sequence[str]) -> np.ndarray:
    """The texts as one array of ids, an end-of-text token before each.

    A text starts with a space, so that its first word is the same token as in the middle of a sentence.
    """
    return np.array(tokenizer.encode("".join(f"{END_OF_TEXT} {text}" for text in texts)))


class Windows:
    """A stream of ids cut into rows of context + 1, in an order of its own for each pass.

    Neighbouring rows share one token: the label of one row's end is the next row's first input.
    """

    def __init__(self, ids: np.ndarray, context: int, batch_size: int, seed: int) -> None:
        self.context, self.batch_size, self.seed = context, batch_size, seed
        n_rows = (len(ids) - 1) // context
        if n_rows < batch_size:
            raise ValueError(f"ids: {len(ids)} tokens are too few for a batch of {batch_size} rows of {context + 1}")
        self.rows = np.lib.stride_tricks.sliding_window_view(ids, context + 1)[::context][:n_rows]
        self.batches_a_pass = n_rows // batch_size
        self._pass, self._order = -1, np.empty(0, np.int64)

    def batch(self, step: int) -> np.ndarray:
        """The rows of a step: (batch_size, context + 1)."""
        current, position = divmod(step, self.batches_a_pass)
        if current != self._pass:
            self._pass = current
            self._order = np.random.default_rng([self.seed, current]).permutation(len(self.rows))
        return self.rows[self._order[position * self.batch_size : (position + 1) * self.batch_size]]


def unigram_entropy(ids: np.ndarray) -> float:
    """The loss, in nats per token, of knowing only how often each token occurs."""
    counts = np.bincount(ids)
    shares = counts[counts > 0] / len(ids)
    return float(-(shares * np.log(shares)).sum())
