"""Encoding many texts at once, in several processes where they are many.

Starting a process and sending it a vocabulary takes about as long as encoding a megabyte. So, unless told
otherwise, a batch of less than two times `SHARE` characters stays in this process, and a larger one has a
process for each `SHARE` characters, up to the number of cores.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial

from tokenizer.checks import shown
from tokenizer.processes import check_processes, cores, in_processes
from tokenizer.texts import check_text

SHARE = 1 << 21  # characters that are worth a process
PIECE = 1 << 18  # characters that a process encodes before it answers


def encode_batch(
    encode: Callable[[str], list[int]], texts: Iterable[str], processes: int | None = None
) -> list[list[int]]:
    """[encode(text) for text in texts], in several processes if `processes` or the size of the batch says so.

    encode: a method of a tokenizer, or a function at the top of a module; it is sent to each process once
    Raises TypeError if `texts` is one string or holds anything else than strings, and what `encode` raises.
    """
    if isinstance(texts, str):
        raise TypeError("texts: expected an iterable of strings, got a string")
    if isinstance(texts, bytes | bytearray) or not isinstance(texts, Iterable):
        raise TypeError(f"texts: expected an iterable of strings, got {shown(texts)}")
    texts = list(texts)
    for text in texts:
        check_text(text)
    if processes is None:
        processes = max(1, min(cores(), sum(map(len, texts)) // SHARE))
    processes = min(check_processes(processes), cores())
    if processes == 1:
        return [encode(text) for text in texts]
    answers = in_processes(partial(_encode_all, encode), _pieces(texts), processes)
    return [ids for answer in answers for ids in answer]


def _encode_all(encode: Callable[[str], list[int]], texts: list[str]) -> list[list[int]]:
    return [encode(text) for text in texts]


def _pieces(texts: list[str]) -> list[list[str]]:
    """The texts in their order, gathered to pieces of work of about the same size."""
    pieces: list[list[str]] = []
    size = PIECE
    for text in texts:
        if size >= PIECE:
            pieces.append([])
            size = 0
        pieces[-1].append(text)
        size += len(text)
    return pieces
