"""Learning WordPiece's merges without recounting: the corpus of `incremental.py`, and scores that follow.

One thing is harder than with plain counts. A merge of (a, b) takes occurrences away from a and from b, and
so raises the score of every other pair with a or b in it, wherever that pair stands. So:
- `pairs_with` knows which pairs a symbol is part of; after a merge, the pairs of its two parts are scored
  again, and one whose score rose is pushed again;
- a score that fell is noticed when its old entry surfaces, as in `incremental.py`.
The heap therefore always has an entry for each pair that is as good as the pair, or better, and the first
entry that is up to date is the best pair. It is not much work: what WordPiece merges is rare, and rare
symbols have few neighbours.

Scores are compared exactly, yet as integers, since fractions are slow. No denominator exceeds n · n for
n symbols of text, so two different scores differ by 1 / n⁴ or more: times 2^shift > n⁴ and rounded down, they
are different integers in the same order.
"""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from tokenizer.checks import whole_number
from tokenizer.incremental import Corpus, Pair, greatest_first
from tokenizer.likelihood import LikelyMerge, join
from tokenizer.merges import from_the_left


def learn_merges(words: Iterable[tuple[Sequence[str], int]], min_count: int = 1) -> Iterator[LikelyMerge]:
    """The merges of a text, highest score first: exactly those of `likelihood.learn_merges`, far sooner.

    words: (symbols, count): each distinct word as a sequence of pieces, and how often it occurs.
    min_count: rarer pairs wait until no other is left; then it is halved
    Ties: of equal scores the pair that stands there more often, then the lexicographically greatest pair.
    """
    min_count = whole_number("min_count", min_count, at_least=1)  # halving NaN would never end
    corpus = _ScoredCorpus(words)
    names, counts, symbol_counts = corpus.names, corpus.counts, corpus.symbol_counts
    sort_keys = [greatest_first(name) for name in names]
    heap: list[tuple[int, int, str, str, Pair]] = []
    offered: dict[Pair, tuple[int, int]] = {}  # pair -> score and count of its best entry on the heap

    def offer(pair: Pair) -> None:
        """Put a pair on the heap, unless it is too rare or has an entry there that is as good."""
        score, count = corpus.score(pair), counts[pair]
        if count >= min_count and (score, count) > offered.get(pair, (-1, -1)):
            offered[pair] = score, count
            left, right = pair
            heapq.heappush(heap, (-score, -count, sort_keys[left], sort_keys[right], pair))

    while counts:
        for pair in counts:
            offer(pair)
        while heap:
            negative_score, negative_count, _, _, pair = heapq.heappop(heap)
            entry = -negative_score, -negative_count
            if offered.get(pair) != entry:
                continue  # a better entry of this pair was here before
            del offered[pair]
            if pair not in counts:
                continue
            if entry != (corpus.score(pair), counts[pair]):
                offer(pair)
                continue
            left, right = pair
            yield LikelyMerge(names[left], names[right], counts[pair], symbol_counts[left], symbol_counts[right])
            changed = corpus.merge_and_count(pair)
            sort_keys.extend(greatest_first(name) for name in names[len(sort_keys) :])
            for pair in changed:
                offer(pair)
        min_count //= 2


class _ScoredCorpus(Corpus[str]):
    """The corpus of `incremental.py`, with the count and the pairs of each symbol."""

    def __init__(self, words: Iterable[tuple[Sequence[str], int]]) -> None:
        super().__init__(words)
        self.symbol_counts = [0] * len(self.names)
        for symbol, weight in zip(self.symbol[1:], self.weight[1:], strict=True):  # [0] is outside of every word
            self.symbol_counts[symbol] += weight
        self.pairs_with: defaultdict[int, set[Pair]] = defaultdict(set)
        for pair in self.counts:
            self._index(pair)
        self._shift = 4 * sum(self.symbol_counts).bit_length()

    def _index(self, pair: Pair) -> None:
        for symbol in pair:
            self.pairs_with[symbol].add(pair)

    def join(self, left: str, right: str) -> str:
        """The name of the symbol that two symbols become."""
        return join(left, right)

    def score(self, pair: Pair) -> int:
        """count(ab) / (count(a) · count(b)) as an integer in the same order."""
        left, right = pair
        return (self.counts[pair] << self._shift) // (self.symbol_counts[left] * self.symbol_counts[right])

    def merge_and_count(self, pair: Pair) -> set[Pair]:
        """`merge`, with the symbols' counts; returns the pairs whose score may have risen."""
        left, right = pair
        times = self.counts[pair] if left != right else self._times_merged(pair)
        grown = self.merge(pair)
        self.symbol_counts.append(times)
        self.symbol_counts[left] -= times
        self.symbol_counts[right] -= times
        for changed in grown:
            self._index(changed)
        for symbol in pair:
            self.pairs_with[symbol] = {other for other in self.pairs_with[symbol] if other in self.counts}
        return self.pairs_with[left] | self.pairs_with[right] | set(grown)

    def _times_merged(self, pair: Pair) -> int:
        """How often a pair of equal symbols merges: a a a holds it twice and merges once, from the left."""
        times = taken = 0
        for first in from_the_left(self.places[pair]):
            second = self.after[first]
            if first != taken and (self.symbol[first], self.symbol[second]) == pair:
                times += self.weight[first]
                taken = second
        return times
