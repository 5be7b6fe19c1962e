"""Build the site into a temporary folder, then rename it: a reader sees the former site or the new one."""

from __future__ import annotations

import io
import os
import re
import tempfile
from importlib.util import find_spec
from pathlib import Path

from lectures.site.steppers import write_steppers
from minigrad.files import write_text

MARK = ".minigrad-course"
"""A file of this name tells that a folder is a site of ours, which may be replaced."""

FIRST_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>minigrad: the course</title>
<meta http-equiv="refresh" content="0; url=lectures/README.html">
</head>
<body><a href="lectures/README.html">The course</a></body>
</html>
"""


def build(project: Path, to: Path) -> list[str]:
    """Build the site of the course; what is wrong with its pages, and then `to` is as before.

    Args:
        project: the checkout.
        to: the folder to write. A former site there is replaced.

    Raises:
        ValueError: if `to` holds something else, what the site needs is not installed, or there is no checkout.
    """
    to = to.resolve()
    _check(project, to)
    to.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{to.name}.", dir=to.parent) as folder:
        site, work = Path(folder) / "site", Path(folder) / "work"
        site.mkdir()
        problems = write_steppers(site, project) + _run_sphinx(project, site, work)
        if not problems:
            write_text(site / "index.html", FIRST_PAGE)
            write_text(site / MARK, "python -m lectures site replaces this folder.\n")
            if to.exists():
                os.replace(to, Path(folder) / "former")
            os.replace(site, to)
    return problems


def _check(project: Path, to: Path) -> None:
    missing = [name for name in ("sphinx", "myst_parser", "furo", "math_core") if find_spec(name) is None]
    if missing:
        raise ValueError(f'the site needs {", ".join(missing)}: pip install -e ".[site]"')
    if not (project / "pyproject.toml").is_file():
        raise ValueError(f"the site needs a checkout of the project, and {project} has no pyproject.toml")
    if to.exists() and not (to / MARK).is_file() and not (to.is_dir() and not any(to.iterdir())):
        raise ValueError(f"--to must be a new folder or a former site, but {to} holds something else")


def _run_sphinx(project: Path, site: Path, work: Path) -> list[str]:
    """Write the pages; the warnings of Sphinx, each a problem."""
    from sphinx.application import Sphinx
    from sphinx.util.docutils import docutils_namespace, patch_docutils

    warnings = io.StringIO()
    here = Path(__file__).parent
    with patch_docutils(str(here)), docutils_namespace():
        app = Sphinx(project, here, site, work, "html", status=None, warning=warnings, freshenv=True)
        app.build(force_all=True)
    said = re.sub(r"\x1b\[[\d;]*m|WARNING: ", "", warnings.getvalue())  # without colours
    lines = [line.replace(f"{project}{os.sep}", "") for line in said.splitlines() if line.strip()]
    return list(dict.fromkeys(lines))  # some are said for every page
