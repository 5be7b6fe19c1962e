"""Drawings of graphs: one box for each op and leaf, one edge for each input, nothing on top of anything."""

import itertools
import re
from xml.etree import ElementTree

import numpy as np
import pytest

from minigrad import Tensor, nn, ops
from minigrad.draw import MAX_BOXES, draw
from minigrad.errors import GraphFreedError, NoGraphError

SVG = "{http://www.w3.org/2000/svg}"


def leaf(*shape: int) -> Tensor:
    return Tensor(np.ones(shape), requires_grad=True)


def boxes(svg: str, kind: str) -> list[tuple[str, ...]]:
    """The lines of text in each box of a kind, from top to bottom."""
    root = ElementTree.fromstring(svg)
    found = [box for box in root.findall(f"{SVG}g") if box.get("class") == kind]
    found.sort(key=lambda box: float(box.find(f"{SVG}rect").get("y")))
    return [tuple(text.text for text in box.findall(f"{SVG}text")) for box in found]


def edges(svg: str) -> list[str]:
    """The path of each edge."""
    paths = ElementTree.fromstring(svg).findall(f"{SVG}path")
    return [path.get("d") for path in paths if path.get("class") == "edge"]


def rectangles(svg: str) -> list[tuple[float, float, float, float]]:
    """(left, top, right, bottom) of each box."""
    found = ElementTree.fromstring(svg).iter(f"{SVG}rect")
    sides = [[float(rect.get(side)) for side in ("x", "y", "width", "height")] for rect in found]
    return [(x, y, x + width, y + height) for x, y, width, height in sides]


def test_a_value_used_twice_is_one_box_with_two_edges():
    a = leaf(3)
    b = a + a
    c = b + b
    svg = draw(c)
    assert boxes(svg, "leaf") == [("leaf", "3")]
    assert boxes(svg, "op") == [("add", "3"), ("add", "3")]
    assert len(edges(svg)) == len(set(edges(svg))) == 4


def test_boxes_show_op_shape_and_name():
    model = nn.Linear(4, 2)
    hidden = model(Tensor(np.ones((3, 4), np.float32)))
    svg = draw(hidden.sum(), {**dict(model.named_parameters()), "hidden": hidden})
    assert sorted(boxes(svg, "leaf")) == [("bias", "2"), ("weight", "2 × 4")]
    assert boxes(svg, "op") == [("hidden = linear", "3 × 2"), ("sum", "scalar")]


def test_constants_are_not_drawn():
    svg = draw(leaf(2) * 3.0 + np.ones(2))
    assert len(boxes(svg, "leaf")) == 1
    assert len(edges(svg)) == 2


def test_names_are_escaped():
    a = leaf(2)
    assert boxes(draw(a * a, {"<a & b>": a}), "leaf") == [("<a & b>", "2")]


def test_a_leaf_is_drawn_alone():
    svg = draw(leaf(2, 3))
    assert boxes(svg, "leaf") == [("leaf", "2 × 3")]
    assert boxes(svg, "op") == edges(svg) == []


@pytest.fixture(scope="module")
def block() -> str:
    """A picture with residual connections, shared inputs and edges over many rows."""
    attention, norm, table = nn.MultiHeadAttention(8, 2), nn.LayerNorm(8), nn.Embedding(5, 8)
    ids = np.zeros((1, 3), int)
    x = table(ids)
    x = x + attention(norm(x), causal=True)
    loss = ops.cross_entropy(ops.linear(norm(x), table.weight), ids)
    return draw(loss)


def test_no_two_boxes_overlap_and_all_lie_inside_the_picture(block: str):
    found = rectangles(block)
    for (left, top, right, bottom), (left2, top2, right2, bottom2) in itertools.combinations(found, 2):
        assert right < left2 or right2 < left or bottom < top2 or bottom2 < top
    x, y, width, height = map(float, ElementTree.fromstring(block).get("viewBox").split())
    for left, top, right, bottom in found:
        assert x < left < right < x + width
        assert y < top < bottom < y + height


def points_along(path: str) -> np.ndarray:
    """Points on an edge, its arrowhead left out: curves `C a b c` and lines `L a` from where it is."""
    line, _, _ = path.rpartition(" M")
    start, *pieces = [
        [tuple(map(float, point.split(","))) for point in piece.split()] for piece in re.split("[MCL]", line)[1:]
    ]
    here, points = start[0], []
    for piece in pieces:
        a, b, c, d = np.array([here, *piece] if len(piece) == 3 else [here, here, piece[0], piece[0]])
        t = np.linspace(0, 1, 200)[:, None]
        points.append((1 - t) ** 3 * a + 3 * (1 - t) ** 2 * t * b + 3 * (1 - t) * t**2 * c + t**3 * d)
        here = piece[-1]
    return np.concatenate(points)


def test_every_edge_goes_from_the_bottom_of_a_box_down_to_the_top_of_another_and_crosses_none(block: str):
    found = np.array(rectangles(block))
    left, top, right, bottom = found.T
    assert len(edges(block)) == 31
    for path in edges(block):
        points = points_along(path)
        x, y = points[0]
        assert ((left < x) & (x < right) & (y == bottom)).any()
        x, y = points[-1]
        assert ((left < x) & (x < right) & (y == top)).any()
        assert (np.diff(points[:, 1]) > -1e-9).all()
        x, y = points[:, :1], points[:, 1:]
        assert not ((left < x) & (x < right) & (top + 0.1 < y) & (y < bottom - 0.1)).any()


def test_boxes_are_as_wide_as_their_text():
    weight = leaf(2)
    svg = draw(weight * weight, {"a_name_of_30_letters_like_these": weight})
    widths = [right - left for left, _, right, _ in rectangles(svg)]
    assert widths[0] > 30 * 7.2  # the advance of a monospaced letter at 12 pixels
    assert widths[1] < 100


def test_a_freed_graph_is_refused():
    a = leaf(2)
    b = (a * a).sum()
    c = b * 2.0
    b.backward()
    for tensor in (b, c):
        with pytest.raises(GraphFreedError, match="draw it before"):
            draw(tensor)


def test_a_tensor_without_a_graph_is_refused():
    with pytest.raises(NoGraphError, match="no graph to draw"):
        draw(Tensor([1.0]) * 2)


def test_graphs_too_large_to_read_are_refused_without_recursion():
    x = y = leaf(1)
    for _ in range(MAX_BOXES - 1):
        y = y * 1.0
    assert len(rectangles(draw(y))) == MAX_BOXES
    for _ in range(20_000):
        y = y * 1.0
    with pytest.raises(ValueError, match="a graph of 20500 boxes, more than the 500"):
        draw(y)
    assert x.grad is None
