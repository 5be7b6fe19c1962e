"""Verdicts come from the 95% interval of the paired difference, and from nothing else."""

import math
import statistics

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from experiments.evidence.claims import compare, every, exact, holds, interval, student_t

# Two-sided 95%, from the table of Student's t in any textbook.
TABLE = {
    1: 12.706, 2: 4.303, 3: 3.182, 4: 2.776, 5: 2.571, 6: 2.447, 7: 2.365, 8: 2.306, 9: 2.262,
    10: 2.228, 15: 2.131, 20: 2.086, 29: 2.045, 30: 2.042, 120: 1.980, 1000: 1.962,
}  # fmt: skip


@pytest.mark.parametrize(("freedom", "t"), TABLE.items())
def test_student_t_is_that_of_the_tables(freedom, t):
    assert round(student_t(freedom), 3) == t


@pytest.mark.parametrize(("freedom", "t"), [(1, 63.657), (2, 9.925), (3, 5.841), (10, 3.169)])
def test_student_t_at_another_coverage(freedom, t):
    assert round(student_t(freedom, coverage=0.99), 3) == t


def test_the_interval_of_a_mean_worked_by_hand():
    low, high = interval(np.array([1.0, 2.0, 3.0]))  # mean 2, s = 1, t = 4.303
    assert low == pytest.approx(2 - 4.302653 / math.sqrt(3), abs=1e-5)
    assert high == pytest.approx(2 + 4.302653 / math.sqrt(3), abs=1e-5)


@given(st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=8))
def test_an_interval_is_centred_on_the_mean(values):
    low, high = interval(np.array(values))
    assert low <= high
    assert (low + high) / 2 == pytest.approx(statistics.fmean(values), abs=1e-6)


def test_a_claim_is_reproduced_where_the_interval_lies_above_zero():
    claim = compare("id", "a beats b", [0.9, 0.8, 0.85], [0.5, 0.45, 0.4], unit="accuracy")
    assert claim.verdict == "reproduced"
    assert claim.effect == pytest.approx(0.4)
    low, high = claim.interval
    assert 0 < low < 0.4 < high
    assert (claim.seeds, claim.unit, claim.note) == (3, "accuracy", "")


def test_a_claim_is_contradicted_where_the_interval_lies_below_zero():
    assert compare("id", "a beats b", [0.5, 0.45, 0.4], [0.9, 0.8, 0.85]).verdict == "contradicted"


def test_a_claim_is_not_separated_where_the_interval_contains_zero():
    claim = holds("id", "text", [1.0, 2.0, -0.5])
    assert claim.verdict == "not separated"
    assert claim.effect > 0  # the sign alone decides nothing
    assert claim.interval[0] < 0 < claim.interval[1]


@pytest.mark.parametrize(("value", "verdict"), [(0.1, "reproduced"), (0.0, "not separated"), (-0.1, "contradicted")])
def test_without_spread_the_interval_is_the_mean_and_zero_itself_separates_nothing(value, verdict):
    claim = holds("id", "text", [value] * 3)
    assert claim.interval == pytest.approx([value, value])
    assert claim.verdict == verdict


def test_the_verdict_turns_where_the_bound_crosses_zero():
    half = student_t(2) * 1 / math.sqrt(3)  # of the values -1, 0, 1, whose s is 1
    for shift, verdict in ((1e-9, "reproduced"), (-1e-9, "not separated")):
        assert holds("id", "text", [half + shift + x for x in (-1, 0, 1)]).verdict == verdict
        opposite = "contradicted" if verdict == "reproduced" else verdict
        assert holds("id", "text", [-half - shift + x for x in (-1, 0, 1)]).verdict == opposite


def test_pairing_takes_out_what_a_seed_does_to_both():
    a, b = [0.2, 0.5, 0.9], [0.19, 0.49, 0.885]  # far apart from seed to seed, but a is always a little above
    assert compare("id", "paired", a, b).verdict == "reproduced"
    assert compare("id", "shuffled", a, [0.49, 0.885, 0.19]).verdict == "not separated"


@pytest.mark.parametrize(("effect", "sign"), [(0.3, "+"), (-0.3, "-"), (0.0, "0")])
def test_one_seed_gives_a_sign_and_no_interval(effect, sign):
    claim = holds("id", "text", [effect])
    assert (claim.verdict, claim.interval, claim.seeds, claim.effect) == ("not separated", None, 1, effect)
    assert claim.note == f"one seed has no interval; sign: {sign}"


@pytest.mark.parametrize("values", [[], [0.1, math.nan], [math.inf, 0.1, 0.2], [[0.1, 0.2]]])
def test_values_that_are_not_one_finite_number_per_seed_are_refused(values):
    with pytest.raises(ValueError, match="claim 'mine': expected one finite number per seed"):
        holds("mine", "text", values)


def test_unpaired_values_are_refused():
    with pytest.raises(ValueError, match="claim 'mine': a and b must be paired by seed, got 3 and 2"):
        compare("mine", "text", [1.0, 2.0, 3.0], [1.0, 2.0])


def test_infinite_scores_are_refused_even_where_they_would_cancel():
    with pytest.raises(ValueError, match="finite"):
        compare("mine", "text", [math.inf, 1.0], [math.inf, 0.0])


GOOD, OPEN, BAD = [1.0, 1.1, 1.2], [1.0, -1.0, 0.5], [-1.0, -1.1, -1.2]


@pytest.mark.parametrize(
    ("parts", "verdict", "decided_by"),
    [
        ({"16": GOOD, "64": [2.0, 2.1, 2.2]}, "reproduced", "16"),
        ({"16": GOOD, "64": OPEN}, "not separated", "64"),
        ({"16": OPEN, "64": BAD, "256": GOOD}, "contradicted", "64"),
    ],
)
def test_a_claim_of_several_parts_is_as_good_as_its_worst(parts, verdict, decided_by):
    claim = every("id", "at every label count", parts)
    decides = holds("", "", parts[decided_by])
    assert claim.verdict == verdict
    assert (claim.effect, claim.interval, claim.seeds) == (decides.effect, decides.interval, 3)
    assert claim.note == f"decided by {decided_by}, one of {len(parts)}"
    assert [(part.text, part.verdict) for part in claim.parts] == [
        (name, holds("", "", values).verdict) for name, values in parts.items()
    ]


def test_the_seeds_of_several_parts_are_those_of_the_deciding_one():
    claim = every("id", "text", {"one seed": [0.5], "three": BAD})
    assert (claim.verdict, claim.seeds) == ("contradicted", 3)


def test_one_seed_of_several_parts_says_so():
    claim = every("id", "text", {"a": [0.5], "b": [-0.2]})
    assert (claim.verdict, claim.effect, claim.seeds) == ("not separated", -0.2, 1)
    assert claim.note == "decided by b, one of 2; one seed has no interval; sign: -"


def test_a_claim_of_no_parts_is_refused():
    with pytest.raises(ValueError, match="claim 'mine': effects must name at least one part"):
        every("mine", "text", {})


@pytest.mark.parametrize(("true", "verdict"), [(True, "reproduced"), (False, "contradicted")])
def test_an_exact_fact_has_no_seeds(true, verdict):
    claim = exact("id", "text", true, 3, "counted", unit="words")
    assert (claim.verdict, claim.effect, claim.interval, claim.seeds) == (verdict, 3.0, None, 0)
    assert claim.note == "exact, no seeds: counted"


def test_an_exact_fact_needs_a_finite_effect():
    with pytest.raises(ValueError, match="claim 'mine': effect must be finite, got nan"):
        exact("mine", "text", True, math.nan, "counted")
