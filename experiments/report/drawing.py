"""Sanitising an SVG file for a page: only elements and attributes that draw are copied.

A page that includes an untrusted SVG runs its scripts and loads the files that it refers to. So the file is parsed, and
written again from allowlists of elements, attributes and properties, which cover everything that Matplotlib writes.
Anything else is refused with its name and line, because a drawing with a missing part would be misleading.
"""

import re
from collections.abc import Mapping
from html import escape
from typing import NoReturn
from xml.parsers import expat

from experiments.evidence.figures import INK

ELEMENTS = {
    "svg", "g", "defs", "use", "style", "title", "desc", "text", "tspan", "image",
    "path", "rect", "circle", "ellipse", "line", "polyline", "polygon", "clipPath", "pattern",
    "linearGradient", "radialGradient", "stop",
}  # fmt: skip
PROPERTIES = {  # of CSS; each may also be an attribute
    "fill", "fill-opacity", "fill-rule", "stroke", "stroke-width", "stroke-opacity", "stroke-linejoin",
    "stroke-linecap", "stroke-miterlimit", "stroke-dasharray", "stroke-dashoffset", "opacity", "clip-path", "clip-rule",
    "font", "font-family", "font-size", "font-style", "font-variant", "font-weight", "font-stretch", "text-anchor",
    "stop-color", "stop-opacity", "shape-rendering", "image-rendering",
}  # fmt: skip
OF_ALL = {"stroke-linejoin", "stroke-linecap"}
"""The properties that `<style>` may set: in a page they apply to every drawing."""
GEOMETRY = {
    "d", "points", "x", "y", "x1", "y1", "x2", "y2", "cx", "cy", "r", "rx", "ry", "dx", "dy", "width", "height",
    "viewBox", "preserveAspectRatio", "transform", "version", "offset", "rotate", "clipPathUnits", "patternUnits",
    "patternContentUnits", "patternTransform", "gradientUnits", "gradientTransform",
}  # fmt: skip
NAMESPACES = {"xmlns": "http://www.w3.org/2000/svg", "xmlns:xlink": "http://www.w3.org/1999/xlink"}
NAME = re.compile(r"[\w.:-]+")
REFERENCE = re.compile(r"#([\w.:-]+)")  # to another part of the same drawing
PIXELS = re.compile(r"data:image/(?:png|jpeg);base64,[A-Za-z0-9+/=\s]*")
VALUE = re.compile(
    r"(?:[\w\s.,%#'\"+-]|rgba?\([\d\s.,%]+\)|(?:scale|rotate|translate|matrix|skew[XY])\([\d\s.,e+-]+\))*"
)
URL = re.compile(r"url\(#([\w.:-]+)\)")
RULE = re.compile(r"\*\s*\{([^{}]*)\}")
REFERENCES = ("href", "xlink:href")
TEXT_ONLY = ("title", "desc", "style")
DEEPEST = 200
"""How deep elements may be nested. Browsers have such a limit too, but a higher one."""


def for_page(svg: str, prefix: str) -> str:
    """The drawing as a part of an HTML page: its ids start with `prefix`, and its ink is the page's text colour.

    Raises:
        ValueError: naming the line, if the file is not well-formed, or contains something that is not on the lists
            above: a script, an `on…` attribute, a link, a reference to another file, a document type with entities.
    """
    return _Writer(prefix).written(svg)


