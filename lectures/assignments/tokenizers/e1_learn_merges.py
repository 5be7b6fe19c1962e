"""Exercise 2.1: learning merges, with every pair counted again after each merge."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from lectures.assignments.tokenizers.merging_by_hand import (
    Pair,
    Words,
    greatest,
    joined,
    learnt,
    random_letters,
    random_words,
)
from lectures.grading.exercise import Case, Exercise, Mistake, Stub, Variant

LECTURE = [("low", 5), ("lower", 2), ("newest", 6), ("widest", 3)]


def smallest(pair: Pair) -> tuple[list[int], list[int]]:
    """The key for which the lexicographically smallest pair is the last one."""
    left, right = pair
    # A text sorts before those that it begins; with a mark greater than all at its end and signs changed, after them.
    return [-ord(letter) for letter in left] + [1], [-ord(letter) for letter in right] + [1]


def longest(pair: Pair) -> tuple[int, Pair]:
    """The key for which the pair that makes the longest symbol is the last one."""
    return len(pair[0] + pair[1]), pair


TIES = {"greatest": greatest, "smallest": smallest, "longest": longest}


def cases(generator: np.random.Generator, variant: str) -> Iterator[Case]:
    """The lecture's words, ties, pairs that overlap, and random words."""
    tie = TIES[variant]

    def case(group: str, shows: str, words: Words, merges: int) -> Case:
        return Case(group, shows, "first_merges", (words, merges), learnt(words, merges, tie))

    def replacing(shows: str, symbols: list[str], pair: Pair) -> Case:
        return Case("replacing", shows, "replace_pair", (symbols, *pair), joined(symbols, pair))

    lecture: Words = [([*word, "</w>"], count) for word, count in LECTURE]
    yield case("counting", "the lecture's low, lower, newest and widest", lecture, 6)
    a, b, c, d = random_letters(generator, 4)
    yield case("counting", "a rare word with more pairs than a frequent one", [([a, b, a, b], 2), ([c, d], 3)], 2)
    yield case("counting", "a word that occurs 9 times and two that occur once", _weighted(a, b, c), 2)
    low, middle, high = sorted((a, b, c))
    yield case("ties", "three pairs that occur twice", [([middle, low], 2), ([high, low], 2), ([low, high], 2)], 3)
    yield case("ties", "the same words in another order", [([low, high], 2), ([high, low], 2), ([middle, low], 2)], 3)
    yield case(
        "ties", "a tie of a long symbol and a letter",
        [([low, high, middle], 3), ([high, middle, low], 2), ([high, low], 3)], 4,
    )  # fmt: skip
    yield case("until the end", "merges until each word is one symbol", [([a, b, c], 3), ([b, c], 1), ([d], 7)], 10)
    yield case("until the end", "twelve random words", random_words(generator, a + b + c + d, 12, 6), 60)
    yield replacing(f"{a} {a} {a} with the pair {a} {a}", [a, a, a], (a, a))
    yield replacing(f"the pair {a} {b} twice in a row", [a, b, a, b, c], (a, b))
    yield replacing(f"the pair {a} {b} before another symbol, and at the end", [a, b, c, a, b], (a, b))
    yield replacing("no such pair", [a, c, b], (a, b))
    yield case("replacing", "a run of five equal letters", [([a] * 5, 2), ([b, a, a], 1)], 4)


def _weighted(a: str, b: str, c: str) -> Words:
    return [([c, b], 1), ([a, b], 9), ([a, c, b], 1)]


_START = """while True:
        # Count all pairs. A word that occurs 5 times counts each of its pairs 5 times.
        pair_counts: Counter[tuple[AnyStr, AnyStr]] = Counter()"""
_BEST = "left, right = max(pair_counts, key=lambda pair: (pair_counts[pair], pair))"
_APPLY = "corpus = [(replace_pair(symbols, merge), count) for symbols, count in corpus]"
_LEARN = "tokenizer.learn.recounting.learn_merges"
_REPLACE = "tokenizer.learn.recounting.replace_pair"
_RULE = """the lexicographically greatest one. (Python compares strings by code
    point, which is also the order of their UTF-8 bytes.)"""
_LOOP = """        if i + 1 < len(symbols) and symbols[i] == left and symbols[i + 1] == right:
            merged.append(whole)  # "l", "o" -> "lo"
            i += 2  # both are used up, so pairs that overlap merge once
        else:
            merged.append(symbols[i])
            i += 1
    return merged"""

