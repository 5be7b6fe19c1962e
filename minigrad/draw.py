"""Draw the graph that a tensor was computed by as an SVG picture, without any library.

    Path("graph.svg").write_text(draw(loss, dict(model.named_parameters())), encoding="utf-8")

Each op is drawn one row below the lowest of its inputs. An edge that crosses rows gets a bend in each of them. Boxes
and bends then move, row by row, to the mean position of their neighbours.
Source: Sugiyama et al. 1981, "Methods for Visual Understanding of Hierarchical System Structures".
"""

from collections.abc import Sequence
from html import escape
from statistics import fmean

from minigrad.anomaly import op_name
from minigrad.errors import GraphFreedError, NoGraphError
from minigrad.tape import Node, topological_order
from minigrad.tensor import Tensor

MAX_BOXES = 500
_HEIGHT, _ROW, _GAP, _LETTER = 40, 76, 18, 7.3  # pixels: box, row, space between boxes, letter
_SWEEPS = 10
_FILL = {"op": "#dbeafe", "leaf": "#fde68a"}  # light, with dark text and grey lines: readable on any background


class _Place:
    """The position of a box, or of a "bend" where an edge crosses a row, and the edges that end there."""

    def __init__(self, row: int, kind: str = "bend", lines: tuple[str, str] = ("", "")) -> None:
        self.row, self.kind, self.lines = row, kind, lines
        self.width = 8.0 if kind == "bend" else max(map(len, lines)) * _LETTER + 20
        self.x = 0.0
        self.above: list[_Place] = []
        self.below: list[tuple[_Place, int]] = []  # a place, and the index of this one in its `above`

    def entry(self, end: int) -> float:
        """The x at which an edge from above arrives. Edges arrive in the order of the inputs, from left to right."""
        return self.x + self.width * ((end + 1) / (len(self.above) + 1) - 0.5)


def draw(tensor: Tensor, names: dict[str, Tensor] | None = None) -> str:
    """The graph that `tensor` was computed by, as an SVG document.

    Each op is a box with its name and the shape of its output, and so is each leaf that requires a gradient. Constants
    are not on the tape, so they are not drawn.

    Args:
        names: names for leaves and the outputs of ops, such as `dict(model.named_parameters())`.

    Raises:
        NoGraphError: if the tensor depends on nothing that requires a gradient.
        GraphFreedError: if `backward()` has freed the graph. Draw it before.
        ValueError: if the graph has more than 500 boxes.
    """
    if not tensor.requires_grad:
        raise NoGraphError("the tensor depends on nothing with requires_grad=True, so there is no graph to draw")
    labels = {named._node or named: name for name, named in (names or {}).items()}
    places = _places(_boxes(tensor), labels)
    rows = [[place for place in places if place.row == row] for row in range(max(p.row for p in places) + 1)]
    for sweep in range(_SWEEPS):
        for row in reversed(rows) if sweep % 2 else rows:
            _arrange(row, upwards=sweep % 2 == 1)
    left = min(place.x - place.width / 2 for place in places) - _GAP
    width = max(place.x + place.width / 2 for place in places) + _GAP - left
    height = len(rows) * _ROW
    boxes = [place for place in places if place.kind != "bend"]
    parts = [_edge(place, end) for place in boxes for end in range(len(place.above))]
    parts += [_box(place) for place in boxes]
    view = f'width="{width:.0f}" height="{height}" viewBox="{left:.1f} {(_HEIGHT - _ROW) // 2} {width:.1f} {height}"'
    font = 'font-family="monospace" font-size="12" text-anchor="middle"'
    return "\n".join([f'<svg xmlns="http://www.w3.org/2000/svg" {view} {font}>', *parts, "</svg>\n"])


