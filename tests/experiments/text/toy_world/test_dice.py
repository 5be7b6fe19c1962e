"""Random choices: equally likely, different where they must be, and the same for the same seed."""

from collections import Counter
from collections.abc import Hashable
from itertools import pairwise, permutations

import pytest

from experiments.text.toy_world import dice as module
from experiments.text.toy_world.dice import Dice, cumulative

N = 20_000
LIMIT = {1: 15.1, 2: 18.4, 3: 20.5, 4: 22.5, 5: 24.3, 6: 26.0, 9: 31.0}
"""Chi-square values that are exceeded once in 10,000 times, by degrees of freedom."""


def chi_square(counts: Counter[Hashable], shares: dict[Hashable, float]) -> float:
    """How far the counts are from their expectation; something that must not occur is infinitely far."""
    if not counts.keys() <= shares.keys():
        return float("inf")
    total, whole = counts.total(), sum(shares.values())
    return sum((counts[key] - total * share / whole) ** 2 / (total * share / whole) for key, share in shares.items())


def test_the_measure_sees_a_loaded_die():
    fair = dict.fromkeys(range(6), 1.0)
    assert chi_square(Counter(dict.fromkeys(range(6), 1000)), fair) == 0
    assert chi_square(Counter({0: 1200, 1: 960, 2: 960, 3: 960, 4: 960, 5: 960}), fair) > LIMIT[5]
    assert chi_square(Counter({6: 1}), fair) == float("inf")


@pytest.mark.parametrize("seed", range(3))
def test_every_number_below_n_is_equally_likely(seed: int):
    dice = Dice(seed)
    for n in (2, 6, 10):
        assert chi_square(Counter(dice.below(n) for _ in range(N)), dict.fromkeys(range(n), 1.0)) < LIMIT[n - 1]
    assert {dice.below(1) for _ in range(100)} == {0}


@pytest.mark.parametrize("seed", range(3))
def test_every_choice_is_equally_likely(seed: int):
    dice = Dice(seed)
    assert chi_square(Counter(dice.one("abcd") for _ in range(N)), dict.fromkeys("abcd", 1.0)) < LIMIT[3]
    others = Counter(dice.other("abcd", "b") for _ in range(N))
    assert chi_square(others, dict.fromkeys("acd", 1.0)) < LIMIT[2]


@pytest.mark.parametrize("seed", range(3))
def test_choices_that_follow_each_other_are_independent(seed: int):
    dice = Dice(seed)
    pairs = Counter(pairwise(dice.below(2) for _ in range(N)))
    assert chi_square(pairs, {(a, b): 1.0 for a in (0, 1) for b in (0, 1)}) < LIMIT[3]


@pytest.mark.parametrize("probability", [0.1, 0.5, 0.85])
def test_something_happens_with_its_probability(probability: float):
    dice = Dice(0)
    counts = Counter(dice.happens(probability) for _ in range(N))
    assert chi_square(counts, {True: probability, False: 1 - probability}) < LIMIT[1]
    assert not any(dice.happens(0) for _ in range(1000))
    assert all(dice.happens(1) for _ in range(1000))


def test_some_are_different_and_every_order_is_equally_likely():
    dice = Dice(0)
    drawn = Counter(tuple(dice.some("abc", 2)) for _ in range(N))
    assert chi_square(drawn, dict.fromkeys(permutations("abc", 2), 1.0)) < LIMIT[5]
    assert sorted(dice.some(range(5), 5)) == [0, 1, 2, 3, 4]
    assert dice.some("abc", 0) == []


def test_some_leave_the_choices_as_they_are():
    choices = [1, 2, 3]
    Dice(0).some(choices, 2)
    assert choices == [1, 2, 3]


def test_more_than_there_are_is_refused():
    with pytest.raises(ValueError, match="n must be at most the 2 choices, got 3"):
        Dice(0).some("ab", 3)


def test_weighted_choices_have_their_shares():
    dice, shares = Dice(0), {"a": 0.5, "b": 0.0, "c": 1.5, "d": 1.0}
    ends = cumulative(list(shares.values()))
    assert ends == [0.5, 0.5, 2.0, 3.0]
    counts = Counter(dice.weighted("abcd", ends) for _ in range(N))
    assert counts["b"] == 0
    assert chi_square(counts, {key: share for key, share in shares.items() if share}) < LIMIT[2]


def drawn(*seed: int) -> list[int]:
    dice = Dice(*seed)
    return [dice.below(1000) for _ in range(50)]


def test_the_same_seed_gives_the_same_choices_and_another_seed_others():
    assert drawn(3, 1) == drawn(3, 1)
    seeds = [(3, 1), (3, 2), (1, 3), (3,), (3, 1, 1)]
    assert len({tuple(drawn(*seed)) for seed in seeds}) == len(seeds)


def test_choices_do_not_depend_on_how_many_numbers_are_drawn_at_once(monkeypatch):
    expected = drawn(5)
    monkeypatch.setattr(module, "BLOCK", 7)
    assert drawn(5) == expected


@pytest.mark.parametrize(("seed", "error"), [(-1, ValueError), (0.5, TypeError)])
def test_a_seed_is_a_whole_number_of_at_least_0(seed: object, error: type[Exception]):
    with pytest.raises(error):
        Dice(seed).below(2)
