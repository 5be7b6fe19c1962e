"""A merge, and how learnt merges are applied to a word.

Byte-pair encoding has one operation: two neighbouring symbols become one. Training (`learn/recounting.py`) finds
out which pairs to merge, and in which order. This file applies the merges to a word.

The rule: of all neighbouring pairs that have a merge, take the one that was learnt first. If it occurs
several times, take the leftmost. Make it one symbol. Repeat until no pair has a merge.
`merge_steps` is this rule in code. `apply_merges` returns the same last state, but faster.

A symbol is a piece of text (`str`, in the lecture's BPE) or a run of bytes (`bytes`, in byte-level BPE).
"""

from __future__ import annotations

import heapq
from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, pairwise
from operator import le
from typing import AnyStr, Generic

from tokenizer.checks import shown

LONG = 256  # symbols; from here on a heap is faster than searching all pairs after each merge


@dataclass(frozen=True)
class Merge(Generic[AnyStr]):
    """One merge as it was learnt: `left` and `right` were neighbours `count` times."""

    left: AnyStr
    right: AnyStr
    count: int

    @property
    def symbol(self) -> AnyStr:
        """The new symbol that the merge makes."""
        return self.left + self.right  # "l" + "o" -> "lo"

    def __str__(self) -> str:
        return f"{visible(self.left)} + {visible(self.right)} -> {visible(self.symbol)}  ({self.count:,} times)"


def visible(symbol: str | bytes, keep: str = "") -> str:
    """A symbol as it is printed: spaces become visible, and bytes become text if they are text.

    Characters in `keep` stay as they are.
    """
    # backslashreplace: a symbol may be half a character, b"\xc3" of "é", and is shown as \xc3.
    text = symbol if isinstance(symbol, str) else symbol.decode("utf-8", errors="backslashreplace")
    return "".join(character if character in keep else _visible(character) for character in text)


def _visible(character: str) -> str:
    if character == " ":
        return "␣"
    return character if character.isprintable() else ascii(character)[1:-1]


class Ranks(dict[tuple[AnyStr, AnyStr], int]):
    """pair -> rank, 0 for the merge that was learnt first; `made[rank]` is the symbol that the merge makes.

    Equal symbols are the same object here. Python stores the hash of a string and compares identical objects
    without reading them, so looking up a pair is fast.
    """

    def __init__(self) -> None:
        super().__init__()
        self.made: list[AnyStr] = []


def rank_merges(merges: Sequence[tuple[AnyStr, AnyStr]], made: Sequence[AnyStr] | None = None) -> Ranks[AnyStr]:
    """The ranks of merges that are given in the order of learning.

    made: the symbol that each of them makes; if None, left + right
    Raises ValueError if a pair is there twice, because its rank would be ambiguous.
    """
    ranks: Ranks[AnyStr] = Ranks()
    symbols: dict[AnyStr, AnyStr] = {}
    for rank, (left, right) in enumerate(merges):
        pair = symbols.setdefault(left, left), symbols.setdefault(right, right)  # the first object of equal ones
        if ranks.setdefault(pair, rank) != rank:
            raise ValueError(f"merges: expected each pair once, got {left!r} + {right!r} again at {rank}")
        whole = left + right if made is None else made[rank]
        ranks.made.append(symbols.setdefault(whole, whole))
    return ranks


def check_merges(merges: Iterable[tuple[AnyStr, AnyStr]], kind: type[AnyStr]) -> list[tuple[AnyStr, AnyStr]]:
    """Merges as a list of pairs. Raises TypeError for anything but a pair of symbols of that kind, str or bytes."""
    checked = [tuple(pair) if isinstance(pair, Sequence) else () for pair in merges]
    for number, pair in enumerate(checked):
        if len(pair) != 2 or not isinstance(pair[0], kind) or not isinstance(pair[1], kind):
            raise TypeError(f"merges: expected pairs of {kind.__name__}, got {shown(pair)} as merge {number}")
    return checked  # type: ignore[return-value]  # each has two


