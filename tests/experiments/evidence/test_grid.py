"""A grid pairs measurements by seed."""

import pytest

from experiments.evidence.grid import Grid


@pytest.fixture
def grid() -> Grid:
    grid = Grid()
    for seed in range(2):
        for system, better in (("A", 0.5), ("B", 0.25)):
            for n in (16, 64):
                grid[system, n].append({"accuracy": better + seed / 8 + n / 256, "gap": 1})
    return grid


def test_values_and_differences_have_one_number_for_each_seed(grid: Grid):
    assert grid.values("A", 16, "accuracy") == [0.5625, 0.6875]
    assert grid.differences("A", "B", 64, "accuracy") == [0.25, 0.25]
    assert grid.average("B", (16, 64), "accuracy") == [0.40625, 0.53125]


def test_systems_and_conditions_keep_their_order(grid: Grid):
    assert grid.systems == ["A", "B"]
    assert grid.conditions == [16, 64]


def test_a_table_has_a_row_for_each_system_and_the_lectures_figures_beside(grid: Grid):
    names = {64: "64 labels", 16: "16 labels"}
    table = grid.table("t", "accuracy", first="system", names=names, scale=100, digits=1, lecture={"A": [90, None]})
    assert table.columns == ["system", "64 labels", "16 labels"]
    assert table.rows == [["A", [75.0, 87.5], [56.25, 68.75]], ["B", [50.0, 62.5], [31.25, 43.75]]]
    assert table.lecture == [["A", 90, None], ["B", None, None]]


def test_what_was_not_measured_is_named(grid: Grid):
    with pytest.raises(KeyError, match="nothing was measured of 'C' under 16"):
        grid.values("C", 16, "accuracy")


def test_systems_with_other_numbers_of_seeds_are_not_paired(grid: Grid):
    grid["A", 16].append({"accuracy": 1})
    with pytest.raises(ValueError, match="differences need one number of seeds, got 3 and 2"):
        grid.differences("A", "B", 16, "accuracy")
