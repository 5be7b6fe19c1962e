"""Learning WordPiece's merges without recounting: the corpus of `incremental.py`, with scores kept up to date.

One thing is harder than with plain counts. A merge of (a, b) removes occurrences of a and of b. That raises the
score of every other pair that contains a or b, anywhere in the text. So:
- `pairs_with` lists the pairs that contain a symbol. After a merge, the pairs of its two parts are scored again,
  and a pair whose score rose is pushed again.
- A score that fell is noticed when its old entry is popped, as in `incremental.py`.
The heap therefore always holds, for each pair, an entry at least as good as the pair's current score, and the
first entry that is up to date is the best pair. Scoring again is cheap, because WordPiece merges rare symbols, and
rare symbols have few neighbours.

Scores are compared exactly, but as integers, because fractions are slow. No denominator exceeds n · n for
n symbols of text, so two different scores differ by at least 1 / n⁴. Multiplied by 2^shift > n⁴ and rounded down,
they are different integers in the same order.
"""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from tokenizer.checks import whole_number
from tokenizer.learn.incremental import Corpus, Pair, greatest_first
from tokenizer.learn.likelihood import LikelyMerge, join
from tokenizer.merges import from_the_left


def learn_merges(words: Iterable[tuple[Sequence[str], int]], min_count: int = 1) -> Iterator[LikelyMerge]:
    """The merges of a text, highest score first: exactly those of `likelihood.learn_merges`, but much faster.

    words: (symbols, count): each distinct word as a sequence of pieces, and how often it occurs.
    min_count: rarer pairs wait until no other is left; then it is halved
    Ties: of equal scores the more frequent pair, then the lexicographically greatest pair.
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
            # heapq pops the smallest entry: negated, that is the highest score, then the highest count.
            heapq.heappush(heap, (-score, -count, sort_keys[left], sort_keys[right], pair))

    while counts:
        # One round for each min_count; the first offers what is frequent, and each later one what was too rare before.
        for pair in counts:
            offer(pair)
        while heap:
            negative_score, negative_count, _, _, pair = heapq.heappop(heap)
            entry = -negative_score, -negative_count
            if offered.get(pair) != entry:
                continue  # a better entry of this pair was popped before
            del offered[pair]
            if pair not in counts:
                continue  # it no longer occurs
            if entry != (corpus.score(pair), counts[pair]):
                offer(pair)  # the score fell since: lazy deletion
                continue
            left, right = pair
            yield LikelyMerge(names[left], names[right], counts[pair], symbol_counts[left], symbol_counts[right])
            changed = corpus.merge_and_count(pair)
            sort_keys.extend(greatest_first(name) for name in names[len(sort_keys) :])
            for pair in changed:
                offer(pair)
        min_count //= 2


class _ScoredCorpus(Corpus[str]):
    """The corpus of `incremental.py`, plus the count of each symbol and the pairs that contain it."""

    def __init__(self, words: Iterable[tuple[Sequence[str], int]]) -> None:
        super().__init__(words)
        self.symbol_counts = [0] * len(self.names)
        for symbol, weight in zip(self.symbol[1:], self.weight[1:], strict=True):  # [0] is outside every word
            self.symbol_counts[symbol] += weight
        self.pairs_with: defaultdict[int, set[Pair]] = defaultdict(set)
        for pair in self.counts:
            self._index(pair)
        self._shift = 4 * sum(self.symbol_counts).bit_length()  # 2^shift > n⁴

    def _index(self, pair: Pair) -> None:
        for symbol in pair:
            self.pairs_with[symbol].add(pair)

    def join(self, left: str, right: str) -> str:
        """The name of the symbol that two symbols become."""
        return join(left, right)

    def score(self, pair: Pair) -> int:
        """count(ab) / (count(a) · count(b)) as an integer; the integers have the same order as the scores."""
        left, right = pair
        return (self.counts[pair] << self._shift) // (self.symbol_counts[left] * self.symbol_counts[right])

    def merge_and_count(self, pair: Pair) -> set[Pair]:
        """Merge the pair and update the symbols' counts; returns the pairs whose score may have risen."""
        left, right = pair
        times = self.counts[pair] if left != right else self._times_merged(pair)
        grown = self.merge(pair)
        self.symbol_counts.append(times)  # the new symbol; each merge takes one occurrence of each part
        self.symbol_counts[left] -= times
        self.symbol_counts[right] -= times
        for changed in grown:
            self._index(changed)
        # Drop the pairs that no longer occur; otherwise they would be scored again after every merge.
        for symbol in pair:
            self.pairs_with[symbol] = {other for other in self.pairs_with[symbol] if other in self.counts}
        return self.pairs_with[left] | self.pairs_with[right] | set(grown)

    def _times_merged(self, pair: Pair) -> int:
        """How often a pair of equal symbols merges: a a a contains it twice, but it merges once, from the left."""
        times = taken = 0
        for first in from_the_left(self.places[pair]):
            second = self.after[first]
            # `taken` is the second symbol of the last pair, which is no longer free.
            if first != taken and (self.symbol[first], self.symbol[second]) == pair:
                times += self.weight[first]
                taken = second
        return times
