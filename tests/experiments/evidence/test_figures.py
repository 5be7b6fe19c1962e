"""Figures: the same drawing gives the same file, which reads well on light and on dark."""

import re
import xml.etree.ElementTree

import matplotlib

from experiments.evidence.figures import COLOURS, INK, house_style, subplots, to_svg


def draw(title="Scores", colour=None):
    figure, axes = subplots(size=(4, 3))
    axes.plot([1, 2, 3], color=colour, label="a < b & c")
    axes.bar([0, 1], [2, 1])
    axes.axhline(1.5, color="black")
    axes.annotate("here", (1, 1))
    axes.set_title(title)
    axes.legend()
    return figure


def test_the_same_drawing_gives_the_same_text():
    assert to_svg(draw(), "scores") == to_svg(draw(), "scores")
    assert to_svg(draw(), "scores") != to_svg(draw(title="Losses"), "scores")


def test_drawing_twice_does_not_change_a_figure():
    figure = draw()
    assert to_svg(figure, "scores") == to_svg(figure, "scores")


def test_a_figure_holds_no_date_no_program_and_nothing_from_elsewhere():
    svg = to_svg(draw(), "scores")
    assert svg.startswith("<svg")
    assert re.search(r"\b20\d\d-\d\d", svg) is None
    for word in ("metadata", "matplotlib.org", "DOCTYPE", "<image", "<script", "@import"):
        assert word not in svg
    names = re.findall(r'\bxmlns(?::\w+)?="(.*?)"', svg)  # names of vocabularies, which nobody loads
    assert len(re.findall("https?://", svg)) == len(names)


def test_a_figure_is_well_formed_and_its_text_is_text():
    root = xml.etree.ElementTree.fromstring(to_svg(draw(), "scores"))
    words = {"".join(text.itertext()) for text in root.iter("{http://www.w3.org/2000/svg}text")}
    assert {"Scores", "a < b & c", "here"} <= words


def test_nothing_is_black_and_nothing_white_lies_behind():
    with house_style():
        svg = to_svg(draw(), "scores")
    for text in re.findall(r"<text style=\"(.*?)\"", svg):
        assert f"fill: {INK}" in text
    for colour in ("#000000", "#ffffff", "black", "white"):
        assert colour not in svg


def test_a_legend_has_no_box():
    assert "legend_1" in to_svg(draw(), "scores")
    assert "opacity: 0.8" not in to_svg(draw(), "scores")


def test_the_house_style_holds_inside_the_with_statement_only():
    before = dict(matplotlib.rcParams)
    with house_style():
        styled = to_svg(draw(), "scores")
        assert matplotlib.rcParams["lines.linewidth"] == 1.8
    assert dict(matplotlib.rcParams) == before
    assert "stroke-width: 1.8" in styled
    assert COLOURS[0] in styled


def test_lines_end_without_spaces():
    assert re.search(r"[ \t]$", to_svg(draw(), "scores"), flags=re.MULTILINE) is None
