"""WordPiece's choice of a merge: not the most frequent pair, but the one that makes the text most likely.

Byte-pair encoding counts how often a pair occurs. WordPiece compares that count with how often the two parts
would meet by chance:

    score(ab) = count(ab) / (count(a) · count(b))

So q + ##u is merged before e + ##r: the second pair is far more frequent, but e and r are everywhere. Under a
model that draws each piece independently, merging a pair raises the log-likelihood of the text by about
log(score · size of the text) for each occurrence. The pair with the highest score therefore gains most per occurrence.

Rare parts have high scores. With the score alone, every misprint becomes a piece before common words do. So a
pair that occurs fewer than `min_count` times waits until no other pair is left; then `min_count` is halved.
(`min_count=1` is the score alone.) A merge creates no pair that is more frequent than the merged one. So once
`min_count` is halved, no pair reaches its old value again, and training that resumes halves it at once to where it was.

A word is its first piece, then pieces with the prefix `##`. The prefix distinguishes the "est" of "estate" from
the "##est" of "lowest". The loop is that of `recounting.py` with the other choice: all pairs are
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
from tokenizer.formats.bert_files import PREFIX
from tokenizer.learn.recounting import replace_pair
from tokenizer.merges import Merge


def spell_out(word: str) -> list[str]:
    """The pieces of a word before the first merge, its characters: "hat" -> ["h", "##a", "##t"]."""
    return [*word[:1], *(PREFIX + character for character in word[1:])]


def join(left: str, right: str) -> str:
    """The piece that two pieces become: "h" + "##a" -> "ha"."""
    return left + right.removeprefix(PREFIX)


@dataclass(frozen=True)
class LikelyMerge(Merge[str]):
    """One merge as it was learnt: the pair occurred `count` times, its parts `left_count` and `right_count` times."""

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
    Ties: of equal scores the more frequent pair, then the lexicographically greatest pair.
    """
    min_count = whole_number("min_count", min_count, at_least=1)  # halving NaN would never end
    corpus = [(list(symbols), count) for symbols, count in words]  # [(["h", "##a", "##t"], 5), …]
    while True:
        # Count all pairs as in `recounting.py`, and the symbols as well: they are the score's denominator.
        symbol_counts: Counter[str] = Counter()
        pair_counts: Counter[tuple[str, str]] = Counter()
        for symbols, count in corpus:
            for symbol in symbols:
                symbol_counts[symbol] += count
            for pair in pairwise(symbols):
                pair_counts[pair] += count
        # Rare pairs score high, so they wait: their scores are the noisiest.
        candidates = [
            LikelyMerge(left, right, count, symbol_counts[left], symbol_counts[right])
            for (left, right), count in pair_counts.items()
            if count >= min_count
        ]
        if not candidates:
            if min_count <= 1:  # every word is one piece
                return
            min_count //= 2  # now the rarer pairs have their turn
            continue
        # The score decides; the rest only makes the choice the same for every order of the words.
        best = max(candidates, key=lambda merge: (merge.score, merge.count, merge.left, merge.right))
        yield best
        corpus = [(replace_pair(symbols, best), count) for symbols, count in corpus]
