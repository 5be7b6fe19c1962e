"""Where the links of a page lead to in the site.

A page links to files as on a code host: `[tape](../../minigrad/tape.py)`. In the site, a link to a Markdown page leads
to its HTML, a link to a picture to the picture, and a link to another file or a folder to its listing. A link whose
text is the name of a definition in the file, such as `[record](../../minigrad/tape.py)`, leads to its line. So does
the caption of a block of quoted code.
"""

from __future__ import annotations

import posixpath
import re
import shutil
from pathlib import Path
from urllib.parse import unquote

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util import logging

from lectures.build.snippets import WITHOUT_DOCSTRING
from lectures.build.sources import UnknownNameError, find, source
from minigrad.files import read_text

_LOGGER = logging.getLogger(__name__)
_OUTWARD = re.compile(r"[a-z][a-z+.-]*:|//", re.IGNORECASE)
_QUOTE = re.compile(r"<!--\s*code:\s*(.*?)\s*-->")


class Links:
    """The links of all pages; collects what they lead to.

    Attributes:
        project: the folder of the project.
        targets: files and folders that need a listing, as paths in the project.
    """

    def __init__(self, project: Path):
        self.project = project
        self.targets: set[str] = set()

    def resolve(self, app: Sphinx, tree: nodes.document, page: str) -> None:
        """Point each link of a page to a page of the site; warn of those that lead nowhere."""
        for comment in list(tree.findall(nodes.raw)):
            self._add_caption(app, comment, page)
        for link in tree.findall(nodes.reference):
            target = link.get("refuri", "")
            if target and not link.get("internal") and not _OUTWARD.match(target):
                link["refuri"] = self._resolved(app, link, page)

    def _resolved(self, app: Sphinx, link: nodes.reference, page: str) -> str:
        """Where a link leads to, relative to its page."""
        path, _, fragment = unquote(link["refuri"]).partition("#")
        target = posixpath.normpath(posixpath.join(posixpath.dirname(page), path)) if path else f"{page}.md"
        if (self.project / target / "README.md").is_file():
            target = posixpath.normpath(f"{target}/README.md")
        document = target.removesuffix(".md")
        if document in app.env.found_docs and target.endswith(".md"):
            return app.builder.get_relative_uri(page, document) + self._anchor(app, link, document, fragment)
        if target.startswith("..") or not (self.project / target).exists():
            _LOGGER.warning("%s leads nowhere", link["refuri"], location=link)
            return ""
        if target.endswith((".svg", ".png")):
            return self._copied(app, target, page)
        self.targets.add(target)
        fragment = fragment or self._line(target, link.astext())
        return app.builder.get_relative_uri(page, listing(target)) + (f"#{fragment}" if fragment else "")

    def _copied(self, app: Sphinx, target: str, page: str) -> str:
        """Bring a picture along."""
        copy = Path(app.outdir) / target
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(self.project / target, copy)
        return posixpath.relpath(target, posixpath.dirname(page))

    def _anchor(self, app: Sphinx, link: nodes.reference, document: str, fragment: str) -> str:
        """The anchor of a heading, which a link names as a code host does."""
        if not fragment:
            return ""
        slugs = app.env.metadata[document].get("myst_slugs", {})
        if fragment not in slugs:
            _LOGGER.warning("there is no heading #%s in %s", fragment, document, location=link)
            return ""
        return f"#{slugs[fragment][1]}"

    def _line(self, target: str, name: str) -> str:
        """The line of a definition of a Python file, as L12; "" if it has none of this name."""
        if not target.endswith(".py") or not name.isidentifier():
            return ""
        definition = re.compile(rf"(?:def |class |){name}\b(?=.*[:=])")
        lines = read_text(self.project / target).split("\n")
        return next((f"L{number}" for number, line in enumerate(lines, start=1) if definition.match(line)), "")

    def _add_caption(self, app: Sphinx, comment: nodes.raw, page: str) -> None:
        """Say above a block of quoted code where it is from."""
        quote = _QUOTE.fullmatch(comment.astext().strip())
        if quote is None:
            return
        try:
            target, line = self._place(quote[1].removesuffix(WITHOUT_DOCSTRING))
        except UnknownNameError as error:
            _LOGGER.warning("%s: %s", quote[1], error, location=comment)
            return
        self.targets.add(target)
        link = nodes.reference("", f"{target}, line {line}", internal=True)
        link["refuri"] = f"{app.builder.get_relative_uri(page, listing(target))}#L{line}"
        comment.replace_self(nodes.paragraph("", "", link, classes=["quoted"]))

    def _place(self, name: str) -> tuple[str, int]:
        """The file and the line of a definition that a page quotes."""
        if ":" not in name:
            path, definition = find(name, self.project)
            return path.relative_to(self.project).as_posix(), definition.node.lineno
        file = name.split(":")[0]
        before = read_text(self.project / file).split(source(name, self.project, docstring=False))[0]
        return file, before.count("\n") + 1


def listing(target: str) -> str:
    """The page, without .html, that lists a file or a folder."""
    return f"{target}/index" if "." not in posixpath.basename(target) else target
