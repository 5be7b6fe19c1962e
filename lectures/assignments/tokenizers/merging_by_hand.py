"""Byte-pair encoding by brute force, with which the cases of exercises 2.1 to 2.4 are made.

Everything is counted again after each merge, and nothing of the library is called.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

Words = list[tuple[list[Any], int]]  # the symbols of each distinct word, and how often the word occurs
Pair = tuple[Any, Any]


def greatest(pair: Pair) -> Any:
    """The key of the library's rule for ties: the lexicographically greatest pair."""
    return pair


def learnt(words: Words, merges: int, tie: Callable[[Pair], Any] = greatest) -> list[tuple[Any, Any, int]]:
    """(left, right, count) of the first merges; of equally frequent pairs the one with the greatest `tie`."""
    words = [(list(symbols), count) for symbols, count in words]
    found: list[tuple[Any, Any, int]] = []
    while len(found) < merges:
        counts: dict[Pair, int] = {}
        for symbols, count in words:
            for i in range(len(symbols) - 1):
                pair = (symbols[i], symbols[i + 1])
                counts[pair] = counts.get(pair, 0) + count
        if not counts:
            break
        highest = max(counts.values())
        best = sorted((pair for pair in counts if counts[pair] == highest), key=tie)[-1]
        found.append((*best, highest))
        words = [(joined(symbols, best), count) for symbols, count in words]
    return found


def joined(symbols: Sequence[Any], pair: Pair) -> list[Any]:
    """The symbols with a pair merged wherever it occurs, from left to right."""
    symbols = list(symbols)
    i = 0
    while i < len(symbols) - 1:
        if (symbols[i], symbols[i + 1]) == pair:
            symbols[i : i + 2] = [symbols[i] + symbols[i + 1]]
        i += 1
    return symbols


def states(symbols: Sequence[Any], merges: Sequence[Pair]) -> list[list[Any]]:
    """Each state of a word: the merge that was learnt first is applied at its leftmost place, again and again."""
    found = [list(symbols)]
    while True:
        state = found[-1]
        places = [
            (merges.index((state[i], state[i + 1])), i)
            for i in range(len(state) - 1)
            if (state[i], state[i + 1]) in merges
        ]
        if not places:
            return found
        _, i = min(places)
        found.append([*state[:i], state[i] + state[i + 1], *state[i + 2 :]])


def random_words(generator: np.random.Generator, alphabet: str, words: int, length: int) -> Words:
    """Distinct random words with random counts."""
    found: dict[str, int] = {}
    while len(found) < words:
        word = "".join(generator.choice(list(alphabet), generator.integers(2, length + 1)))
        found[word] = int(generator.integers(1, 9))
    return [(list(word), count) for word, count in found.items()]


def random_letters(generator: np.random.Generator, number: int) -> list[str]:
    """Different letters, so that the answer for one seed is not that for another."""
    return [str(letter) for letter in generator.choice(list("abcdefghijklmnopqrstuvwxyz"), number, replace=False)]
