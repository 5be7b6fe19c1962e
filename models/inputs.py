"""What goes into a model: batches of padded sequences, checks, and the position of each token.

The checks of ids and masks return them in one form, whatever form they came in: ids as int64, so that no sum and no
new id overflows a narrow dtype, and masks as booleans. Both may be arrays of any integer dtype, tensors or lists.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from minigrad import Tensor, ops
from minigrad.checks import integers, number, whole_number, zero_one_mask


def pad_batch(sequences: Sequence[Sequence[int] | np.ndarray], pad_id: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Sequences of different lengths as one batch, padded on the right.

    Returns ids (B, T) and attention_mask (B, T), 1 where there is a token, both int64.

    Raises:
        ValueError: if there is no sequence, or one is empty.
        TypeError: if pad_id is not an integer, or a sequence not of integers.
    """
    if len(sequences) == 0:
        raise ValueError("sequences is empty")
    rows = check_sequences("sequences", sequences)
    lengths = np.array([len(row) for row in rows])  # (B,)
    if lengths.min() == 0:
        raise ValueError(f"sequences must have at least one token each, got none in sequences[{lengths.argmin()}]")
    attention_mask = np.arange(lengths.max()) < lengths[:, None]  # (T,) < (B, 1) → (B, T)
    ids = np.full(attention_mask.shape, whole_number("pad_id", pad_id), np.int64)  # (B, T)
    for padded, row in zip(ids, rows, strict=True):
        padded[: len(row)] = row
    return ids, attention_mask.astype(np.int64)


# -- checks of configs ------------------------------------------------------------------------------


def check_transformer(config: Any, *sizes: str) -> None:
    """Check the fields that all Transformer configs have, and these other sizes.

    Raises:
        TypeError, ValueError: naming the first field that is wrong, or if the heads do not fit the width.
    """
    check_sizes(config, "vocab_size", "d_model", "n_layers", "n_heads", *sizes)
    check_dropout(config)
    number("layer_norm_eps", config.layer_norm_eps, above=0)
    # The heads divide the width among them, unless they have a size of their own (T5).
    if getattr(config, "head_size", None) is None and config.d_model % config.n_heads:
        raise ValueError(f"n_heads must divide d_model, got {config.n_heads} heads for {config.d_model}")


def check_sizes(config: Any, *names: str) -> None:
    """Raise an error that names the first of these fields of a config that is not a whole number, at least 1."""
    for name in names:
        whole_number(name, getattr(config, name), at_least=1)


def check_optional_sizes(config: Any, *names: str) -> None:
    """As `check_sizes`, for fields that may be None."""
    check_sizes(config, *(name for name in names if getattr(config, name) is not None))


def check_optional_ids(config: Any, *names: str) -> None:
    """Raise an error that names the first of these fields of a config that is neither None nor in the vocabulary."""
    for name in names:
        if (id := getattr(config, name)) is not None:
            whole_number(name, id, at_least=0, at_most=config.vocab_size - 1)


def check_dropout(config: Any) -> None:
    """Raise an error if a config's dropout is not a number in [0, 1): at 1 nothing would be left."""
    number("dropout", config.dropout, at_least=0, below=1)


def check_flags(config: Any, *names: str) -> None:
    """Raise TypeError, naming the field, if one of these fields of a config is neither True nor False."""
    for name in names:
        if not isinstance(getattr(config, name), bool):
            raise TypeError(f"{name} must be True or False, got {getattr(config, name)!r}")


# -- checks of ids ----------------------------------------------------------------------------------


def check_ids(ids: np.ndarray, longest: int | None = None, seen: int = 0, name: str = "ids") -> np.ndarray:
    """Ids (B, T) as int64. With the `seen` tokens before them, they must be at most `longest` tokens.

    Whether they lie in the vocabulary is checked where they are looked up.

    Raises:
        TypeError: if they are not integers.
        ValueError: if they have another shape, are empty, or too many.
    """
    ids = integers(name, ids)
    if ids.ndim != 2 or ids.size == 0:
        raise ValueError(f"{name} must have shape (B, T) with B and T at least 1, got {ids.shape}")
    if longest is not None and seen + ids.shape[1] > longest:
        before = f" after {seen} in the cache" if seen else ""
        raise ValueError(f"{name} must have shape (B, T) with T at most {longest}, got {ids.shape}{before}")
    return ids


