"""Sequences of different lengths as one array, with a mask that tells tokens from padding."""

from collections.abc import Sequence

import numpy as np


def pad_batch(sequences: Sequence[Sequence[int]], pad_id: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Sequences of different lengths as one array, padded on the right.

    Returns ids (B, T) and attention_mask (B, T), 1 where there is a token.

    Raises:
        ValueError: if there is no sequence.
    """
    if not sequences:
        raise ValueError("sequences is empty")
    length = max(map(len, sequences))
    ids = np.full((len(sequences), length), pad_id, dtype=np.int64)
    attention_mask = np.zeros((len(sequences), length), dtype=np.int64)
    for row, sequence in enumerate(sequences):
        ids[row, : len(sequence)] = sequence
        attention_mask[row, : len(sequence)] = 1
    return ids, attention_mask