class _Writer:
    """Handles the parser's events: it writes each element, its attributes and its text, if they are allowed."""

    def __init__(self, prefix: str) -> None:
        self.prefix, self.parts, self.open = prefix, list[str](), list[str]()
        self.open_ids: list[str] = []  # the ids of the open elements; "" for an element without one
        self.users, self.used = set[str](), set[str]()  # ids of elements that contain a <use>, and of its targets
        self.css = ""  # the text of the open <style> element
        self.parser = expat.ParserCreate("utf-8")
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._text
        self.parser.StartDoctypeDeclHandler = self._document_type
        # Comments and processing instructions are dropped, because they have no handler: HTML parses them differently.

    def written(self, svg: str) -> str:
        try:
            self.parser.Parse(svg.encode(), True)
        except expat.ExpatError as error:
            raise ValueError(
                f"line {error.lineno}: expected well-formed SVG ({expat.ErrorString(error.code)})"
            ) from None
        if (self.users & self.used) - {""}:  # ten that each show ten others would be a hundred
            raise ValueError("what a <use> shows may hold no <use> itself")
        return "".join(self.parts)

    def _start(self, tag: str, attributes: Mapping[str, str]) -> None:
        if tag not in ELEMENTS:
            self._refuse(f"the element <{tag:.40}> is not one that a drawing needs")
        if (tag == "svg") is not (not self.open):
            self._refuse("expected one <svg> around everything")
        if self.open and self.open[-1] in TEXT_ONLY:
            self._refuse(f"<{self.open[-1]}> may hold text alone, got <{tag}>")
        if len(self.open) >= DEEPEST:
            self._refuse(f"elements may be nested at most {DEEPEST} deep")
        self.open.append(tag)
        self.open_ids.append(attributes.get("id", ""))
        if tag == "use":
            self.users.update(self.open_ids)
            self.used.update(attributes.get(name, "").removeprefix("#") for name in REFERENCES)
        self.parts.append(f"<{tag}")
        for name, value in attributes.items():
            self.parts.append(f' {name}="{escape(self._value(tag, name, value))}"')
        self.parts.append(">")

    def _end(self, tag: str) -> None:
        self.open.pop()
        self.open_ids.pop()
        if tag == "style":
            self._check_style()
        self.parts.append(f"</{tag}>")

    def _text(self, text: str) -> None:
        if self.open[-1] == "style":
            self.css += text
        self.parts.append(escape(text, quote=False))

    def _document_type(self, name: str, system: str | None, public: str | None, has_subset: bool) -> None:
        if has_subset:  # nested entities can expand to gigabytes ("billion laughs")
            self._refuse("a document type with definitions of its own")

    def _value(self, tag: str, name: str, value: str) -> str:
        """The value of an attribute, safe for the page."""
        if name in NAMESPACES:
            return value if value == NAMESPACES[name] else self._refuse(f"{name} must be {NAMESPACES[name]!r}")
        if name in ("id", "class"):
            if not NAME.fullmatch(value):
                self._refuse(f"{name} must be a name, got {value!r:.60}")
            return f"{self.prefix}-{value}"
        if name in REFERENCES:
            return self._reference(tag, value)
        if name == "style":
            return "; ".join(self._declaration(each, PROPERTIES) for each in value.split(";") if each.strip())
        if (name, value) in (("type", "text/css"), ("xml:space", "preserve")):
            return value
        if name in GEOMETRY | PROPERTIES:
            return self._plain(name, value)
        return self._refuse(f"the attribute {name:.40} is not one that a drawing needs")

    def _reference(self, tag: str, value: str) -> str:
        if found := REFERENCE.fullmatch(value):
            return f"#{self.prefix}-{found[1]}"
        if tag == "image" and PIXELS.fullmatch(value):
            return value
        return self._refuse(f"a reference must lead to a part of the drawing, got {value!r:.60}")

    def _declaration(self, text: str, allowed: set[str]) -> str:
        """One `property: value` of CSS."""
        name, colon, value = (part.strip() for part in text.partition(":"))
        if not colon or name not in allowed:
            self._refuse(f"the property {name!r:.60} is not one that may be set here")
        return f"{name}: {self._plain(name, value)}"

    def _plain(self, name: str, value: str) -> str:
        """Numbers, names and colours. The only functions are colours, transformations, and URLs within the drawing."""
        if not VALUE.fullmatch(URL.sub("", value)):
            self._refuse(f"{name} must be plain, got {value!r:.60}")
        return URL.sub(rf"url(#{self.prefix}-\1)", value).replace(INK, "currentColor")

    def _check_style(self) -> None:
        rules = RULE.findall(self.css)
        if RULE.sub("", self.css).strip():
            self._refuse(f"<style> may hold rules for * alone, got {self.css!r:.60}")
        for rule in rules:
            for declaration in filter(str.strip, rule.split(";")):
                self._declaration(declaration, OF_ALL)
        self.css = ""

    def _refuse(self, problem: str) -> NoReturn:
        raise ValueError(f"line {self.parser.CurrentLineNumber}: {problem}")
