"""Real text without a download: the standard library that comes with Python.

Three domains: the language reference (English prose), the docstrings (English between code), and the
source (code, with its docstrings). They differ between Python versions, so every result records `describe`.

    documents = standard_library.prose()
    training, held_out = standard_library.split(documents, seed=0)
"""

import ast
import hashlib
import platform
import sysconfig
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from experiments.text.document import Document
from minigrad.checks import whole_number

LEFT_OUT = {"test", "tests", "idle_test", "encodings", "site-packages", "dist-packages", "__pycache__"}
"""Folders that are not read: tests and code tables are unlike other code."""


def prose() -> list[Document]:
    """The language reference, a document for each topic of Python's `help()`; about 0.5 MB of English."""
    from pydoc_data.topics import topics

    return without_duplicates(Document(f"topics/{name}", text) for name, text in sorted(topics.items()))


def docstrings() -> list[Document]:
    """All docstrings, a document for each source file; about 1.8 MB of English with examples in code."""
    documents = []
    for document in source():
        try:
            tree = ast.parse(document.text)
        except (SyntaxError, ValueError, RecursionError):
            continue  # files that are invalid on purpose
        nodes = [node for node in ast.walk(tree) if isinstance(node, _DOCUMENTED)]
        texts = [text for node in nodes if (text := ast.get_docstring(node))]
        if texts:
            documents.append(Document(document.name, "\n\n".join(texts)))
    return without_duplicates(documents)


_DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


def source() -> list[Document]:
    """All source files without tests, code tables and duplicates; about 10 MB of Python.

    Raises:
        FileNotFoundError: if this Python came without its source files (as an embedded one may).
    """
    root = Path(sysconfig.get_paths()["stdlib"])
    documents = []
    for path in sorted(root.rglob("*.py"), key=lambda path: path.relative_to(root).as_posix()):
        name = path.relative_to(root)
        if LEFT_OUT.isdisjoint(name.parts):
            try:
                text = path.read_text(encoding="utf-8")
            except UnicodeDecodeError:
                continue  # an old encoding
            documents.append(Document(name.as_posix(), text))
    if not documents:
        raise FileNotFoundError(f"no source files of the standard library under {root}; use a Python that has them")
    return without_duplicates(documents)


def without_duplicates(documents: Iterable[Document]) -> list[Document]:
    """The documents without empty ones, and each text only once."""
    seen: set[str] = set()
    kept = []
    for document in documents:
        if document.text.strip() and document.text not in seen:
            seen.add(document.text)
            kept.append(document)
    return kept


def split(documents: list[Document], seed: int, held_out: float = 0.1) -> tuple[list[Document], list[Document]]:
    """Whole documents for training, and a share `held_out` of the documents for testing.

    Raises:
        ValueError: if held_out is not between 0 and 1, or leaves nothing on one side; or if seed is negative.
        TypeError: if seed is not a whole number.
    """
    whole_number("seed", seed, at_least=0)
    if not 0 < held_out < 1:
        raise ValueError(f"held_out must lie between 0 and 1, got {held_out}")
    n = round(held_out * len(documents))
    if n == 0 or n == len(documents):
        raise ValueError(f"held_out={held_out} of {len(documents)} documents leaves nothing on one side")
    chosen = set(np.random.default_rng(seed).permutation(len(documents))[:n].tolist())
    training = [document for number, document in enumerate(documents) if number not in chosen]
    return training, [documents[number] for number in sorted(chosen)]


def describe(documents: list[Document]) -> dict[str, Any]:
    """What identifies a corpus: Python's version, the number of documents, their bytes in UTF-8, and a hash."""
    digest = hashlib.sha256()
    size = 0
    for document in documents:
        data = document.text.encode("utf-8", errors="surrogatepass")
        size += len(data)
        digest.update(f"{document.name}\0{len(data)}\0".encode())
        digest.update(data)
    return {
        "python": platform.python_version(),
        "documents": len(documents),
        "bytes": size,
        "sha256": digest.hexdigest(),
    }
