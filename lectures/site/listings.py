"""A page for each file or folder of the project that a page links to: source with numbered lines, each an anchor.

An anchor is written as on a code host: #L12 is line 12.
"""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from pathlib import Path
from typing import Any

from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import get_lexer_for_filename
from pygments.lexers.special import TextLexer
from pygments.util import ClassNotFound

from lectures.site.links import Links, listing
from minigrad.files import read_text

Page = tuple[str, dict[str, Any], str]
"""A page's name, what its template needs, and the template."""


def listings(links: Links) -> Iterator[Page]:
    """The page of each target, for Sphinx to write; a folder brings the files in it along."""
    files = {target for target in links.targets if (links.project / target).is_file()}
    for folder in sorted(links.targets - files):
        inside = [path for path in sorted((links.project / folder).iterdir()) if path.is_file() and _is_text(path)]
        names = [path.name for path in inside]
        files |= {f"{folder}/{name}" for name in names}
        yield _page(folder, "<ul>" + "".join(f'<li><a href="{name}.html">{name}</a></li>' for name in names) + "</ul>")
    for file in sorted(files):
        yield _page(file, _source(links.project / file))


def _page(target: str, content: str) -> Page:
    title = f"<h1><code>{escape(target)}</code></h1>\n"
    return listing(target), {"title": escape(target), "body": title + content}, "page.html"


def _source(path: Path) -> str:
    """The highlighted lines of a file. Each has a number, which is a link to it."""
    text = read_text(path)
    try:
        lexer = get_lexer_for_filename(path.name, stripnl=False)
    except ClassNotFound:
        lexer = TextLexer(stripnl=False)
    lines = highlight(text, lexer, HtmlFormatter(nowrap=True)).splitlines()
    numbered = (
        f'<span class="line" id="L{number}"><a href="#L{number}" data-line="{number}"></a>{line}</span>\n'
        for number, line in enumerate(lines, start=1)
    )
    return f'<div class="highlight listing"><pre>{"".join(numbered)}</pre></div>'


def _is_text(path: Path) -> bool:
    """Whether a file of a folder is one to show."""
    return path.suffix in {".py", ".md", ".toml", ".cu", ".h", ".json", ".txt"} and path.name != "README.md"
