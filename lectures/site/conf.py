"""The configuration that Sphinx reads. The folder of the sources is the project, that of this file is not.

No warning is suppressed: each of them fails the build.
"""

from __future__ import annotations

from pathlib import Path

from sphinx.application import Sphinx

from lectures.site import contents, steppers
from lectures.site.formulas import visit_formula, visit_formula_block
from lectures.site.links import Links
from lectures.site.listings import listings
from lectures.site.transcripts import DebuggerLexer

project = "minigrad"
language = "en"
extensions = ["myst_parser"]
root_doc = contents.ROOT
include_patterns = contents.PATTERNS
exclude_patterns = [".*", "build", "dist"]  # folders that Sphinx need not look through

# Mathematics as a code host writes it. "$5" is an amount of money.
myst_enable_extensions = ["dollarmath"]
myst_dmath_allow_digits = False
myst_dmath_allow_space = False
myst_fence_as_directive = ["math"]
myst_update_mathjax = False
myst_heading_anchors = 4  # a link to #the-map works as on a code host
myst_all_links_external = True  # MyST leaves the links alone, and links.py resolves them
html_math_renderer = "mathml"

html_theme = "furo"
html_title = "minigrad: the course"
html_static_path = ["course.css"]
html_css_files = ["course.css"]
templates_path = ["."]  # for steppers.html
html_sidebars = {
    "**": [
        "sidebar/brand.html",
        "sidebar/search.html",
        "sidebar/scroll-start.html",
        "sidebar/navigation.html",
        "steppers.html",
        "sidebar/scroll-end.html",
    ]
}
html_copy_source = False
html_use_index = False
html_show_copyright = False
html_show_sphinx = False


def setup(app: Sphinx) -> None:
    """Connect our modules to the events of the build."""
    for language in DebuggerLexer.aliases:
        app.add_lexer(language, DebuggerLexer)
    app.add_html_math_renderer("mathml", (visit_formula, None), (visit_formula_block, None))
    links = Links(Path(app.srcdir))
    app.connect("source-read", contents.add_contents)
    app.connect("doctree-resolved", links.resolve)
    app.connect("html-collect-pages", lambda app: listings(links))
    app.connect("html-page-context", steppers.add_to_context)
