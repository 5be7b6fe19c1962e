"""Encoding many texts at once, in several processes if the batch is large.

Starting a process and sending it a vocabulary takes about as long as encoding a megabyte. So, unless the caller
says otherwise, a batch of fewer than two times `SHARE` characters stays in this process. A larger one gets a
process for each `SHARE` characters, up to the number of cores.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial

from tokenizer.checks import shown
from tokenizer.read.processes import check_processes, cores, in_processes
from tokenizer.read.texts import check_text

SHARE = 1 << 21  # characters for which starting a process pays off
PIECE = 1 << 18  # characters that a process encodes before it sends an answer


def encode_batch(
    encode: Callable[[str], list[int]], texts: Iterable[str], processes: int | None = None
) -> list[list[int]]:
    """[encode(text) for text in texts], in several processes if `processes` or the size of the batch says so.

    encode: a method of a tokenizer, or a function at the top of a module; it is sent to each process once
    Raises TypeError if `texts` is one string or holds anything but strings, and whatever `encode` raises.
    """
    if isinstance(texts, str):
        raise TypeError("texts: expected an iterable of strings, got a string")
    if isinstance(texts, bytes | bytearray) or not isinstance(texts, Iterable):
        raise TypeError(f"texts: expected an iterable of strings, got {shown(texts)}")
    texts = list(texts)
    for text in texts:  # before a process starts: an error in the last text would come late
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
    """The texts in their order, grouped into pieces of work of about the same size."""
    pieces: list[list[str]] = []
    size = PIECE
    for text in texts:
        if size >= PIECE:
            pieces.append([])
            size = 0
        pieces[-1].append(text)
        size += len(text)
    return pieces
