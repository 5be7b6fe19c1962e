"""Exercise 2.4: the merges of exercise 2.1 without counting everything again."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from lectures.assignments.tokenizers.merging_by_hand import Words, learnt, random_letters, random_words
from lectures.grading.exercise import Case, Exercise, Mistake, Stub

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdef"
MANY_WORDS, LENGTH, MANY_MERGES = 2500, 8, 100
# How often symbols may be hashed or compared. The solution needs 0.4 million; with `max` over all pairs in place of the
# heap, 0.9 million. Looking for the pair in all words after each merge needs 2.1 million, counting again 7 million.
MOST_WORK = 1_300_000


def cases(generator: np.random.Generator, variant: str) -> Iterator[Case]:
    """Small texts in which a count that is not updated shows, and a large one on which the work is counted."""

    def case(group: str, shows: str, words: Words, merges: int) -> Case:
        return Case(group, shows, "incremental_merges_of", (words, merges), learnt(words, merges))

    a, b, c, d = random_letters(generator, 4)
    yield case("counts", "two pairs with a letter in common", [([a, b], 3), ([a, b, c], 2), ([b, c], 4)], 5)
    yield case("counts", "neighbours on both sides of a merged pair", [([c, a, b, d], 5), ([c, a], 2), ([b, d], 3)], 6)
    yield case("counts", "a pair that is twice in a word", [([a, b, c, a, b], 2), ([b, c], 3), ([c, a], 1)], 6)
    yield case("counts", "one word more frequent than all others", [([d, c], 20), ([a, b], 3), ([c, a, b], 4)], 5)
    low, middle, high = sorted((a, b, c))
    yield case("ties", "three equal counts", [([middle, low], 2), ([high, low], 2), ([low, high], 2)], 3)
    yield case("ties", "a tie of an old and a new pair", [([low, high, low], 2), ([high, middle], 2), ([low], 1)], 4)
    yield case("ties", "twelve random words", random_words(generator, a + b + c + d, 12, 6), 60)
    yield case("overlaps", f"{a * 4}, once and three times", [([a] * 4, 3)], 4)
    yield case("overlaps", "runs of equal letters", [([a] * 3, 2), ([a] * 5, 1), ([b, a, a], 2), ([a, a, a, c], 3)], 8)
    yield case("overlaps", "a run between letters", [([b, *[a] * 5, b], 2), ([a, a, a, b], 1)], 8)
    words = many_words(generator)
    yield Case(
        "work", f"{MANY_MERGES} merges of {MANY_WORDS:,} words", "merges_with_little_work",
        (words, MANY_MERGES, MOST_WORK), learnt_from_arrays(words, MANY_MERGES),
    )  # fmt: skip


def many_words(generator: np.random.Generator) -> list[tuple[str, int]]:
    """Random words of one length and their counts: too many to count all pairs again after each merge."""
    rows = generator.choice(list(LETTERS), (MANY_WORDS, LENGTH))
    counts = generator.integers(1, 9, MANY_WORDS)
    return [("".join(row), int(count)) for row, count in zip(rows, counts, strict=True)]


def learnt_from_arrays(words: list[tuple[str, int]], merges: int) -> list[tuple[str, str, int]]:
    """What `learnt` finds for words of one length, counted by NumPy."""
    names = list(LETTERS)
    symbols = np.array([[LETTERS.index(letter) for letter in word] for word, _ in words])  # (words, LENGTH)
    weights = np.repeat([[count] for _, count in words], LENGTH - 1, axis=1)  # (words, LENGTH - 1)
    size = len(names) + merges
    found = []
    for _ in range(merges):
        left, right = symbols[:, :-1], symbols[:, 1:]
        pairs = np.where(right < 0, -1, left * size + right)  # -1 is after the end of a word
        counts = np.bincount(pairs[pairs >= 0], weights[pairs >= 0], size * size)
        frequent = [divmod(int(pair), size) for pair in np.flatnonzero(counts == counts.max())]
        one, two = max(frequent, key=lambda pair: (names[pair[0]], names[pair[1]]))
        found.append((names[one], names[two], int(counts.max())))
        names.append(names[one] + names[two])
        for row in np.flatnonzero((pairs == one * size + two).any(axis=1)):
            word = [int(symbol) for symbol in symbols[row] if symbol >= 0]
            i = 0
            while i < len(word) - 1:
                if word[i] == one and word[i + 1] == two:
                    word[i : i + 2] = [len(names) - 1]
                i += 1
            symbols[row] = [*word, *[-1] * (LENGTH - len(word))]
    return found


_MODULE = "lectures.assignments.tokenizers.solution.incremental_merges"
_LEARN, _MERGED = f"{_MODULE}.learn_merges", f"{_MODULE}.merged"

INCREMENTAL = Exercise(
    number="2.4",
    title="learning without counting again",
    points=20,
    minutes=150,
    stubs=(Stub(_LEARN), Stub(_MERGED)),
    cases=cases,
    mistakes=(
        Mistake(
            name="old neighbours stay",
            old="counts[pair] -= count",
            new="counts[pair] -= count * (pair == best.pair or pair in after)",
            symptom="the pairs that a merge takes apart, those of its two symbols with their neighbours, keep their"
            " counts",
        ),
        Mistake(
            name="new neighbours not counted",
            old="for pair in after:\n                counts[pair] += count",
            new="for pair in after:\n                counts[pair] += count * (pair in before)",
            symptom="the pairs of the new symbol with its neighbours are not counted",
        ),
        Mistake(
            name="subtracted once a word",
            old="for pair in before:",
            new="for pair in dict.fromkeys(before):",
            symptom="a pair that occurs twice in a word is subtracted once",
        ),
        Mistake(
            name="stale candidates",
            old="if counts[best.pair] != best.count:",
            new="if not counts[best.pair]:",
            symptom="a candidate is taken from the heap although its count is out of date",
        ),
        Mistake(
            name="rarer pairs lost",
            old="changed.update(dict.fromkeys([*before, *after]))",
            new="changed.update((pair, None) for pair in after if pair not in before)",
            symptom="a pair that has become rarer is never found again",
        ),
        Mistake(
            name="new pairs not in the heap",
            old="changed.update(dict.fromkeys([*before, *after]))",
            new="changed.update(dict.fromkeys(before))",
            symptom="the pairs of the new symbol are counted and never become candidates",
        ),
        Mistake(
            name="tie by insertion",
            old="return (self.count, self.pair) > (other.count, other.pair)",
            new="return self.count > other.count",
            symptom="of equally frequent pairs the order in the heap decides, not the pair itself",
            symbol=f"{_MODULE}.Candidate.__lt__",
        ),
        Mistake(
            name="smallest of a tie",
            old="return (self.count, self.pair) > (other.count, other.pair)",
            new="return (-self.count, self.pair) < (-other.count, other.pair)",
            symptom="of equally frequent pairs the smallest one is taken",
            symbol=f"{_MODULE}.Candidate.__lt__",
        ),
        Mistake(
            name="counts not weighted",
            old="corpus = [(list(symbols), count)",
            new="corpus = [(list(symbols), 1)",
            symptom="a pair is counted once for a distinct word, however often the word occurs",
        ),
        Mistake(
            name="all words",
            old="sorted(holders[best.pair])",
            new="range(len(corpus))",
            symptom="the merges are right, and the work of each grows with the whole text; but what changes is near the"
            " merge",
        ),
        Mistake(
            name="used twice",
            old="i += 2",
            new="i += 1",
            symptom="the right symbol of a merged pair stays in the word and may be merged again",
            symbol=_MERGED,
        ),
        Mistake(
            name="from the right",
            old="""i = 0
    while i < len(symbols):
        if i + 1 < len(symbols) and (symbols[i], symbols[i + 1]) == pair:
            result.append(pair[0] + pair[1])
            i += 2
        else:
            result.append(symbols[i])
            i += 1""",
            new="""i = len(symbols)
    while i > 0:
        if i > 1 and (symbols[i - 2], symbols[i - 1]) == pair:
            result.insert(0, pair[0] + pair[1])
            i -= 2
        else:
            result.insert(0, symbols[i - 1])
            i -= 1""",
            symptom="pairs that overlap are merged from the right: a a a becomes a aa",
            symbol=_MERGED,
        ),
    ),
    page="pretraining/2-subwords.md",
)
