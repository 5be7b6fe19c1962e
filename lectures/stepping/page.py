"""A recording as one HTML page that needs nothing else: no network, no other file."""

from __future__ import annotations

import ast
import base64
import hashlib
import io
import json
import tokenize
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup

from lectures.stepping.recorder import Recording
from minigrad.files import read_text

HERE = Path(__file__).parent


def page(recording: Recording, title: str, paragraphs: Sequence[str] = ()) -> str:
    """The HTML of a page that steps through a recording.

    Args:
        title: its heading.
        paragraphs: what to watch, as plain text.

    Raises:
        ValueError: if the recording has no steps.
    """
    if not recording.steps:
        raise ValueError("recording must have at least one step, got none")
    files = [file | {"quiet": quiet_parts(file["text"])} for file in recording.files]
    data = {"files": files, "calls": recording.calls, "steps": recording.steps}
    return environment().get_template("page.html").render(
        title=title,
        paragraphs=paragraphs,
        notice=notice(recording),
        recording=Markup(as_json(data)),
        style=Markup(read_text(HERE / "page.css")),
        script=Markup(read_text(HERE / "page.js")),
    )  # fmt: skip


def environment() -> jinja2.Environment:
    """What renders the templates of this folder."""
    made = jinja2.Environment(
        loader=jinja2.FileSystemLoader(HERE, encoding="utf-8"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {"digest": digest, "code": with_code}
    return made


def notice(recording: Recording) -> str:
    """What the reader must know of how the recording ended, or empty."""
    if recording.is_full:
        return (
            f"The program has more steps. The recording ends after {len(recording.steps)}; more are recorded with "
            "--max-steps, and fewer lines are stepped through with --watch."
        )
    return f"The program failed at the last step: {recording.error}" if recording.error else ""


def heading(program: Path) -> tuple[str, list[str]]:
    """The title and the paragraphs of a program's docstring; its file name if there is none."""
    docstring = ast.get_docstring(ast.parse(read_text(program))) or program.name
    title, *paragraphs = [" ".join(part.split()) for part in docstring.split("\n\n")]
    return title, paragraphs


def as_json(data: Any) -> str:
    """JSON that can be inside of a <script>: without `<`, nothing in it ends the element or begins a comment."""
    return json.dumps(data, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")


def with_code(text: str) -> Markup:
    """A text as HTML, with what is in backticks as code."""
    parts = text.split("`")
    return Markup("").join(Markup("<code>{}</code>").format(part) if i % 2 else part for i, part in enumerate(parts))


def digest(text: str) -> str:
    """The name by which a Content-Security-Policy allows this script or style and no other."""
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


def quiet_parts(source: str) -> dict[int, int]:
    """Where the comment of a line begins, in characters; 0 for the lines of docstrings."""
    quiet: dict[int, int] = {}
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            quiet[token.start[0]] = token.start[1]
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            quiet |= dict.fromkeys(range(node.lineno, (node.end_lineno or node.lineno) + 1), 0)
    return quiet
