"""The pages that step through our source, as part of the site: the folder steppers/ and entries in the sidebar.

`python -m lectures steppers --to DIR` writes these pages. They are complete in themselves and do not go through Sphinx.
"""

from __future__ import annotations

import html
import re
import subprocess
import sys
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from minigrad.files import read_text

FOLDER = "steppers"


def write_steppers(site: Path, project: Path) -> None:
    """Write the steppers into the folder of a site. Without the command that makes them, there are none.

    Raises:
        subprocess.CalledProcessError: if the command fails.
    """
    if find_spec("lectures.command.steppers"):
        command = [sys.executable, "-m", "lectures", "steppers", "--to", str(site / FOLDER)]
        subprocess.run(command, cwd=project, check=True, stdout=subprocess.DEVNULL)


def add_to_context(app: Any, page: str, template: str, context: dict[str, Any], tree: object) -> None:
    """Tell the sidebar of a page which steppers there are."""
    context["steppers"] = titles(Path(app.outdir))


@cache
def titles(site: Path) -> list[dict[str, str]]:
    """The path and the title of each stepper of a site."""
    pages = sorted((site / FOLDER).glob("*.html"))
    return [{"path": f"{FOLDER}/{page.name}", "title": _title(page)} for page in pages]


def _title(page: Path) -> str:
    found = re.search("<title>(.*?)</title>", read_text(page), re.DOTALL)
    return html.unescape(found[1].strip()) if found else page.stem
