"""The best choice on dev is taken, and every trial is recorded."""

import pytest

from experiments.lab.sweep import positive_choices, sweep

ACCURACY = {("A", 0.1): (0.5, 0.7), ("A", 0.2): (0.7, 0.7), ("A", 0.4): (0.8, 0.6), ("B", 0.1): (0.9, 0.9)}
LOSS = {("A", 0.2): 0.5, ("A", 0.4): 0.4}


def test_the_best_mean_is_taken_and_between_equals_the_lower_loss():
    asked = []

    def measure(system, value):
        asked.append((system, value))
        return [{"dev_accuracy": a, "dev_loss": LOSS.get((system, value), 1)} for a in ACCURACY[system, value]]

    chosen, trials = sweep({"A": (0.1, 0.2, 0.4), "B": (0.1,)}, measure)
    assert chosen == {"A": 0.4, "B": 0.1}
    assert asked == [("A", 0.1), ("A", 0.2), ("A", 0.4)]  # a single choice needs no trial
    assert [(row["system"], row["learning rate"]) for row in trials] == asked
    assert trials[0]["dev_accuracy"] == 0.6


def test_all_choices_are_asked_for_before_one_is_looked_at():
    asked = []

    class Later(dict):
        def __getitem__(self, key):
            assert len(asked) == 4
            return 1.0

    def measure(system, value):
        asked.append((system, value))
        return [Later()]

    sweep({"A": (0.1, 0.2), "B": (0.1, 0.2)}, measure)


def test_choices_are_one_number_or_several_above_0():
    positive_choices("lrs", (1e-3,))
    positive_choices("lrs", (1e-3, 1e-2))
    with pytest.raises(ValueError, match=r"^lm_lrs must hold at least one value, got none$"):
        positive_choices("lm_lrs", ())
    with pytest.raises(ValueError, match=r"^strengths must hold at least one number, got none$"):
        positive_choices("strengths", (), "number")
    with pytest.raises(ValueError, match=r"^lrs must be a finite number above 0, got 0$"):
        positive_choices("lrs", (1e-3, 0))
    with pytest.raises(TypeError, match=r"^lrs must be a number"):
        positive_choices("lrs", (1e-3, "1e-2"))  # type: ignore[arg-type]