LEARN_MERGES = Exercise(
    number="2.1",
    title="learning merges",
    points=25,
    minutes=90,
    stubs=(Stub(_LEARN), Stub(_REPLACE)),
    cases=cases,
    mistakes=(
        Mistake(
            name="smallest of a tie",
            old=_BEST,
            new="left, right = min(pair_counts, key=lambda pair: (-pair_counts[pair], pair))",
            symptom="of equally frequent pairs the smallest one is taken, which is not the rule of the handout",
        ),
        Mistake(
            name="first of a tie",
            old=_BEST,
            new="left, right = max(pair_counts, key=lambda pair: pair_counts[pair])",
            symptom="of equally frequent pairs the first one counted is taken, so the merges depend on the order of the"
            " words",
        ),
        Mistake(
            name="counts not weighted",
            old="pair_counts[pair] += count",
            new="pair_counts[pair] += 1",
            symptom="a pair is counted once for a distinct word, however often the word occurs",
        ),
        Mistake(
            name="a set of pairs",
            old="for pair in pairwise(symbols):",
            new="for pair in dict.fromkeys(pairwise(symbols)):",
            symptom="a pair that occurs twice in a word is counted once",
        ),
        Mistake(
            name="merge not applied",
            old=_APPLY,
            new="pass",
            symptom="the words stay as they were after a merge: the same pair is found again",
        ),
        Mistake(
            name="counts kept",
            old=_START,
            new="pair_counts: Counter[tuple[AnyStr, AnyStr]] = Counter()\n    while True:\n        pass",
            symptom="the counts of earlier rounds are added to those of this one",
        ),
        Mistake(
            name="pairs across words",
            old="for symbols, count in corpus:\n            for pair in pairwise(symbols):\n                "
            "pair_counts[pair] += count",
            new="for symbols, count in corpus:\n            for pair in pairwise(symbols):\n                "
            "pair_counts[pair] += count\n        for (one, count), (two, _) in pairwise(corpus):\n            "
            "pair_counts[one[-1], two[0]] += count",
            symptom="the last symbol of a word and the first one of the next word are counted as a pair",
        ),
        Mistake(
            name="from the right",
            old="i = 0\n    while i < len(symbols):\n" + _LOOP,
            new="i = len(symbols)\n    while i > 0:\n"
            "        if i > 1 and symbols[i - 2] == left and symbols[i - 1] == right:\n"
            "            merged.insert(0, whole)\n            i -= 2\n        else:\n"
            "            merged.insert(0, symbols[i - 1])\n            i -= 1\n    return merged",
            symptom="pairs that overlap are merged from the right: a a a becomes a aa",
            symbol=_REPLACE,
        ),
        Mistake(
            name="skips one too many",
            old="i += 2",
            new="i += 3",
            symptom="the symbol after a merged pair is lost",
            symbol=_REPLACE,
        ),
        Mistake(
            name="used twice",
            old="i += 2",
            new="i += 1",
            symptom="the right symbol of a merged pair stays in the word and may be merged again",
            symbol=_REPLACE,
        ),
        Mistake(
            name="first place only",
            old=_LOOP,
            new=_LOOP.replace("i + 1 < len", "whole not in merged and i + 1 < len"),
            symptom="a pair that occurs twice in a word is merged at the first place only",
            symbol=_REPLACE,
        ),
    ),
    page="pretraining/2-subwords.md",
    walk="lectures/walks/bpe.md",
    variants=(
        Variant(
            name="greatest",
            rule="Of equally frequent pairs, take the lexicographically greatest one, in Python `max(pairs)`.",
        ),
        Variant(
            name="smallest",
            rule="Of equally frequent pairs, take the lexicographically smallest one, in Python `min(pairs)`.",
            edits=(
                (_LEARN, _BEST, "left, right = min(pair_counts, key=lambda pair: (-pair_counts[pair], pair))"),
                (_LEARN, _RULE, "the lexicographically smallest one. (Python compares strings by code point.)"),
            ),
        ),
        Variant(
            name="longest",
            rule="Of equally frequent pairs, take the one that makes the longest symbol, of these the lexicographically"
            " greatest one.",
            edits=(
                (_LEARN, "(pair_counts[pair], pair)", "(pair_counts[pair], len(pair[0] + pair[1]), pair)"),
                (
                    _LEARN,
                    _RULE,
                    "the one that makes the longest symbol, of these the lexicographically\n    greatest one.",
                ),
            ),
        ),
    ),
)
