"""The pages that step through our source, as part of the site: the folder steppers/ and entries in the sidebar.

`python -m lectures steppers --to DIR` writes these pages. They are complete in themselves and do not go through Sphinx.
"""

from __future__ import annotations

import html
import re
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

from minigrad.files import read_text

FOLDER = "steppers"


def write_steppers(site: Path, project: Path) -> list[str]:
    """Write the steppers into the folder of a site; what is wrong. A project without their command has none."""
    if not (project / "lectures" / "command" / "steppers.py").is_file():
        return []
    command = [sys.executable, "-m", "lectures", "steppers", "--to", str(site / FOLDER)]
    done = subprocess.run(command, cwd=project, capture_output=True, encoding="utf-8", check=False)
    return [f"{FOLDER}: {line}" for line in (done.stdout + done.stderr).splitlines()] if done.returncode else []


def add_to_context(app: Any, page: str, template: str, context: dict[str, Any], tree: object) -> None:
    """Tell the sidebar of a page which steppers there are."""
    context["steppers"] = titles(Path(app.outdir))


@cache
def titles(site: Path) -> list[dict[str, str]]:
    """The path and the title of each stepper of a site."""
    pages = sorted(page for page in (site / FOLDER).glob("*.html") if page.stem != "index")
    return [{"path": f"{FOLDER}/{page.name}", "title": _title(page)} for page in pages]


def _title(page: Path) -> str:
    found = re.search("<title>(.*?)</title>", read_text(page), re.DOTALL)
    return html.unescape(found[1].strip()) if found else page.stem
