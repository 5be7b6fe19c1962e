"""Learning merges as the lecture states it: count all pairs, merge the most frequent, repeat.

Three lines of English, and here three steps of Python: set a breakpoint in the loop and watch. Every pair
of every word is counted again after each merge, so the time is (merges x text). That is what makes plain
BPE training slow; `incremental.py` learns the same merges and touches only what a merge changes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import AnyStr

from tokenizer.merges import Merge


def learn_merges(words: Iterable[tuple[Sequence[AnyStr], int]]) -> Iterator[Merge[AnyStr]]:
    """The merges of a text, most frequent first, until every word is one symbol.

    words: (symbols, count): each distinct word as a sequence of symbols, and how often it occurs.
    Ties: of equally frequent pairs the lexicographically greatest one. (Python compares strings by code
    point, which is also the order of their UTF-8 bytes.)
    Source: Sennrich et al. 2016, section 3.2; lecture, "The byte-pair encoding algorithm".
    """
    corpus = [(list(symbols), count) for symbols, count in words]  # [(["l", "o", "w", "</w>"], 5), …]
    while True:
        # Count all pairs. A word that occurs 5 times counts each of its pairs 5 times.
        pair_counts: Counter[tuple[AnyStr, AnyStr]] = Counter()  # {("l", "o"): 7, ("o", "w"): 7, …}
        for symbols, count in corpus:
            for pair in pairwise(symbols):
                pair_counts[pair] += count
        if not pair_counts:  # every word is one symbol
            return
        # Take the most frequent. The pair itself breaks ties, so the order of the words does not matter.
        left, right = max(pair_counts, key=lambda pair: (pair_counts[pair], pair))
        merge = Merge(left, right, pair_counts[left, right])
        yield merge
        # Merge it everywhere, then count again: new pairs have come up and old ones have become rarer.
        corpus = [(replace_pair(symbols, merge), count) for symbols, count in corpus]


def replace_pair(symbols: Sequence[AnyStr], merge: Merge[AnyStr]) -> list[AnyStr]:
    """The symbols with the pair merged wherever it occurs, from left to right: a a a -> aa a."""
    left, right, whole = merge.left, merge.right, merge.symbol
    merged: list[AnyStr] = []
    i = 0
    while i < len(symbols):
        if i + 1 < len(symbols) and symbols[i] == left and symbols[i + 1] == right:
            merged.append(whole)  # "l", "o" -> "lo"
            i += 2  # both are used up, so pairs that overlap merge once
        else:
            merged.append(symbols[i])
            i += 1
    return merged
