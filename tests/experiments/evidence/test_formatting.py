"""Numbers as people read them."""

import pytest

from experiments.evidence import claims
from experiments.evidence.formatting import SYMBOLS, count, duration, effect, entry, evidence, lecture_entry, outcome


@pytest.mark.parametrize(
    ("value", "digits", "shown"),
    [
        (None, 2, ""),
        ([], 2, ""),
        ("tran##", 2, "tran##"),
        (1234567, 2, "1,234,567"),
        (0, 2, "0"),
        (1234.5, 1, "1,234.5"),
        (0.12345, 3, "0.123"),
        ([0.5], 2, "0.50"),
        ([1.0, 2.0, 3.0], 2, "2.00 ± 1.00"),
        ([71.25, 71.25], 1, "71.2 ± 0.0"),
    ],
)
def test_a_tables_entry(value, digits, shown):
    assert entry(value, digits) == shown


@pytest.mark.parametrize(
    ("value", "shown"), [(None, ""), (70.2, "70.2"), (82.0, "82.0"), (10_000_000, "10,000,000"), ("18 ++", "18 ++")]
)
def test_a_figure_of_the_lecture_keeps_its_digits(value, shown):
    assert lecture_entry(value) == shown


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (0.2, "0 s"),
        (12.4, "12 s"),
        (99.4, "99 s"),
        (99.6, "1.7 min"),
        (5399, "90.0 min"),
        (5400, "1.5 h"),
        (9e4, "25.0 h"),
    ],
)
def test_a_duration(seconds, shown):
    assert duration(seconds) == shown


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        (0, "0"),
        (812, "812"),
        (999.4, "999"),
        (999.6, "1k"),
        (12_345, "12.3k"),
        (999_999, "1M"),
        (4_567_890, "4.57M"),
        (999_999_999, "1.00e+09"),
        (1.2e12, "1.20e+12"),
    ],
)
def test_a_count(number, shown):
    assert count(number) == shown


def test_an_effect_has_its_sign_its_interval_and_its_unit():
    claim = claims.holds("id", "text", [0.11, 0.12, 0.13], unit="accuracy")
    assert effect(claim) == "+0.12 [0.0952, 0.145] accuracy"
    assert (outcome(claim), evidence(claim)) == ("reproduced", "3 seeds")


def test_one_seed_is_called_that_and_not_a_verdict():
    claim = claims.holds("id", "text", [-0.5])
    assert (effect(claim), outcome(claim), evidence(claim)) == ("-0.5", "one seed", "sign only, no interval")


def test_an_exact_fact_has_no_sign():
    claim = claims.exact("id", "text", False, 7, "counted", unit="words")
    assert (effect(claim), outcome(claim), evidence(claim)) == ("7 words", "contradicted", "exact")


def test_every_outcome_has_a_symbol_of_its_own():
    assert set(SYMBOLS) == {"reproduced", "not separated", "contradicted", "one seed"}
    assert len(set(SYMBOLS.values())) == 4
