"""The figures of the pages, as SVG files beside them. `python -m lectures refresh` draws them again.

A figure is computed here, so that a change of the code that it shows changes the figure, and a test notices.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from pathlib import Path

import numpy as np

from experiments.running.places import committed_results
from lectures.build.curves import curves
from lectures.build.drawings import bars, butterfly, svg
from minigrad import Tensor
from minigrad.draw import draw
from minigrad.files import parse_json, read_text, write_text
from minigrad.kernels.attention import reference

CELL, LEFT, TOP = 64, 72, 56  # pixels
TOKENS = ("the", "cat", "sat", "on", "mats")


def figures() -> dict[str, str]:
    """Path from the project's folder → SVG."""
    return {
        "lectures/machine/attention.svg": heat_map(attention_by_hand(), TOKENS, TOKENS, "query", "key"),
        "lectures/machine/differences.svg": curves(errors_of_differences(), "step ε", "relative error"),
        "lectures/machine/steps.svg": bars(measured_steps(), "floor: the products alone", "the rest of the step"),
        "lectures/machine/shuffles.svg": butterfly([3, 1, 4, 1, 5, 0, 0, 0], [4, 2, 1]),
        "lectures/machine/tape.svg": tape_by_hand(),
    }


def check(project: Path) -> list[str]:
    """Which figures are missing or differ from what is drawn today. Empty if none."""
    return [f"{name}: differs from what lectures/build/figures.py draws" for name in _differing(project)]


def refresh(project: Path) -> tuple[list[Path], list[str]]:
    """Draw the figures that differ; their paths, and what cannot be drawn, which is nothing."""
    drawn = _differing(project)
    for name, text in drawn.items():
        write_text(project / name, text)
    return [project / name for name in drawn], []


def _differing(project: Path) -> dict[str, str]:
    """The figures that are not there as they are drawn today."""
    return {
        name: text
        for name, text in figures().items()
        if (project / name).parent.is_dir() and not _is(project / name, text)
    }


def _is(path: Path, text: str) -> bool:
    return path.is_file() and read_text(path) == text


def tape_by_hand() -> str:
    """The graph of the example in lectures/machine/1-tape.md."""
    a = Tensor([3.0], requires_grad=True)
    b = a + a
    loss = b * b + b
    return draw(loss, {"a": a, "b": b, "loss": loss})


def errors_of_differences() -> dict[str, dict[int, float]]:
    """For each dtype, {n: relative error of the derivative of x³ at 1.1 by finite differences with the step 10ⁿ}.

    Products and sums round alike on every machine, and so do the errors.
    """
    errors: dict[str, dict[int, float]] = {}
    for dtype in (np.float32, np.float64):
        x, curve = dtype(1.1), dict[int, float]()
        for n in range(-1, -10, -1):
            step = dtype(10.0**n)
            ahead, behind = x + step, x - step
            slope = (ahead * ahead * ahead - behind * behind * behind) / (step + step)
            curve[n] = abs(float(slope) / (3 * 1.1**2) - 1)
        errors[dtype.__name__] = curve
    return errors


def attention_by_hand() -> np.ndarray:
    """The attention probabilities (T, S) of the example in lectures/machine/4-attention.md."""
    q, k, v = np.zeros((3, 1, 1, 5, 4))  # (B, H, T, K)
    q[..., 0], k[..., 0] = 2, np.arange(5)
    _, probs = reference.attention_forward(q, k, v, mask=None, bias=None, causal=True, scale=0.5)  # (B, H, T, S)
    return probs[0, 0]


def measured_steps() -> list[tuple[str, float, float]]:
    """Name, milliseconds of the floor and of the step: the GPTs in the committed result of the benchmark."""
    path = committed_results() / "benchmarks" / "cpu.json"
    steps = parse_json(read_text(path), str(path))["steps"]
    rows = []
    for size in "SML":
        (contenders,) = [step["contenders"] for step in steps if step["task"] == f"GPT {size}"]
        for threads, name in ((1, "1 thread"), (2, "2 threads")):
            ours, whole = (contenders[f"{who}, {threads}"]["seconds"]["median"] for who in ("floor", "ours"))
            rows.append((f"{size}, {name}", 1000 * ours, 1000 * whole))
    return rows


def heat_map(values: np.ndarray, rows: Sequence[str], columns: Sequence[str], row_axis: str, column_axis: str) -> str:
    """Numbers from 0 to 1 (rows, columns) as squares, darker for larger ones. A square with 0 is empty.

    Raises:
        ValueError: if the labels do not fit the values.
    """
    if values.shape != (len(rows), len(columns)):
        raise ValueError(f"values: expected shape {(len(rows), len(columns))}, one for each label, got {values.shape}")
    width, height = LEFT + CELL * len(columns) + 8, TOP + CELL * len(rows) + 8
    lines = [
        f'<text x="{LEFT + CELL * len(columns) // 2}" y="18" fill="#606672">{escape(column_axis)}</text>',
        f'<text x="{LEFT // 2}" y="{TOP - 12}" fill="#606672">{escape(row_axis)}</text>',
    ]
    lines += [f'<text x="{_middle(LEFT, j)}" y="{TOP - 12}">{escape(label)}</text>' for j, label in enumerate(columns)]
    for i, label in enumerate(rows):
        lines.append(f'<text x="{LEFT // 2}" y="{_middle(TOP, i) + 5}">{escape(label)}</text>')
        lines += [_square(i, j, value) for j, value in enumerate(values[i])]
    return svg(width, height, lines)


def _square(i: int, j: int, value: float) -> str:
    """One number; its shade has two digits as well, so that the last bits of the number do not matter."""
    x, y = LEFT + CELL * j, TOP + CELL * i
    square = f'<rect x="{x}" y="{y}" width="{CELL}" height="{CELL}" stroke="#c0c6d2" fill="#1f5fbf" '
    if value == 0:
        return f'{square}fill-opacity="0"/>'
    ink = "#ffffff" if value > 0.5 else "#000000"
    number = f'<text x="{_middle(LEFT, j)}" y="{_middle(TOP, i) + 5}" fill="{ink}">{value:.2f}</text>'
    return f'{square}fill-opacity="{value:.2f}"/>{number}'


def _middle(start: int, index: int) -> int:
    return start + CELL * index + CELL // 2
