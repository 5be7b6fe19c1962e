"""The measured models and sizes, and their batches.

This module has only numbers, so that every contender can import it.
"""

from dataclasses import dataclass

import numpy as np

MODELS = ("gpt", "bert", "t5")
DISPLAY = {"gpt": "GPT", "bert": "BERT", "t5": "T5"}


@dataclass(frozen=True)
class Size:
    """A model's hyperparameters and its batch size: V, T, D, blocks (in T5 per stack), H, B. F is 4 D."""

    vocab_size: int
    length: int
    d_model: int
    n_layers: int
    n_heads: int
    batch_size: int

    @property
    def head_size(self) -> int:
        """K."""
        return self.d_model // self.n_heads

    @property
    def n_masked(self) -> int:
        """How many tokens of each sequence BERT must restore: 15%."""
        return max(round(0.15 * self.length), 1)

    @property
    def decoder_length(self) -> int:
        """The length of T5's output: of T tokens 15% are hidden, in spans of three, each with a sentinel before it."""
        return max(self.length // 4, 1)


SIZES = {
    "S": Size(vocab_size=512, length=64, d_model=64, n_layers=2, n_heads=4, batch_size=16),
    "M": Size(vocab_size=1024, length=64, d_model=128, n_layers=4, n_heads=4, batch_size=32),
    "L": Size(vocab_size=4096, length=128, d_model=256, n_layers=4, n_heads=8, batch_size=16),
}
REHEARSAL = Size(vocab_size=32, length=8, d_model=16, n_layers=1, n_heads=2, batch_size=2)
"""So small that a step loads and compiles everything while it uses hardly any memory."""


def tokens(model: str, size: Size) -> int:
    """How many tokens a model reads in a step, those of T5's decoder included."""
    return size.batch_size * (size.length + (size.decoder_length if model == "t5" else 0))


def batch(model: str, size: Size, seed: int = 0) -> dict[str, np.ndarray]:
    """Random token ids and labels by name, all with a leading axis B; every label carries loss.

    gpt     ids (B, T), labels (B, T)
    bert    ids (B, T), token_type_ids (B, T), masked_positions (B, M), labels (B, M), next_labels (B,)
    t5      ids (B, S), decoder_ids (B, T), labels (B, T)
    """
    generator = np.random.default_rng(seed)
    rows, length = size.batch_size, size.length

    def ids(length: int) -> np.ndarray:
        return generator.integers(size.vocab_size, size=(rows, length))

    if model == "gpt":
        return {"ids": ids(length), "labels": ids(length)}
    if model == "t5":
        return {"ids": ids(length), "decoder_ids": ids(size.decoder_length), "labels": ids(size.decoder_length)}
    positions = np.array([generator.choice(length, size.n_masked, replace=False) for _ in range(rows)])
    return {
        "ids": ids(length),
        "token_type_ids": np.repeat([np.arange(length) >= length // 2], rows, axis=0).astype(np.int64),
        "masked_positions": np.sort(positions, axis=1),
        "labels": ids(size.n_masked),
        "next_labels": generator.integers(2, size=rows),
    }