def merge_steps(symbols: Sequence[AnyStr], ranks: Ranks[AnyStr]) -> Iterator[list[AnyStr]]:
    """Every state of a word on its way from single symbols to its final pieces, one merge apart."""
    state = list(symbols)
    yield state
    while True:
        pairs = list(pairwise(state))
        known = [pair for pair in pairs if pair in ranks]
        if not known:
            return
        # The order of learning decides, not the position: a later merge may consist of what an earlier one makes.
        first_learnt = min(known, key=lambda pair: ranks[pair])
        i = pairs.index(first_learnt)  # the leftmost
        state = state.copy()
        state[i : i + 2] = [ranks.made[ranks[first_learnt]]]  # "l", "o" -> "lo"
        yield state


def apply_merges(symbols: list[AnyStr], ranks: Ranks[AnyStr]) -> list[AnyStr]:
    """The final pieces of a word: the last of its `merge_steps`. `symbols` is not changed."""
    if len(symbols) >= LONG:
        return _apply_to_long(symbols, ranks)
    symbols = symbols.copy()
    never = len(ranks)  # the rank of a pair that has no merge, larger than all others
    rank_of = ranks.get
    pair_ranks = [rank_of(pair, never) for pair in pairwise(symbols)]  # pair i is symbols i and i + 1
    while pair_ranks:
        best = min(pair_ranks)
        if best == never:
            break
        i = pair_ranks.index(best)
        # A merge changes two pairs only, those of the new symbol with its neighbours. All other ranks stay.
        symbols[i] = made = ranks.made[best]
        del symbols[i + 1], pair_ranks[i]
        if i > 0:
            pair_ranks[i - 1] = rank_of((symbols[i - 1], made), never)
        if i < len(pair_ranks):
            pair_ranks[i] = rank_of((made, symbols[i + 1]), never)
    return symbols


def _apply_to_long(symbols: list[AnyStr], ranks: Ranks[AnyStr]) -> list[AnyStr]:
    """`apply_merges` for a word of any length, in about n log n time and 40 bytes a symbol.

    Text without spaces (Chinese, DNA, a line of dashes) can be one word of a million symbols. So the symbols form
    a linked list, the places of all pairs with the same rank are kept together, and a heap returns the lowest rank.
    """
    pieces = symbols.copy()
    nothing = pieces[0][:0]  # "" or b"": a symbol that was merged into its left neighbour
    end = len(symbols)
    code = "i" if end < 2**31 else "q"  # 4 or 8 bytes a place, where an int in a list takes 36
    before = array(code, range(-1, end - 1))
    after = array(code, range(1, end + 1))
    places_of: dict[int, array[int]] = {}
    heap: list[int] = []  # the ranks in `places_of`

    def offer(i: int) -> None:
        """Remember place `i` if the pair that starts there has a merge."""
        if i >= 0 and after[i] < end:
            rank = ranks.get((pieces[i], pieces[after[i]]))
            if rank in places_of:
                places_of[rank].append(i)
            elif rank is not None:
                places_of[rank] = array(code, [i])
                heapq.heappush(heap, rank)

    for i in range(end):
        offer(i)
    while heap:
        rank = heapq.heappop(heap)
        places = from_the_left(places_of.pop(rank))
        for i in places:
            j = after[i]
            if j >= end or ranks.get((pieces[i], pieces[j])) != rank:
                continue  # one of the two was merged since the pair was offered
            pieces[i] = ranks.made[rank]
            pieces[j] = nothing
            after[i] = after[j]
            if after[i] < end:
                before[after[i]] = i
            offer(before[i])
            offer(i)
            # The new symbol may form a pair that was learnt earlier. That pair goes first, and the rest of these
            # places wait: the rule looks for the lowest rank after every single merge.
            if heap and heap[0] <= rank:
                if rank not in places_of:
                    places_of[rank] = array(code)
                    heapq.heappush(heap, rank)
                places_of[rank].extend(places)
    return [piece for piece in pieces if piece]


def from_the_left(places: array[int]) -> Iterator[int]:
    """Places in ascending order. They are usually sorted already, and `sorted` would need 36 bytes for each."""
    in_order = all(map(le, places, islice(places, 1, None)))
    return iter(places if in_order else sorted(places))
