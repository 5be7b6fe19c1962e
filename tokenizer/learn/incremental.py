"""Learning the same merges without recounting: touch only what a merge changes.

`recounting.py` visits the whole text after each merge, although a merge changes few places. Here:
- All distinct words lie in flat arrays, one after the other. Each word is a doubly linked list of symbols.
- `places` lists where each pair occurs, so a merge visits those places and no others.
- Replacing a [l r] z by a [lr] z removes the pairs (a, l) and (r, z) and adds (a, lr) and (lr, z); `counts` is
  updated accordingly.
- The most frequent pair comes from a heap. An entry inside a heap cannot be changed. So an entry whose count is
  out of date stays until it is popped, and is then pushed again with the current count (lazy deletion).
Together: the time is proportional to the symbols that are ever merged, instead of merges x text.
"""

from __future__ import annotations

import heapq
from array import array
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import AnyStr, Generic

from tokenizer.merges import Merge, from_the_left

Pair = tuple[int, int]  # two symbols by their numbers
OUTSIDE = -1  # the symbol before the first and after the last symbol of a word
GONE = -2  # a place whose symbol was merged into its left neighbour


def learn_merges(words: Iterable[tuple[Sequence[AnyStr], int]]) -> Iterator[Merge[AnyStr]]:
    """The merges of a text, most frequent first: exactly those of `recounting.learn_merges`, but much faster.

    words: (symbols, count): each distinct word as a sequence of symbols, and how often it occurs.
    Ties: of equally frequent pairs the lexicographically greatest pair of byte strings, so that neither the
    order of the words nor Python's hash seed decides.
    """
    corpus = Corpus(words)
    names, counts = corpus.names, corpus.counts
    sort_keys = [greatest_first(name) for name in names]

    def entry(pair: Pair) -> tuple[int, str, str, Pair]:
        # heapq pops the smallest entry: negated counts and inverted names make that the greatest pair.
        left, right = pair
        return -counts[pair], sort_keys[left], sort_keys[right], pair

    heap = [entry(pair) for pair in counts]
    heapq.heapify(heap)
    while heap:
        negative_count, _, _, pair = heapq.heappop(heap)
        count = counts.get(pair, 0)
        if count != -negative_count:  # out of date
            if count:
                heapq.heappush(heap, entry(pair))
            continue
        # Counts that fell are noticed above and counts that rose are pushed below. So the first entry that is up
        # to date is the most frequent pair.
        yield Merge(names[pair[0]], names[pair[1]], count)
        grown = corpus.merge(pair)
        sort_keys.extend(greatest_first(name) for name in names[len(sort_keys) :])
        for pair in grown:
            heapq.heappush(heap, entry(pair))


def greatest_first(name: str | bytes) -> str:
    """A sort key that reverses the order of byte strings, because a heap in Python pops the smallest entry first.

    Every byte b becomes 255 - b. The mark at the end sorts a string after the longer ones that begin with it.
    """
    # surrogatepass: words that are passed in directly may hold lone surrogates; any fixed order will do for them.
    data = name.encode("utf-8", "surrogatepass") if isinstance(name, str) else name
    return data.translate(_COMPLEMENT).decode("latin-1") + "\u0100"  # "ab" -> "\x9e\x9d\u0100"


_COMPLEMENT = bytes(range(255, -1, -1))


class Corpus(Generic[AnyStr]):
    """The distinct words as linked symbols, with the count and the places of each pair of neighbours.

    A place is an index into the four arrays; place 0 is outside every word. For the words "low" and "lo":

        place     0   1   2   3   4   5
        symbol   -1   l   o   w   l   o     (as numbers)
        before    0   0   1   2   0   4
        after     0   2   3   0   5   0
    """

    def __init__(self, words: Iterable[tuple[Sequence[AnyStr], int]]) -> None:
        self.names: list[AnyStr] = []  # symbol -> its string
        self._numbers: dict[AnyStr, int] = {}  # string -> its symbol
        self.symbol = array("i", [OUTSIDE])
        self.before = array("i", [0])
        self.after = array("i", [0])
        self.weight = array("q", [0])  # how often the word at this place occurs
        self.counts: dict[Pair, int] = {}
        self.places: defaultdict[Pair, array[int]] = defaultdict(lambda: array("i"))  # where each pair starts
        for symbols, weight in words:
            self._add(symbols, weight)

    def _number(self, name: AnyStr) -> int:
        """The number of a symbol; a new one gets the next."""
        number = self._numbers.setdefault(name, len(self.names))
        if number == len(self.names):
            self.names.append(name)
        return number

    def _add(self, symbols: Sequence[AnyStr], weight: int) -> None:
        """Append one word and count its pairs."""
        start, end = len(self.symbol), len(self.symbol) + len(symbols)
        self.symbol.extend(map(self._number, symbols))
        self.before.extend(range(start - 1, end - 1))
        self.after.extend(range(start + 1, end + 1))
        self.before[start] = self.after[end - 1] = 0  # words are not linked: no pair spans two of them
        self.weight.extend(array("q", [weight]) * len(symbols))
        for place in range(start, end - 1):
            pair = self.symbol[place], self.symbol[place + 1]
            self.counts[pair] = self.counts.get(pair, 0) + weight
            self.places[pair].append(place)

    def join(self, left: AnyStr, right: AnyStr) -> AnyStr:
        """The name of the symbol that two symbols become."""
        return left + right

    def merge(self, pair: Pair) -> list[Pair]:
        """Replace `pair` by one symbol wherever it occurs; returns the pairs that are now more frequent."""
        left, right = pair
        new = self._number(self.join(self.names[left], self.names[right]))
        symbol, before, after, weight = self.symbol, self.before, self.after, self.weight
        places = self.places.pop(pair)
        # Pairs of two equal symbols overlap and merge from the left: a a a -> aa a.
        in_order = from_the_left(places) if left == right else iter(places)
        # The counts of pairs change once for each neighbour, not at each place: fewer updates of a large dict.
        neighbours_left: defaultdict[int, int] = defaultdict(int)  # a -> how often "a left" became "a new"
        neighbours_right: defaultdict[int, int] = defaultdict(int)
        for first in in_order:
            second = after[first]
            if symbol[first] != left or symbol[second] != right:
                continue  # an earlier merge took one of the two
            a, z = before[first], after[second]  # a [left right] z -> a [new] z
            symbol[first], symbol[second] = new, GONE
            after[first], before[z] = z, first
            if a:  # 0 is outside the word: there is no pair on that side
                neighbours_left[symbol[a]] += weight[first]
                self.places[symbol[a], new].append(a)
            if z:
                neighbours_right[symbol[z]] += weight[first]
                self.places[new, symbol[z]].append(first)

        change: defaultdict[Pair, int] = defaultdict(int)
        for a, times in neighbours_left.items():
            change[a, left] -= times
            change[a, new] += times
        for z, times in neighbours_right.items():
            change[right, z] -= times
            change[new, z] += times
        # In a a a the pair overlaps itself, so `change` may hold the pair too, which is gone altogether.
        change.pop(pair, None)
        del self.counts[pair]
        for changed, times in change.items():
            count = self.counts.get(changed, 0) + times
            if count:
                self.counts[changed] = count
            elif times:  # no longer anywhere; dropping its places frees their memory
                del self.counts[changed], self.places[changed]
        return [changed for changed, times in change.items() if times > 0]
