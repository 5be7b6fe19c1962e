"""The figures beside the pages are those that the code of today draws."""

import re
from pathlib import Path

import numpy as np
import pytest

from lectures.build import curves, drawings, figures

REPOSITORY = Path(__file__).parents[2]


def test_the_committed_figures_are_those_of_today():
    assert figures.check(REPOSITORY) == []
    assert all((REPOSITORY / name).is_file() for name in figures.figures())


def test_a_figure_that_differs_or_is_missing_is_named_and_drawn_again(project: Path):
    assert figures.check(project) == []  # a project without these pages needs no figures
    (name, drawn), *others = figures.figures().items()
    path = project / name
    path.parent.mkdir()
    assert len(figures.check(project)) == len(others) + 1
    assert len(figures.refresh(project)[0]) == len(others) + 1
    path.write_text(drawn.replace("0.09", "0.10"), encoding="utf-8")
    assert figures.check(project) == [f"{name}: differs from what lectures/build/figures.py draws"]
    assert figures.refresh(project) == ([path], [])
    assert path.read_text("utf-8") == drawn
    assert figures.check(project) == []
    assert figures.refresh(project) == ([], [])


def test_the_figure_of_attention_has_the_numbers_of_its_page():
    page = (REPOSITORY / "lectures" / "machine" / "4-attention.md").read_text("utf-8")
    assert str(figures.attention_by_hand().round(3)) in page


def test_the_figure_of_the_tape_has_a_box_for_each_operation_of_its_page():
    drawn = figures.tape_by_hand()
    assert re.findall(r'y="\d+">([a-z= ]+)</text>', drawn) == ["a", "b = add", "mul", "loss = add"]
    assert drawn.count('class="edge"') == 2 + 2 + 2


def test_a_heat_map_has_a_number_for_each_square_that_is_not_zero():
    drawn = figures.heat_map(
        np.array([[1, 0, 0.5], [0.25, 0.251, 0]]), ["a", "b & c"], ["x", "y", "z"], "row", "column"
    )
    assert drawn.count("<rect") == 1 + 6
    assert re.findall(r">(\d\.\d\d)<", drawn) == ["1.00", "0.50", "0.25", "0.25"]
    assert "b &amp; c" in drawn


def test_the_figure_of_shuffles_has_the_numbers_of_its_page():
    page = (REPOSITORY / "lectures" / "machine" / "6-cuda-kernel.md").read_text("utf-8")
    drawn = figures.figures()["lectures/machine/shuffles.svg"]
    numbers = np.array(re.findall(rf'fill="{drawings.LIGHT}"/>\n.*>(\d+)<', drawn), int).reshape(
        4, 8
    )  # the numbers in boxes
    assert [row for row in numbers if f"\n{row}" not in page] == []
    assert drawn.count("<line") == 3 * 2 * 8


def test_a_distance_to_a_lane_that_is_not_there_is_refused():
    with pytest.raises(ValueError, match="distances: expected lanes 0 to 5, got 4"):
        drawings.butterfly([1, 2, 3, 4, 5, 6], [4])


def test_the_figure_of_steps_has_the_medians_of_its_page():
    page = (REPOSITORY / "lectures" / "machine" / "5-where-a-step-goes.md").read_text("utf-8")
    rows = {name: times for name, *times in figures.measured_steps()}
    assert list(rows) == [f"{size}, {threads}" for size in "SML" for threads in ("1 thread", "2 threads")]
    for threads, name in ((1, "M, 1 thread"), (2, "M, 2 threads")):
        floor, ours = rows[name]
        assert f"\nfloor, {threads}: {floor:.0f}\nours, {threads}: {ours:.0f}\n" in page


def test_a_bar_is_as_long_as_its_part_and_never_longer_than_the_whole():
    drawn = drawings.bars([("half", 2, 4), ("more", 5, 4)], "part", "rest")
    assert re.findall(rf'width="(\d+)" height="22" fill="{drawings.DARK}"', drawn) == ["210", "420"]
    assert re.findall(r">(\d+%)<", drawn) == ["50%", "125%"]
    with pytest.raises(ValueError, match="rows: expected positive times, got 0 of 4 for 'none'"):
        drawings.bars([("none", 0, 4)], "part", "rest")


def test_the_figure_of_differences_has_the_numbers_of_its_page():
    page = (REPOSITORY / "lectures" / "machine" / "2-gradients.md").read_text("utf-8")
    errors = figures.errors_of_differences()
    assert list(errors) == ["float32", "float64"]
    for n in (-1, -2, -4, -6, -8):
        assert f"\n{10.0**n:7.0e} {errors['float32'][n]:8.0e} {errors['float64'][n]:8.0e}\n" in page


def test_a_curve_has_a_point_for_each_value_and_a_power_of_ten_has_one_height():
    drawn = curves.curves({"a & b": {-1: 1.0, -2: 0.01}, "c": {-2: 0.001}}, "step", "error")
    points = [[point.split(",") for point in line.split()] for line in re.findall(r'points="([^"]+)"', drawn)]
    (((left, top), (right, middle)), ((column, bottom),)) = [[tuple(map(int, p)) for p in line] for line in points]
    assert (right - left, column - right) == (curves.WIDE, 0)
    assert (middle - top, bottom - top) == (2 * curves.HIGH, 3 * curves.HIGH)
    assert "a &amp; b" in drawn


def test_values_that_a_logarithmic_axis_does_not_have_are_refused():
    for value in (0.0, -1.0, float("inf"), float("nan")):
        with pytest.raises(ValueError, match=f"series: expected positive numbers, got {value} in 'a' at -3"):
            curves.curves({"a": {-3: value}}, "", "")
    with pytest.raises(ValueError, match="series: expected at most 2 curves, got 3"):
        curves.curves({name: {-1: 1.0} for name in "abc"}, "", "")


def test_labels_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match=r"values: expected shape \(1, 2\), one for each label, got \(2, 2\)"):
        figures.heat_map(np.eye(2), ["a"], ["x", "y"], "row", "column")
