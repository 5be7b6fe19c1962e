"""The checks that the objectives share: of a batch, and of a share of its tokens."""

import numpy as np

from minigrad.checks import number
from models.inputs import check_ids, check_vocabulary, token_mask


def check_batch(
    ids: np.ndarray, attention_mask: np.ndarray | None, vocab_size: int | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Ids (B, T) as int64, and where there is a token, (B, T) booleans.

    Raises:
        TypeError: if ids are not integers, or the mask holds neither integers nor booleans.
        ValueError: if an id is not in [0, vocab_size) (if vocab_size is None: is negative), a shape does not fit, or
            the mask holds a number other than 0 and 1.
    """
    # A negative id would index the embedding from its end without an error.
    ids = check_vocabulary("ids", check_ids(ids), vocab_size)
    return ids, token_mask(attention_mask, ids)


def check_two_tokens(is_token: np.ndarray) -> None:
    """Raise ValueError if a row has fewer than two tokens, one to read and one to predict."""
    n_tokens = is_token.sum(axis=1)  # (B,)
    if np.any(n_tokens < 2):
        short = np.flatnonzero(n_tokens < 2)[0]
        raise ValueError(f"ids must have two tokens or more in every row, got {n_tokens[short]} in row {short}")


def check_share(name: str, value: float) -> None:
    """Raise an error unless a share of the tokens is a number in (0, 1]."""
    if not 0 < number(name, value) <= 1:  # a share of 0 would leave nothing to learn
        raise ValueError(f"{name} must lie in (0, 1], got {value}")
