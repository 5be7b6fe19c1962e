"""WordPiece's choice of a merge: not the most frequent pair, but the one that makes the text most likely.

Byte-pair encoding asks how often a pair stands there. WordPiece asks how much more often it stands there
than its two parts would meet by chance:

    score(ab) = count(ab) / (count(a) · count(b))

So q + ##u goes before e + ##r, which stands there far more often, but then e and r are everywhere. Merging
the pair of the highest score raises the likelihood of the text, under a model that draws each piece by
itself, by the most for each time the pair stands there.

Rare parts score high, so that left to itself the score makes pieces of every misprint before it comes to
common words. Therefore a pair that stands there less than `min_count` times has to wait until no other is
left; then the bar is halved. (1 is the score alone.) No merge makes a pair more frequent than the one that it
merges, so a learner that takes up where another stopped lowers the bar at once to where that one had it.

A word is written as its first piece and others with the prefix `##`, which tells the "est" of "estate" from
the "##est" of "lowest". The loop here is the one of `recounting.py` with the other choice: all pairs are
counted again after each merge. `incremental_likelihood.py` learns the same merges fast.

Source: Schuster and Nakajima 2012, "Japanese and Korean voice search", section 3; the score in this form
as in Hugging Face's course, chapter 6, "WordPiece tokenization".
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

from tokenizer.checks import whole_number
from tokenizer.merges import Merge
from tokenizer.recounting import replace_pair

PREFIX = "##"  # a piece that continues a word


def spell_out(word: str) -> list[str]:
    """The pieces with which a word starts, its characters: "hat" -> ["h", "##a", "##t"]."""
    return [*word[:1], *(PREFIX + character for character in word[1:])]


def join(left: str, right: str) -> str:
    """The piece that two pieces become: "h" + "##a" -> "ha"."""
    return left + right.removeprefix(PREFIX)


@dataclass(frozen=True)
class LikelyMerge(Merge[str]):
    """One merge as it was learnt: the pair stood there `count` times, its parts `left_count`, `right_count`."""

    left_count: int
    right_count: int

    @property
    def symbol(self) -> str:
        """The new piece that the merge makes."""
        return join(self.left, self.right)

    def __str__(self) -> str:
        return f"{super().__str__()[:-1]}; its parts {self.left_count:,} and {self.right_count:,} times)"

    @property
    def score(self) -> Fraction:
        """count(ab) / (count(a) · count(b)), exactly: equal scores are equal, whatever the machine."""
        return Fraction(self.count, self.left_count * self.right_count)


def learn_merges(words: Iterable[tuple[Sequence[str], int]], min_count: int = 1) -> Iterator[LikelyMerge]:
    """The merges of a text, highest score first, until every word is one piece.

    words: (symbols, count): each distinct word as a sequence of pieces, and how often it occurs.
    min_count: rarer pairs wait until no other is left; then it is halved
    Ties: of equal scores the pair that stands there more often, then the lexicographically greatest pair.
    """
    min_count = whole_number("min_count", min_count, at_least=1)  # halving NaN would never end
    corpus = [(list(symbols), count) for symbols, count in words]
    while True:
        symbol_counts: Counter[str] = Counter()
        pair_counts: Counter[tuple[str, str]] = Counter()
        for symbols, count in corpus:
            for symbol in symbols:
                symbol_counts[symbol] += count
            for pair in pairwise(symbols):
                pair_counts[pair] += count
        candidates = [
            LikelyMerge(left, right, count, symbol_counts[left], symbol_counts[right])
            for (left, right), count in pair_counts.items()
            if count >= min_count
        ]
        if not candidates:
            if min_count <= 1:
                return
            min_count //= 2
            continue
        best = max(candidates, key=lambda merge: (merge.score, merge.count, merge.left, merge.right))
        yield best
        corpus = [(replace_pair(symbols, best), count) for symbols, count in corpus]
