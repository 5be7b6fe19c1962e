"""Embedding: a vector for each of many texts."""

from collections.abc import Iterator, Sequence

import numpy as np

from minigrad import no_grad
from minigrad.checks import whole_number
from models.inputs import pad_batch
from models.t5 import T5
from models.text.loading import Model, Tokenizer
from models.text.special_tokens import as_read, limit


class TextError(ValueError):
    """One of several texts has no vector.

    Attributes:
        number: the index of the text.
        problem: what is wrong with it.
    """

    def __init__(self, number: int, expected: str, got: str) -> None:
        super().__init__(f"texts must have {expected} each, got {got} as number {number}")
        self.number, self.problem = number, f"expected {expected}, got {got}"


@no_grad()
def embed(
    model: Model,
    tokenizer: Tokenizer,
    texts: Sequence[str],
    batch_size: int = 32,
    *,
    zeros_without_token: bool = False,
) -> Iterator[np.ndarray]:
    """A vector for each text, (D,): the mean of its tokens' hidden states (in an encoder-decoder, of the encoder).

    Args:
        batch_size: how many texts the model reads at a time. The vectors do not depend on it.
        zeros_without_token: whether a text without a token, such as "" for a GPT, gets a vector of zeros. Otherwise it
            is an error.

    Raises:
        ValueError: if batch_size is not positive.
        TextError: if a text has no token or more tokens than the model has positions, or if its vector has a NaN or an
            infinity because the model has diverged. It is a ValueError, too.
        TypeError: if batch_size is not an integer.
    """
    whole_number("batch_size", batch_size, at_least=1)
    longest = None if isinstance(model, T5) else model.config.n_positions
    read = model.encode if isinstance(model, T5) else model.hidden_states
    for start in range(0, len(texts), batch_size):
        sequences = [as_read(model, tokenizer, text) for text in texts[start : start + batch_size]]
        for number, sequence in enumerate(sequences, start):
            if not sequence and not zeros_without_token:
                raise TextError(number, "a token", repr(texts[number]))
            if longest is not None and len(sequence) > longest:
                raise TextError(number, limit(model, tokenizer), str(len(sequence)))
        vectors = np.zeros((len(sequences), model.config.d_model), np.float32)
        with_tokens = [i for i, sequence in enumerate(sequences) if sequence]
        if with_tokens:
            ids, attention_mask = pad_batch([sequences[i] for i in with_tokens])  # (B, T)
            weights = attention_mask / attention_mask.sum(axis=1, keepdims=True)  # (B, T), 0 at padding
            vectors[with_tokens] = np.einsum("btd,bt->bd", read(ids, attention_mask).numpy(), weights)  # (B, D)
        for number, vector in enumerate(vectors, start):
            if not np.isfinite(vector).all():
                got = f"a NaN or an infinity from {texts[number]!r:.60} (the model has diverged)"
                raise TextError(number, "a finite vector", got)
            yield vector