def _boxes(tensor: Tensor) -> list[Node | Tensor]:
    """The ops and leaves that a tensor was computed from, each after its inputs."""
    boxes: dict[Node | Tensor, None] = {}  # a dictionary keeps its order, which a set would not
    for node in reversed(topological_order(tensor._node)) if tensor._node else ():
        if node.rule is None:
            raise GraphFreedError("backward() has freed this graph; draw it before, or pass retain_graph=True")
        boxes |= {parent: None for parent in node.parents if isinstance(parent, Tensor)} | {node: None}
    if len(boxes) > MAX_BOXES:
        raise ValueError(f"tensor has a graph of {len(boxes)} boxes, more than the {MAX_BOXES} that can be read")
    return list(boxes) or [tensor]


def _places(boxes: Sequence[Node | Tensor], labels: dict[Node | Tensor, str]) -> list[_Place]:
    """A place for each box, and for each row that an edge crosses."""
    inputs = {box: [p for p in box.parents if p is not None] if isinstance(box, Node) else [] for box in boxes}
    row: dict[Node | Tensor, int] = {}
    for box in boxes:
        row[box] = 1 + max([row[p] for p in inputs[box]], default=-1)
    for box in sorted(boxes, key=row.__getitem__, reverse=True):  # a leaf goes right above its first use
        row |= {leaf: row[box] - 1 for leaf in inputs[box] if isinstance(leaf, Tensor)}

    places: dict[Node | Tensor, _Place] = {}
    bends: list[_Place] = []
    for box in boxes:
        kind, name = "op" if isinstance(box, Node) else "leaf", labels.get(box, "")
        what = " = ".join(filter(None, [name, op_name(box.rule)])) if isinstance(box, Node) else name or "leaf"
        places[box] = _Place(row[box], kind, (what, " × ".join(map(str, box.shape)) or "scalar"))
        for parent in inputs[box]:
            end = places[parent]
            for between in range(row[parent] + 1, row[box]):
                bends.append(_join(end, _Place(between)))
                end = bends[-1]
            _join(end, places[box])
    return [*places.values(), *bends]


def _join(upper: _Place, lower: _Place) -> _Place:
    upper.below.append((lower, len(lower.above)))
    lower.above.append(upper)
    return lower


def _arrange(row: list[_Place], upwards: bool) -> None:
    """Move each place of a row to the mean of its neighbours above or below, without overlaps."""
    wish: dict[_Place, float] = {}
    for place in row:
        near = [lower.entry(end) for lower, end in place.below] if upwards else [upper.x for upper in place.above]
        wish[place] = fmean(near or [place.x])
    row.sort(key=wish.__getitem__)
    edge = float("-inf")
    for place in row:
        place.x = max(wish[place], edge + place.width / 2)
        edge = place.x + place.width / 2 + _GAP
    shift = fmean(wish[place] - place.x for place in row)
    for place in row:
        place.x += shift


def _edge(place: _Place, end: int) -> str:
    """The curve from an input's box down to `place`, through its bends."""
    x, y = place.entry(end), place.row * _ROW
    path, source = f"L{x:.1f},{y} M{x - 4:.1f},{y - 6} L{x:.1f},{y} L{x + 4:.1f},{y - 6}", place.above[end]
    while True:
        bottom = source.row * _ROW + _HEIGHT
        path = f"{source.x:.1f},{bottom} C{source.x:.1f},{bottom + 18} {x:.1f},{y - 18} {x:.1f},{y} {path}"
        if source.kind != "bend":
            return f'<path class="edge" fill="none" stroke="#808692" stroke-width="1.5" d="M{path}"/>'
        x, y, source, path = source.x, source.row * _ROW, source.above[0], f"L{path}"


def _box(place: _Place) -> str:
    left, top = place.x - place.width / 2, place.row * _ROW
    what, shape = map(escape, place.lines)
    size = f'x="{left:.1f}" y="{top}" width="{place.width:.1f}" height="{_HEIGHT}"'
    rectangle = f'<rect {size} rx="5" fill="{_FILL[place.kind]}" stroke="#6b7280"/>'
    text = f'<text x="{place.x:.1f}" y="{top + 17}">{what}</text><text x="{place.x:.1f}" y="{top + 32}">{shape}</text>'
    return f'<g class="{place.kind}" fill="#111827">{rectangle}{text}</g>'
