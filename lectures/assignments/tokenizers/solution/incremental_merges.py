"""Learning merges without counting everything again. Exercise 2.4.

The library's version is `tokenizer/learn/incremental.py`. It holds all words in flat arrays, and
visits the places of a pair instead of the words that hold it.
"""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Sequence
from itertools import pairwise

Pair = tuple[str, str]


class Candidate:
    """A pair and its count, for a heap: the first one is the most frequent, of these the greatest.

    An entry inside a heap cannot be changed. If a count changes, push another candidate.
    """

    def __init__(self, pair: Pair, count: int) -> None:
        self.pair = pair
        self.count = count

    def __lt__(self, other: Candidate) -> bool:
        # `heapq` pops the entry that is less than all others.
        return (self.count, self.pair) > (other.count, other.pair)


def learn_merges(words: Sequence[tuple[Sequence[str], int]], merges: int) -> list[tuple[str, str, int]]:
    """The first merges of a text, found by updating counts instead of counting again.

    A merge looks only at the words that hold its pair.

    Args:
        words: each distinct word as its symbols, and how often the word occurs. They are not changed.
        merges: how many to learn. There are fewer if every word becomes one symbol.

    Returns:
        (left, right, count) of each merge, in the order of learning: the most frequent pair, and of equally frequent
        ones the lexicographically greatest.
    """
    corpus = [(list(symbols), count) for symbols, count in words]
    counts: defaultdict[Pair, int] = defaultdict(int)
    holders: defaultdict[Pair, set[int]] = defaultdict(set)  # the numbers of the words that hold a pair
    for number, (symbols, count) in enumerate(corpus):
        for pair in pairwise(symbols):
            counts[pair] += count
            holders[pair].add(number)
    heap = [Candidate(pair, count) for pair, count in counts.items()]
    heapq.heapify(heap)
    learnt: list[tuple[str, str, int]] = []
    while heap and len(learnt) < merges:
        best = heapq.heappop(heap)
        if counts[best.pair] != best.count:
            continue  # out of date: a candidate with the present count was pushed when it changed
        learnt.append((*best.pair, best.count))
        changed: dict[Pair, None] = {}  # an ordered set
        for number in sorted(holders[best.pair]):
            symbols, count = corpus[number]
            before = list(pairwise(symbols))
            symbols[:] = merged(symbols, best.pair)
            after = list(pairwise(symbols))
            for pair in before:
                counts[pair] -= count
                holders[pair].discard(number)
            for pair in after:
                counts[pair] += count
                holders[pair].add(number)
            changed.update(dict.fromkeys([*before, *after]))
        for pair in changed:
            if counts[pair]:
                heapq.heappush(heap, Candidate(pair, counts[pair]))
    return learnt


def merged(symbols: Sequence[str], pair: Pair) -> list[str]:
    """The symbols with a pair merged wherever it occurs, from left to right: a a a -> aa a."""
    result: list[str] = []
    i = 0
    while i < len(symbols):
        if i + 1 < len(symbols) and (symbols[i], symbols[i + 1]) == pair:
            result.append(pair[0] + pair[1])
            i += 2
        else:
            result.append(symbols[i])
            i += 1
    return result
