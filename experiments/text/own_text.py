"""Your own text as a corpus: a file, or every .txt and .md file in a folder.

    documents = own_text.read("novels")

A file is one document. Blank lines do not split it: they separate paragraphs, verses or speeches, and a model learns
more from the whole.
"""

import os
from pathlib import Path

from experiments.text.document import Document
from experiments.text.errors import DataError
from experiments.text.readers.lines import numbered_lines

ENDINGS = (".txt", ".md")


def read(path: str | os.PathLike[str]) -> list[Document]:
    """The documents of a file or a folder, in the order of their names.

    A folder is read with its subfolders. The name of a document is its path below the folder, `part/one.txt`. Names
    that begin with a dot are left out. A file that is named itself may have any ending. Line ends become \\n. The last
    line end of a file is not part of its text.

    Raises:
        DataError: if there is no such path, no text file below the folder, or if a file is empty or not UTF-8.
    """
    path = Path(path)
    if not path.is_dir():
        return [Document(path.name, _text(path))]
    names = sorted(
        name.as_posix()
        for file in path.rglob("*")
        if file.suffix.lower() in ENDINGS and file.is_file() and not _is_hidden(name := file.relative_to(path))
    )
    if not names:
        raise DataError(f"{path}: expected files that end in {' or '.join(ENDINGS)}, but the folder has none")
    return [Document(name, _text(path / name)) for name in names]


def _is_hidden(name: Path) -> bool:
    return any(part.startswith(".") for part in name.parts)


def _text(path: Path) -> str:
    text = "\n".join(line for _, line in numbered_lines(path))
    if not text.strip():
        raise DataError(f"{path}: expected text, got an empty file")
    return text
