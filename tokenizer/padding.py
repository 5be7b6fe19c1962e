"""Sequences of equal length for a model: `pad` short ones and `truncate` long ones.

ids, attention_mask = pad([wordpiece.encode(text) for text in texts], pad_id=0)
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tokenizer.checks import shown, token_ids, whole_number


def pad(
    sequences: Sequence[Sequence[int]], pad_id: int, side: str = "right", length: int | None = None
) -> tuple[list[list[int]], list[list[int]]]:
    """Sequences of ids -> (ids, attention_mask), both lists of lists B × T, T = `length`.

    side: where `pad_id` is added, "right" (after the ids) or "left" (before them, for models that continue a text)
    length: the length of every row; if None, the length of the longest sequence
    The mask is 1 where there is a token and 0 where there is padding.
    Raises ValueError for a sequence longer than `length` (`truncate` it first), and TypeError for anything but ids.
    """
    _check_side(side)
    pad_id = whole_number("pad_id", pad_id)
    if isinstance(sequences, str | bytes) or not isinstance(sequences, Iterable):
        raise TypeError(f"sequences: expected a list of lists of ids, got {shown(sequences)}")
    sequences = [token_ids(ids, f"sequences[{number}]") for number, ids in enumerate(sequences)]
    if length is not None:
        length = whole_number("length", length, at_least=0)
    longest = max(map(len, sequences), default=0)
    if length is None:
        length = longest
    elif longest > length:
        number = next(number for number, ids in enumerate(sequences) if len(ids) > length)
        got = f"{len(sequences[number])} ids in sequence {number}"
        raise ValueError(f"sequences: expected at most length = {length} ids each, got {got}; truncate it first")
    padded, mask = [], []
    for ids in sequences:  # length 4, pad_id 0: [5, 6] -> [5, 6, 0, 0] and [1, 1, 0, 0]
        missing = length - len(ids)
        if side == "right":
            padded.append([*ids, *[pad_id] * missing])
            mask.append([1] * len(ids) + [0] * missing)
        else:
            padded.append([*[pad_id] * missing, *ids])
            mask.append([0] * missing + [1] * len(ids))
    return padded, mask


def truncate(ids: Sequence[int], length: int, side: str = "right") -> list[int]:
    """At most `length` of the ids; the rest is cut off at the `side`, "right" (the end) or "left" (the start).

    Raises ValueError for a negative length, and TypeError for ids that are not integers.
    """
    _check_side(side)
    length = whole_number("length", length)
    if length < 0:
        raise ValueError(f"length: expected 0 or more, got {length}")
    ids = token_ids(ids)
    # Not ids[-length:], which is all of them for a length of 0.
    return ids[:length] if side == "right" else ids[max(len(ids) - length, 0) :]


def _check_side(side: str) -> None:
    if side not in ("right", "left"):
        raise ValueError(f'side: expected "right" or "left", got {side!r}')
