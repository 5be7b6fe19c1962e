"""Counting the words of any amount of text: a file is read in parts, by several processes if wanted.

Memory grows with the number of distinct words, not with the length of the text. The counts must not depend on where
a file is cut; the docstring of `_cut` proves that they do not.
"""

from __future__ import annotations

import math
import os
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import BinaryIO

import regex

from tokenizer.read.processes import check_processes, in_processes, useful_processes
from tokenizer.read.texts import Texts, documents, file_chunks

PART = 1 << 24  # bytes; a larger file has several parts for each process, and progress is reported after each
SHARE = 1 << 18  # bytes for which starting a process pays off
SEARCHED = 1 << 16  # bytes after the desired place that are searched for a place to cut

Count = Callable[[Iterable[str]], Counter[str]]  # counts the words of one document, which is passed in chunks
# Tokenizers differ in what is white space: the vertical tab matches \s, but BERT removes it and joins the text around
# it into one word. So the character after a cut is white space to all of them, and the character before it to none.
WORD_END = regex.compile(r"\S(?=[\t\n\r\p{Z}])")


def count_texts(
    texts: Texts,
    count: Count,
    special_tokens: Sequence[str] = (),
    processes: int = 1,
    on_read: Callable[[int, int], object] | None = None,
) -> Counter[str]:
    """The sum of the counts of all documents.

    processes: if `texts` is the pathlib.Path of a file, this many share it; fewer for a small file, and never
        more than there are cores
    on_read: called with the number of bytes of a file that have been counted, and with its size
    Raises ValueError for several processes without a file. (A pipe does not count: it can be read only once.)
    """
    check_processes(processes)
    counts: Counter[str] = Counter()
    if isinstance(texts, Path) and texts.is_file():
        processes = useful_processes(processes, os.path.getsize(texts), SHARE)
        parts = file_parts(texts, special_tokens, processes)
        counted = in_processes(partial(_count_part, texts, count), parts, processes)
        for (_, end), part_counts in zip(parts, counted, strict=True):
            counts.update(part_counts)
            if on_read is not None:
                on_read(end, parts[-1][1])
    elif processes != 1:
        raise ValueError(f"processes: expected 1 unless texts is the pathlib.Path of a file, got {processes}")
    else:
        for document in documents(texts):
            counts.update(count(document))
    return counts


def _count_part(path: Path, count: Count, part: tuple[int, int]) -> Counter[str]:
    """The counts of one part of a file."""
    return count(file_chunks(path, *part))


def file_parts(path: Path, special_tokens: Sequence[str], processes: int) -> list[tuple[int, int]]:
    """(start, end) in bytes of the parts of a file: of about equal size, the same number for each process.

    The sum of the parts' counts equals the counts of the whole file. There are fewer parts if the text has too few
    places to cut it.
    """
    size = os.path.getsize(path)
    wanted = processes * max(1, math.ceil(size / (processes * PART)))
    cuts = [0]
    with open(path, "rb") as file:
        for number in range(1, wanted):
            cut = _cut(file, size * number // wanted, [token.encode() for token in special_tokens])
            if cut is not None and cut > cuts[-1]:
                cuts.append(cut)
    return list(zip(cuts, [*cuts[1:], size], strict=True))


def _cut(file: BinaryIO, desired: int, special_tokens: Sequence[bytes]) -> int | None:
    """The first place at or after `desired` where the text can be cut: between a visible character and the
    white space after it, but not inside a special token. None if there is no such place nearby.

    Why a cut there changes nothing:
    - In no word and no pre-token does white space follow a visible character, so each of them ends at the cut anyway.
    - Patterns are matched from left to right and none looks back, so the text right of the cut is split in the
      same way.
    - Only one alternative looks ahead, `\\s+(?!\\S)`: it looks at the character after its white space. The last
      character left of the cut is visible, so the alternative never looks beyond the cut. The other alternatives
      stop at white space as they stop at the end of a text.
    - Special tokens are found from left to right, too. No occurrence of one spans the cut (not even one that the
      search would skip). So the search finds those on the left without the text on the right, and
      continues at the cut as at the start of a text.
    """
    longest = max(map(len, special_tokens), default=1)
    before = max(0, desired - longest)
    file.seek(before)
    data = file.read(longest + SEARCHED + longest)
    # The data may begin or end inside a character. Bytes that are not valid UTF-8 become one lone surrogate each.
    text = data.decode("utf-8", errors="surrogateescape")
    end = read_characters = 0
    for match in WORD_END.finditer(text):
        end += len(text[read_characters : match.end()].encode("utf-8", errors="surrogateescape"))
        read_characters = match.end()
        cut = before + end
        if cut > desired + SEARCHED:
            break  # the data might end inside a special token that spans the cut
        if cut >= desired and not "\ud800" <= match[0] <= "\udfff" and not _is_inside(data, end, special_tokens):
            return cut
    return None


def _is_inside(data: bytes, place: int, tokens: Sequence[bytes]) -> bool:
    """Whether one of the tokens begins before the place and ends after it."""
    return any(token in data[max(0, place - len(token) + 1) : place + len(token) - 1] for token in tokens)
