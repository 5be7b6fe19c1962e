"""TeX as MathML. Every browser of today draws it, so that a page needs no script and no fonts of its own."""

from __future__ import annotations

from docutils import nodes
from math_core import LatexError, LatexToMathML
from sphinx.util import logging
from sphinx.writers.html5 import HTML5Translator

_LOGGER = logging.getLogger(__name__)
_CONVERTER = LatexToMathML(fancy_error=False)


def visit_formula(writer: HTML5Translator, node: nodes.math) -> None:
    """Write a formula within a line."""
    writer.body.append(_mathml(node, block=False))
    raise nodes.SkipNode


def visit_formula_block(writer: HTML5Translator, node: nodes.math_block) -> None:
    """Write a formula of its own lines."""
    writer.body.append(f'<div class="formula">{_mathml(node, block=True)}</div>\n')
    raise nodes.SkipNode


def _mathml(node: nodes.Element, *, block: bool) -> str:
    tex = node.astext()
    try:
        return _CONVERTER.convert_with_local_state(tex, displaystyle=block)
    except LatexError as error:  # a position in the formula, and what is wrong there
        _LOGGER.warning("the formula %s: %s", tex, error, location=node)
        return ""
