"""Learning-rate schedules at points computed by hand."""

import itertools
import math

import pytest

from minigrad.optim import inverse_square_root, warmup_cosine, warmup_linear

SCHEDULES = {
    "cosine": lambda step: warmup_cosine(step, 10, 50),
    "cosine to a tenth": lambda step: warmup_cosine(step, 10, 50, final=0.1),
    "linear": lambda step: warmup_linear(step, 10, 50),
    "linear to a tenth": lambda step: warmup_linear(step, 10, 50, final=0.1),
    "inverse square root": lambda step: inverse_square_root(step, 10),
}


@pytest.mark.parametrize("name", SCHEDULES)
def test_the_warm_up_is_a_straight_line_from_zero_to_one_and_runs_into_the_decay(name: str):
    schedule = SCHEDULES[name]
    assert [schedule(step) for step in (0, 1, 5, 9)] == [0, 0.1, 0.5, 0.9]
    assert schedule(10) == 1
    assert 0.94 < schedule(11) < 1


@pytest.mark.parametrize("name", SCHEDULES)
def test_after_the_warm_up_the_rate_only_falls(name: str):
    values = [SCHEDULES[name](step) for step in range(10, 51)]
    assert all(later < earlier for earlier, later in itertools.pairwise(values))


@pytest.mark.parametrize(("step", "expected"), [(20, 0.5 + math.sqrt(0.5) / 2), (30, 0.5), (50, 0), (70, 0)])
def test_cosine_at_points_by_hand(step: int, expected: float):
    assert warmup_cosine(step, 10, 50) == pytest.approx(expected)
    assert warmup_cosine(step, 10, 50, final=0.1) == pytest.approx(0.1 + 0.9 * expected)


@pytest.mark.parametrize(("step", "expected"), [(20, 0.75), (30, 0.5), (50, 0), (70, 0)])
def test_linear_at_points_by_hand(step: int, expected: float):
    assert warmup_linear(step, 10, 50) == pytest.approx(expected)
    assert warmup_linear(step, 10, 50, final=0.1) == pytest.approx(0.1 + 0.9 * expected)


@pytest.mark.parametrize(("step", "expected"), [(40, 0.5), (1000, 0.1), (100_000, 0.01)])
def test_inverse_square_root_at_points_by_hand(step: int, expected: float):
    assert inverse_square_root(step, 10) == pytest.approx(expected)


def test_without_a_warm_up_the_rate_starts_at_its_peak():
    assert warmup_cosine(0, 0, 50) == warmup_linear(0, 0, 50) == inverse_square_root(0, 0) == 1
    assert inverse_square_root(4, 0) == 0.5


@pytest.mark.parametrize("schedule", [warmup_cosine, warmup_linear])
def test_a_total_that_the_warm_up_uses_up_is_refused(schedule):
    with pytest.raises(ValueError, match="total_steps must exceed warmup_steps, got 10 and 10"):
        schedule(10, 10, 10)
    with pytest.raises(ValueError, match="total_steps must exceed warmup_steps, got 5 and 10"):
        schedule(0, 10, 5)  # already where the warm-up begins


@pytest.mark.parametrize("name", SCHEDULES)
@pytest.mark.parametrize(
    ("step", "error"),
    [
        (-1, ValueError),
        (0.5, TypeError),
        (float("nan"), TypeError),
        ("1", TypeError),
        (None, TypeError),
        (True, TypeError),
    ],
)
def test_a_step_is_a_whole_number_from_zero(name: str, step, error: type[Exception]):
    with pytest.raises(error, match="step must be"):
        SCHEDULES[name](step)


@pytest.mark.parametrize("schedule", [warmup_cosine, warmup_linear])
@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ((1, -1, 50), ValueError, "warmup_steps must be at least 0, got -1"),
        ((1, 0.1, 50), TypeError, "warmup_steps must be an integer, got 0.1"),
        ((1, 10, 50.5), TypeError, "total_steps must be an integer, got 50.5"),
        ((1, 10, float("inf")), TypeError, "total_steps must be an integer, got inf"),
        ((1, 10, 50, float("nan")), ValueError, "final must be a finite number at least 0 and at most 1, got nan"),
        ((1, 10, 50, -0.1), ValueError, "final must be .* got -0.1"),
        ((1, 10, 50, 2), ValueError, "final must be .* got 2"),
        ((1, 10, 50, "0"), TypeError, "final must be a number"),
    ],
)
def test_numbers_that_give_no_schedule_are_refused(schedule, arguments, error: type[Exception], message: str):
    with pytest.raises(error, match=message):
        schedule(*arguments)


def test_a_negative_warm_up_is_refused_without_a_total_too():
    with pytest.raises(ValueError, match="warmup_steps must be at least 0, got -1"):
        inverse_square_root(1, -1)
