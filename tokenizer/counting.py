"""Counting the words of any amount of text: a file is read in parts, several at a time in several processes.

Memory grows with the number of distinct words, not with the text. Where a file is cut must not change what is
counted; `_cut` proves that its places do not.
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

from tokenizer.processes import check_processes, in_processes, useful_processes
from tokenizer.texts import Texts, documents, file_chunks

PART = 1 << 24  # bytes; a larger file has several parts for each process, and shows progress in between
SHARE = 1 << 18  # bytes that are worth a process
SEARCHED = 1 << 16  # bytes behind the desired place of a cut in which it is looked for

Count = Callable[[Iterable[str]], Counter[str]]  # counts the words of one document, which comes in chunks
# White space is not the same to all: the vertical tab is \s, but BERT takes it out, and joins what stands around
# it to one word. So what stands after the place is white space to everybody, and what stands before it, to nobody.
WORD_END = regex.compile(r"\S(?=[\t\n\r\p{Z}])")


def count_texts(
    texts: Texts,
    count: Count,
    special_tokens: Sequence[str] = (),
    processes: int = 1,
    on_read: Callable[[int, int], object] | None = None,
) -> Counter[str]:
    """The counts of all documents, added up.

    processes: more than one can share a file, `texts` being a pathlib.Path; a small file has fewer, and nobody
        has more than there are cores
    on_read: called with the bytes of a file that have been counted, and with all its bytes
    Raises ValueError for several processes and no file (a pipe is none, either: it can be read only once).
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
    """(start, end) in bytes of the parts of a file: about equal, and as many for each process.

    Counting the parts and adding up gives what counting the whole file gives. There are fewer parts where a
    text offers no place to cut it.
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
    """The first place at or behind `desired` where the text can be cut: between a visible character and the
    white space after it, but not inside a special token. None if there is none near.

    Why nothing changes there, neither left nor right of the cut:
    - No word and no pre-token has white space behind a visible character: each ends at the cut anyway.
    - Patterns are applied from left to right and none looks back, so what stands right of the cut is taken
      apart in the same way.
    - The one alternative that looks ahead, `\\s+(?!\\S)`, looks at the character behind its white space. Left of
      the cut stands a visible character, so all it looks at is left of the cut, too. The other alternatives
      stop at white space as they stop at the end of a text.
    - Special tokens are found from left to right as well. None that could be found reaches across the cut
      (whether it would be found or not: any place where one could stand is avoided), so those on the left
      are found without the right, and the search arrives at the cut and goes on as from the start of a text.
    """
    longest = max(map(len, special_tokens), default=1)
    before = max(0, desired - longest)
    file.seek(before)
    data = file.read(longest + SEARCHED + longest)
    # Bytes that are no UTF-8 become one lone surrogate each: half a character where the data begins or ends.
    text = data.decode("utf-8", errors="surrogateescape")
    end = read_characters = 0
    for match in WORD_END.finditer(text):
        end += len(text[read_characters : match.end()].encode("utf-8", errors="surrogateescape"))
        read_characters = match.end()
        cut = before + end
        if cut > desired + SEARCHED:
            break  # a special token that reaches across might not be seen whole any more
        if cut >= desired and not "\ud800" <= match[0] <= "\udfff" and not _is_inside(data, end, special_tokens):
            return cut
    return None


def _is_inside(data: bytes, place: int, tokens: Sequence[bytes]) -> bool:
    """Whether one of the tokens begins before the place and ends behind it."""
    return any(token in data[max(0, place - len(token) + 1) : place + len(token) - 1] for token in tokens)
