"""Our domains: three from the standard library that comes with Python, and the text of the toy world.

    reference     the language reference
    docstrings    of all source files
    code          the source files without their docstrings
    toy world     the first documents of a seed's world

No paragraph is in two documents, whether of one domain or of two, so that held-out text is not in the training text:
topics of the reference quote each other, and files share their licences. A paragraph of fewer than SHORT characters
may be repeated. The file that holds the text of the language reference is left out of the code.
"""

import ast
import re
from collections.abc import Sequence
from functools import cache
from itertools import islice
from typing import Any

import numpy as np

from experiments.lab.windows import Windows
from experiments.text import standard_library
from experiments.text.document import Document
from experiments.text.standard_library import without_duplicates
from experiments.text.toy_world.world import World

REFERENCE, DOCSTRINGS, CODE, TOY_WORLD = "reference", "docstrings", "code", "toy world"
DOMAINS = (REFERENCE, DOCSTRINGS, CODE, TOY_WORLD)
N_TOY_DOCUMENTS = 40_000
HELD_OUT = 0.15
"""The share of each domain's bytes that is held out, at least, in whole documents."""
SHORT = 40
BETWEEN = b"\0"
"""Before each document, as bytes are the tokens. No document contains it."""
PARAGRAPHS = re.compile(r"\n\s*\n")
REFERENCE_AS_CODE = "pydoc_data/topics.py"
_DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)

WORD = re.compile(r"\w+(?:(?:(?<=[^\W\d_])[.:·'’](?=[^\W\d_])|(?<=\d)[.,;'’](?=\d))\w+)*|[^\w\s]")
"""A Unicode word, in scripts with spaces: letters, digits and underscores, with a point or an apostrophe between two
letters, or a point or a comma between two digits; and any other character that is not a space. Source: Unicode
Standard Annex 29, rules WB5 to WB13. Dolma counts punctuation marks too (in `taggers/length.py` of its tools)."""


def n_words(text: str) -> int:
    """How many Unicode words a text has: `don't`, `os.path`, `3.14` and `+` are one each."""
    return sum(1 for _ in WORD.finditer(text))


@cache
def domains(world: int) -> dict[str, list[Document]]:
    """Domain → its documents, with the toy world of a seed."""
    written = islice(World(world).documents(0), N_TOY_DOCUMENTS)
    return each_paragraph_once({**_standard_library(), TOY_WORLD: without_duplicates(written)})


@cache
def _standard_library() -> dict[str, list[Document]]:
    code = [
        Document(document.name, without_docstrings(document.text))
        for document in standard_library.source()
        if document.name != REFERENCE_AS_CODE
    ]
    return {REFERENCE: standard_library.prose(), DOCSTRINGS: standard_library.docstrings(), CODE: code}


@cache
def describe(world: int) -> dict[str, Any]:
    """What identifies the text: Python's version, the number of documents, the bytes, a hash, and what is held out."""
    text = standard_library.describe([document for name in DOMAINS for document in domains(world)[name]])
    return text | {"held_out": HELD_OUT}


def each_paragraph_once(of_domains: dict[str, list[Document]]) -> dict[str, list[Document]]:
    """The documents without the paragraphs that an earlier one has, and without those that have no text left."""
    seen: set[str] = set()

    def is_new(paragraph: str) -> bool:
        words = " ".join(paragraph.split())
        if len(words) < SHORT:
            return True
        is_first = words not in seen
        seen.add(words)
        return is_first

    def remaining(document: Document) -> Document:
        return Document(document.name, "\n\n".join(filter(is_new, PARAGRAPHS.split(document.text))))

    return {name: without_duplicates(map(remaining, documents)) for name, documents in of_domains.items()}


def without_docstrings(source: str) -> str:
    """Python code without the lines of its docstrings. Text that is not valid Python stays as it is."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError):
        return source  # files that are invalid on purpose
    lines: list[str | None] = list(source.split("\n"))
    for node in ast.walk(tree):
        if isinstance(node, _DOCUMENTED) and ast.get_docstring(node) is not None:
            docstring, *others = node.body
            first, end = docstring.lineno - 1, docstring.end_lineno or docstring.lineno
            shares_a_line = bool(others) and others[0].lineno == end
            if not shares_a_line and not (lines[first] or "")[: docstring.col_offset].strip():
                lines[first:end] = [None] * (end - first)
    return "\n".join(line for line in lines if line is not None)


# -- text as a model reads it -----------------------------------------------------------------------


def stream(documents: Sequence[Document]) -> np.ndarray:
    """The documents as one array of bytes, with the byte 0 before each."""
    data = b"".join(BETWEEN + document.text.encode("utf-8", "surrogatepass") for document in documents)
    return np.frombuffer(data, np.uint8)


def windows(documents: Sequence[Document], context: int, n: int, *seed: int) -> np.ndarray:
    """`n` different windows of documents, drawn at random: (n, context + 1) bytes. The last byte is only a label.

    Raises:
        ValueError: if the documents have fewer.
    """
    rows = Windows(stream(documents), context, 1, 0).rows
    if n > len(rows):
        raise ValueError(f"n must be at most {len(rows)}, the windows of {context} bytes in the documents, got {n}")
    return rows[np.random.default_rng(seed).permutation(len(rows))[:n]]


def training_windows(world: int, system: str, context: int, n: int) -> np.ndarray:
    """What one system reads: `n` windows of its domain; of every domain an equal part, if it is not named after one."""
    parts = (system,) if system in DOMAINS else DOMAINS
    if n % len(parts):
        raise ValueError(f"n must be a multiple of {len(parts)}, the number of domains, got {n}")
    return np.concatenate([
        windows(split(world, name)[0], context, n, world, DOMAINS.index(name))[: n // len(parts)] for name in parts
    ])  # fmt: skip


def held_out_windows(world: int, domain: str, context: int, n: int) -> np.ndarray:
    """`n` windows of a domain's held-out documents."""
    return windows(split(world, domain)[1], context, n, world, DOMAINS.index(domain))


def split(world: int, domain: str) -> tuple[list[Document], list[Document]]:
    """A domain's documents for training, and those that are held out: whole documents, drawn with a seed until they
    have a share HELD_OUT of the bytes."""
    documents = domains(world)[domain]
    order = np.random.default_rng([world, DOMAINS.index(domain)]).permutation(len(documents))
    sizes = np.cumsum([len(stream([documents[number]])) for number in order])
    n_held_out = int(np.searchsorted(sizes, HELD_OUT * sizes[-1])) + 1
    held_out, training = sorted(order[:n_held_out]), sorted(order[n_held_out:])
    return [documents[number] for number in training], [documents[number] for number in held_out]