def check_vocabulary(name: str, ids: Any, vocab_size: int | None = None) -> np.ndarray:
    """Ids of any shape as int64, all of them in [0, vocab_size). If vocab_size is None, they must not be negative.

    Raises:
        TypeError: if they are not integers.
        ValueError: if an id lies outside, naming it.
    """
    if vocab_size is not None:
        return ops.check_ids(ids, vocab_size, name)
    ids = integers(name, ids)
    if ids.size and ids.min() < 0:
        raise ValueError(f"{name} must not be negative, got {ids.min()}")
    return ids


def check_sequences(name: str, sequences: Sequence[Sequence[int] | np.ndarray]) -> list[np.ndarray]:
    """Sequences of ids or labels as int64 arrays (T,), each of its own length.

    Raises:
        TypeError: if a sequence is not of integers, naming it.
        ValueError: if a sequence has several axes.
    """
    rows = [integers(f"{name}[{i}]", sequence) for i, sequence in enumerate(sequences)]
    for i, row in enumerate(rows):
        if row.ndim != 1:
            raise ValueError(f"{name}[{i}] must be one sequence of ids, got shape {row.shape}")
    return rows


def check_texts(name: str, texts: Sequence[Sequence[int] | np.ndarray]) -> list[list[int]]:
    """Sequences of ids as lists of Python integers, which can be joined without a thought for their dtypes.

    Raises:
        TypeError: if a sequence is not of integers, naming it.
        ValueError: if a sequence has several axes, or an id is negative.
    """
    rows = check_sequences(name, texts)
    if rows and np.concatenate(rows).min(initial=0) < 0:  # one check for all; only an error looks for the sequence
        for i, row in enumerate(rows):
            check_vocabulary(f"{name}[{i}]", row)
    return [row.tolist() for row in rows]


# -- checks of masks --------------------------------------------------------------------------------


def check_mask(
    attention_mask: np.ndarray | None, ids: np.ndarray | Tensor, seen: int = 0, name: str = "attention_mask"
) -> np.ndarray | None:
    """A mask (B, T) as booleans, True where there is a token; None stays None.

    Args:
        ids: (B, T), or their embeddings or states, (B, T, ...).
        seen: how many tokens came before the ids; the mask covers them, too.

    Raises:
        TypeError: if the mask holds neither booleans nor integers. (A float mask that is added to attention scores
            would mean the opposite.)
        ValueError: if it has another shape, or holds a number other than 0 and 1.
    """
    if attention_mask is None:
        return None
    mask = zero_one_mask(name, attention_mask)
    shape = (len(ids), seen + ids.shape[1])
    if mask.shape != shape:
        expected = f"{shape}, {seen} of them in the cache" if seen else f"{shape}"
        raise ValueError(f"{name} must have the shape of ids, {expected}, got {mask.shape}")
    return mask


def token_mask(attention_mask: np.ndarray | None, ids: np.ndarray | Tensor, name: str = "attention_mask") -> np.ndarray:
    """Where there is a token, (B, T) booleans; everywhere if attention_mask is None. Errors as in `check_mask`."""
    mask = check_mask(attention_mask, ids, name=name)
    return np.ones(ids.shape[:2], np.bool_) if mask is None else mask


def check_no_empty_row(attention_mask: np.ndarray) -> None:
    """Raise ValueError if a row of the mask (B, T) has no token."""
    if not np.all(attention_mask.any(axis=1)):
        raise ValueError("attention_mask has a row without a token")


def check_right_padding(attention_mask: np.ndarray) -> None:
    """Raise ValueError if there is padding before a token, because a recurrent model's state would depend on it."""
    if np.any(np.diff(attention_mask.astype(int), axis=1) > 0):  # a step from 0 to 1
        raise ValueError("attention_mask has padding before a token; pad sequences on the right for an LSTM")


def position_numbers(attention_mask: np.ndarray | None, seen: int, length: int) -> np.ndarray:
    """The positions of the last `length` tokens, (B, T), or (1, T) without a mask. Padding is not counted.

        attention_mask   0 0 1 1 1        1 1 1 0 0
        position         0 0 0 1 2        0 1 2 2 2      a token's position is the same with padding on either side

    Args:
        attention_mask: (B, seen + length), 1 where there is a token; None means everywhere.
    """
    if attention_mask is None:
        return np.arange(seen, seen + length)[None]  # (1, T)
    # In int64: a count in an unsigned dtype would wrap around below zero.
    return np.maximum(np.cumsum(attention_mask, axis=1, dtype=np.int64) - 1, 0)[:, seen:]
