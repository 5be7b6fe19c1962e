"""Encoding a word with learnt merges, in the order of learning. Exercise 2.2.

The library's version is `tokenizer/merges.py`. It has the same `merge_steps`, and two faster versions of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

END = "</w>"  # the end-of-word symbol, the last symbol of every word

Pair = tuple[str, str]


def merge_steps(symbols: Sequence[str], ranks: Mapping[Pair, int]) -> Iterator[list[str]]:
    """Every state of a word on its way from `symbols` to its final pieces, one merge apart.

    Of all neighbours that have a merge, the pair that was learnt first is merged, at its leftmost place. Then all
    neighbours are looked at again, until none has a merge.

    Args:
        symbols: the word; it is not changed.
        ranks: pair -> rank. The merge that was learnt first has rank 0.

    Yields:
        Lists of symbols, each a list of its own. The first one holds `symbols`.
    """
    state = list(symbols)
    yield state
    while True:
        pairs = list(pairwise(state))
        known = [pair for pair in pairs if pair in ranks]
        if not known:
            return
        best = min(known, key=lambda pair: ranks[pair])
        i = pairs.index(best)
        state = [*state[:i], best[0] + best[1], *state[i + 2 :]]
        yield state


def encode_word(word: str, merges: Sequence[Pair]) -> list[str]:
    """The pieces of a word, the end-of-word symbol included: "low" -> ["low</w>"], or ["lo", "w</w>"].

    Args:
        word: at least one character, without the end-of-word symbol.
        merges: in the order of learning.
    """
    ranks = {pair: rank for rank, pair in enumerate(merges)}
    *_, last = merge_steps([*word, END], ranks)
    return last
