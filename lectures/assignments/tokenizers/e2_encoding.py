"""Exercise 2.2: encoding a word by the rank of its pairs."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from lectures.assignments.tokenizers.merging_by_hand import Pair, learnt, random_letters, random_words, states
from lectures.grading.exercise import Case, Exercise, Mistake, Stub

END = "</w>"


def cases(generator: np.random.Generator, variant: str) -> Iterator[Case]:
    """Orders in which rank, length and place disagree; overlaps; whole words."""

    def steps(group: str, shows: str, symbols: list[str], merges: list[Pair]) -> Case:
        ranks = [(pair, rank) for rank, pair in enumerate(merges)]
        return Case(group, shows, "merge_steps", (symbols, ranks), states(symbols, merges))

    def word(shows: str, text: str, merges: list[Pair]) -> Case:
        return Case("words", shows, "encode_word", (text, merges), states([*text, END], merges)[-1])

    a, b, c, d = random_letters(generator, 4)
    yield steps("order", f"{b} {c} was learnt before {a} {b}", [a, b, c], [(b, c), (a, b), (a, b + c)])
    yield steps(
        "order", "the pair learnt first makes a shorter symbol", [a, b, c, d], [(a, b), (c, d), (b, c + d), (a + b, c)]
    )
    yield steps("order", "the longest symbol was learnt last", [a + b, c, d], [(c, d), (a + b, c)])
    yield steps("order", "a pair that only a merge makes", [a, b, c, d], [(a, b), (c, d), (a + b, c + d)])
    yield steps(
        "order",
        "a merge makes a pair of a lower rank",
        [c, a, b, d, a, b],
        [(c, a + b), (a, b), (a + b, d), (d, a + b)],
    )
    yield steps("places", f"{a} {a} {a} with the pair {a} {a}", [a, a, a], [(a, a)])
    yield steps("places", "five equal letters", [a] * 5, [(a, a), (a + a, a + a), (a + a, a)])
    yield steps("places", "the same pair at three places", [a, b, c, a, b, a, b], [(a, b), (a + b, a + b)])
    yield steps("places", "no pair has a merge, and one does", [b, a, c, c], [(a, b), (c, c)])
    text = random_words(generator, a + b + c, 12, 6)
    with_end = [([*symbols, END], count) for symbols, count in text]
    merges = [(left, right) for left, right, _ in learnt(with_end, 15)]
    yield word("a word whose end was merged", a + b, [(b, END), (a, b), (a, b + END)])
    yield word("a merge of two letters before that of the end", a + b, [(a, b), (a + b, END)])
    yield word("a word of one letter", c, [(a, b), (c, END)])
    for symbols, _ in text[:4]:
        yield word("a word of a random text", "".join(symbols), merges)


_MODULE = "lectures.assignments.tokenizers.solution.encoding_by_rank"
_STEPS, _WORD = f"{_MODULE}.merge_steps", f"{_MODULE}.encode_word"
_BEST = "best = min(known, key=lambda pair: ranks[pair])"
_NEXT = "state = [*state[:i], best[0] + best[1], *state[i + 2 :]]"

ENCODING = Exercise(
    number="2.2",
    title="encoding by rank",
    points=20,
    minutes=75,
    stubs=(Stub(_STEPS), Stub(_WORD)),
    cases=cases,
    mistakes=(
        Mistake(
            name="longest piece",
            old=_BEST,
            new="best = max(known, key=lambda pair: len(pair[0] + pair[1]))",
            symptom="the pair that makes the longest piece is merged first, and the order of learning plays no part",
        ),
        Mistake(
            name="left to right",
            old=_BEST,
            new="best = known[0]",
            symptom="the leftmost pair that has a merge is merged first, whichever was learnt first",
        ),
        Mistake(
            name="learnt last",
            old=_BEST,
            new="best = max(known, key=lambda pair: ranks[pair])",
            symptom="the pair that was learnt last is merged first",
        ),
        Mistake(
            name="one merge",
            old="while True:",
            new="for _ in range(1):",
            symptom="a word gets one merge and no more",
        ),
        Mistake(
            name="each rank once",
            old="""    while True:
        pairs = list(pairwise(state))
        known = [pair for pair in pairs if pair in ranks]
        if not known:
            return
        best = min(known, key=lambda pair: ranks[pair])
        i = pairs.index(best)
        state = [*state[:i], best[0] + best[1], *state[i + 2 :]]
        yield state""",
            new="""    for best in sorted(ranks, key=lambda pair: ranks[pair]):
        while best in (pairs := list(pairwise(state))):
            i = pairs.index(best)
            state = [*state[:i], best[0] + best[1], *state[i + 2 :]]
            yield state""",
            symptom="the merges are gone through once: a pair of a lower rank, made by a later merge, stays unmerged",
        ),
        Mistake(
            name="all places at once",
            old=_NEXT,
            new="""places = [n for n, pair in enumerate(pairs) if pair == best]
        state = [
            best[0] + best[1] if n in places else symbol
            for n, symbol in enumerate(state) if n in places or n - 1 not in places
        ]""",
            symptom="all places of a pair are merged at once, also those that overlap: a a a becomes aa aa",
        ),
        Mistake(
            name="last place",
            old="i = pairs.index(best)",
            new="i = len(pairs) - 1 - pairs[::-1].index(best)",
            symptom="of several places of the same pair the rightmost one is merged first",
        ),
        Mistake(
            name="the same list",
            old=_NEXT,
            new="state[i : i + 2] = [best[0] + best[1]]",
            symptom="all states are one list that is changed later: the first state shows the last one",
        ),
        Mistake(
            name="first state missing",
            old="    yield state\n    while",
            new="    while",
            symptom="the first state, before any merge, is missing",
        ),
        Mistake(
            name="end of word lost",
            old="[*word, END]",
            new="[*word]",
            symptom="the word has no end-of-word symbol",
            symbol=_WORD,
        ),
        Mistake(
            name="end of word glued",
            old="[*word, END]",
            new="[*word[:-1], word[-1] + END]",
            symptom="the end-of-word symbol is part of the last letter from the start, so merges of that letter do not"
            " apply",
            symbol=_WORD,
        ),
        Mistake(
            name="end of word removed",
            old="return last",
            new="return [piece for piece in (one.removesuffix(END) for one in last) if piece]",
            symptom="the end-of-word symbol is cut off the pieces",
            symbol=_WORD,
        ),
    ),
    page="pretraining/2-subwords.md",
    walk="lectures/walks/bpe.md",
)
