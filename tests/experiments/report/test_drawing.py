"""What of an SVG becomes part of the page: all that Matplotlib draws, and nothing that acts or refers elsewhere."""

import re
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import matplotlib
import numpy as np
import pytest

import experiments
from experiments.evidence.figures import INK, subplots, to_svg
from experiments.report.drawing import DEEPEST, for_page

COMMITTED = sorted((Path(experiments.__file__).parent / "results").rglob("*.svg"))
XMLNS = 'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'


def of_the_file(page: str) -> str:
    """The drawing with the ids and the ink that it has in its file."""
    page = page.replace('id="p-', 'id="').replace("url(#p-", "url(#").replace('href="#p-', 'href="#')
    return page.replace("currentColor", INK)


def assert_intact(svg: str) -> None:
    """The same elements, attributes and texts in the same order; comments do not draw."""
    canonical = ElementTree.canonicalize
    assert canonical(of_the_file(for_page(svg, "p"))) == canonical(svg, with_comments=False)


@pytest.mark.parametrize("path", COMMITTED, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_our_own_figures_stay_intact(path):
    assert_intact(path.read_text(encoding="utf-8"))


def test_whatever_matplotlib_draws_stays_intact():
    figure, axes = subplots(2, 3, size=(12, 8))
    figure.set_layout_engine("none")
    draw = np.random.default_rng(0)
    axes[0, 0].imshow(draw.random((5, 5)))
    axes[0, 1].bar([1, 2], [3, 4], hatch="//", label='$x^2$ & "a" < b')
    axes[0, 1].legend()
    axes[0, 2].contourf(draw.random((6, 6)))
    axes[0, 2].annotate("é → ü", (1, 1), (3, 3), arrowprops={"arrowstyle": "->"}, rotation=30)
    axes[1, 0].errorbar([1, 2], [1, 10], yerr=[0.1, 1], capsize=3, ls="--")
    axes[1, 0].set_yscale("log")
    axes[1, 1].pcolormesh(draw.random((4, 4)), rasterized=True)
    axes[1, 1].text(0, 0, "$\\frac{a}{b}$ and ]]> here", alpha=0.5, style="italic", weight="bold")
    axes[1, 2].pie([1, 2])
    axes[1, 2].scatter(draw.random(9), draw.random(9), c=draw.random(9), clip_path=matplotlib.patches.Circle((0, 0), 1))
    for fonts in ("none", "path"):
        with matplotlib.rc_context({"svg.fonttype": fonts}):
            assert_intact(to_svg(figure, "all"))


def test_two_drawings_in_one_page_share_no_id_and_take_the_colour_of_the_text():
    svg = f'<svg {XMLNS}><path id="a" d="M 0 0" style="fill: {INK}; clip-path: url(#b)"/><use xlink:href="#a"/></svg>'
    assert for_page(svg, "one") == (
        f'<svg {XMLNS}><path id="one-a" d="M 0 0" style="fill: currentColor; clip-path: url(#one-b)"></path>'
        '<use xlink:href="#one-a"></use></svg>'
    )


def test_text_stays_text():
    svg = '<svg><title>a</title><text>id="x" &lt;script> &amp; url(#a) <![CDATA[<script>]]></text></svg>'
    assert '<text>id="x" &lt;script&gt; &amp; url(#a) &lt;script&gt;</text>' in for_page(svg, "p")


def test_what_html_reads_by_other_rules_is_left_out():
    svg = "<?xml version='1.0'?><?php ><script>alert(1)</script> ?><!--><script>alert(2)</script>--><svg/>"
    assert for_page(svg, "p") == "<svg></svg>"


def test_matplotlibs_own_document_type_is_no_reason():
    assert for_page('<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://www.w3.org/svg11.dtd"><svg/>', "p")


LAUGHS = '<!DOCTYPE svg [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]>\n<svg><text>&b;</text></svg>'
OUTSIDE = '<!DOCTYPE svg [<!ENTITY a SYSTEM "file:///etc/passwd">]><svg><text>&a;</text></svg>'


@pytest.mark.parametrize(
    ("svg", "words"),
    [
        ("<svg>\n<script>alert(1)</script></svg>", "line 2: the element <script>"),
        ("<svg><SCRIPT/></svg>", "<SCRIPT>"),
        ('<x:svg xmlns:x="http://www.w3.org/2000/svg"><x:script/></x:svg>', "<x:svg>"),
        ('<svg xmlns="http://www.w3.org/1999/xhtml"/>', "xmlns must be 'http://www.w3.org/2000/svg'"),
        ('<svg onload="alert(1)"/>', "the attribute onload"),
        ('<svg ONLOAD="alert(1)"/>', "the attribute ONLOAD"),
        ("<svg><foreignObject><body/></foreignObject></svg>", "<foreignObject>"),
        ('<svg><a xlink:href="javascript:alert(1)"><text>x</text></a></svg>'.replace("xlink:", ""), "<a>"),
        ('<svg><animate attributeName="href" values="javascript:alert(1)"/></svg>', "<animate>"),
        ('<svg><set attributeName="onload" to="alert(1)"/></svg>', "<set>"),
        ("<svg><iframe/></svg>", "<iframe>"),
        ('<svg><use href="javascript:alert(1)"/></svg>', "got 'javascript:alert(1)'"),
        ('<svg><use href="https://example.org/x.svg#a"/></svg>', "must lead to a part of the drawing"),
        ('<svg><use href="data:image/png;base64,AAAA"/></svg>', "must lead to a part of the drawing"),
        ('<svg><image href="https://example.org/x.png"/></svg>', "must lead to a part of the drawing"),
        ('<svg><image href="//example.org/x.png"/></svg>', "must lead to a part of the drawing"),
        ('<svg><image href="data:image/svg+xml;base64,AAAA"/></svg>', "must lead to a part of the drawing"),
        ('<svg><rect fill="url(https://example.org/x.svg#a)"/></svg>', "fill must be plain"),
        ('<svg><rect style="fill: url(https://example.org)"/></svg>', "fill must be plain"),
        ('<svg><rect style="fill: \\75rl(https://example.org)"/></svg>', "fill must be plain"),
        ('<svg><rect style="background: red"/></svg>', "the property 'background'"),
        ('<svg><rect style="position: fixed"/></svg>', "the property 'position'"),
        ('<svg><rect style="fill"/></svg>', "the property 'fill'"),
        ("<svg><style>@import url(https://example.org/x.css)</style></svg>", "rules for * alone"),
        ("<svg><style>body{stroke-linecap: butt}</style></svg>", "rules for * alone"),
        ("<svg><style>*{opacity: 0}</style></svg>", "the property 'opacity'"),
        ("<svg><style>*{stroke-linecap: image-set(x)}</style></svg>", "stroke-linecap must be plain"),
        ("<svg><title><image/></title></svg>", "<title> may hold text alone"),
        ('<svg><g id="a"><use href="#b"/></g><g id="b"><use href="#c"/></g></svg>', "may hold no <use>"),
        ('<svg><g id="a b"/></svg>', "id must be a name"),
        (LAUGHS, "line 1: a document type with definitions"),
        (OUTSIDE, "a document type with definitions"),
        ("<svg>" + "<g>" * DEEPEST + "</g>" * DEEPEST + "</svg>", "nested at most"),
        ("<svg>" * 200_000, "expected one <svg>"),
        ("<html/>", "<html>"),
        ("<g/>", "expected one <svg>"),
        ("<svg>", "line 1: expected well-formed SVG"),
        ("", "expected well-formed SVG (no element found)"),
        ("<svg/><svg/>", "expected well-formed SVG"),
        ("\0", "expected well-formed SVG"),
    ],
)  # fmt: skip
def test_what_acts_or_refers_elsewhere_is_refused_by_name(svg, words):
    with pytest.raises(ValueError, match=re.escape(words)):
        for_page(svg, "p")
