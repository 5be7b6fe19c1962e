"""What goes into a model: sequences made into one batch, checks, and the position of each token."""

from collections.abc import Sequence
from typing import Any

import numpy as np


def pad_batch(sequences: Sequence[Sequence[int] | np.ndarray], pad_id: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Sequences of different lengths as one array, padded on the right.

    Returns ids (B, T) and attention_mask (B, T), 1 where there is a token.

    Raises:
        ValueError: if there is no sequence.
    """
    if len(sequences) == 0:
        raise ValueError("sequences is empty")
    lengths = np.array([len(sequence) for sequence in sequences])
    attention_mask = np.arange(lengths.max()) < lengths[:, None]
    ids = np.full(attention_mask.shape, pad_id, np.int64)
    for row, sequence in zip(ids, sequences, strict=True):
        row[: len(sequence)] = sequence
    return ids, attention_mask.astype(np.int64)


def check_sizes(config: Any, *names: str) -> None:
    """Raise ValueError unless each of these attributes of a config is at least 1."""
    for name in names:
        if getattr(config, name) < 1:
            raise ValueError(f"{name} must be at least 1, got {getattr(config, name)}")


def check_ids(ids: np.ndarray, longest: int | None = None, seen: int = 0) -> None:
    """Raise ValueError unless ids have the shape (B, T), and with `seen` tokens before them at most `longest`.

    That they lie in the vocabulary is checked where they are looked up.
    """
    if ids.ndim != 2:
        raise ValueError(f"ids must have shape (B, T), got {ids.shape}")
    if longest is not None and seen + ids.shape[1] > longest:
        before = f" after {seen} in the cache" if seen else ""
        raise ValueError(f"ids must have shape (B, T) with T at most {longest}, got {ids.shape}{before}")


def check_mask(attention_mask: np.ndarray | None, ids: np.ndarray, seen: int = 0) -> None:
    """Raise ValueError unless attention_mask is None or of the shape (B, T) of ids, `seen` tokens before them added."""
    shape = (len(ids), seen + ids.shape[1])
    if attention_mask is not None and attention_mask.shape != shape:
        expected = f"{shape}, {seen} of them in the cache" if seen else f"{shape}"
        raise ValueError(f"attention_mask must have the shape of ids, {expected}, got {attention_mask.shape}")


def check_right_padding(attention_mask: np.ndarray) -> None:
    """Raise ValueError if there is padding before a token, which a recurrent model would carry along."""
    if np.any(np.diff(attention_mask.astype(int), axis=1) > 0):
        raise ValueError("attention_mask has padding before a token; pad sequences on the right for an LSTM")


def position_numbers(attention_mask: np.ndarray | None, seen: int, length: int) -> np.ndarray:
    """The position of each of the last `length` tokens, (B, T) or (1, T): padding is not counted, and gets 0.

    Args:
        attention_mask: (B, seen + length), 1 where there is a token; None means everywhere.
    """
    if attention_mask is None:
        return np.arange(seen, seen + length)[None]
    return np.maximum(np.cumsum(attention_mask, axis=1) - 1, 0)[:, seen:]
