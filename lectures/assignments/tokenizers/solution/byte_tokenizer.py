"""Byte-level BPE: any text in, the same text out. Exercise 2.3.

The library's version is `tokenizer/byte_level.py`, with `tokenizer/read/` for the pre-tokens. It has a cache,
reads files in parts and learns its merges. Its pattern is GPT-2's, which also keeps endings such as 's apart.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import regex

from tokenizer.merges import apply_merges, rank_merges


def pretokenize(text: str, special_tokens: Sequence[str]) -> list[str]:
    r"""The parts of a text inside which merges are applied. Joined, they are the text.

    Special tokens are found first, from left to right, the longest first if several begin at the same place. Each is a
    part of its own. The rest is split into runs of

    - letters (`\p{L}`), with one space before them if there is one;
    - digits (`\p{N}`), with one space before them if there is one;
    - other characters that are not white space (`\s`), with one space before them if there is one;
    - white space.

    Each run begins where the one before ends, is as long as possible, and is of the first kind in this list that fits.
    """
    pattern = regex.compile(r" ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+")
    specials = sorted(special_tokens, key=len, reverse=True)
    parts: list[str] = []
    end = 0
    for match in regex.finditer("|".join(map(regex.escape, specials)) or "(?!)", text):
        parts += [*pattern.findall(text[end : match.start()]), match[0]]
        end = match.end()
    return parts + pattern.findall(text[end:])


def encode(
    text: str, vocab: Mapping[int, bytes], merges: Sequence[tuple[bytes, bytes]], special_tokens: Sequence[str]
) -> list[int]:
    """The ids of a text.

    Each pre-token becomes the bytes of its UTF-8, and the merges are applied to them. A special token has one id.

    Args:
        text: any text.
        vocab: id -> token. It has all 256 bytes, what the merges make, and the special tokens in UTF-8.
        merges: in the order of learning. `rank_merges` and `apply_merges` of `tokenizer/merges.py` apply them.
        special_tokens: texts that are never split.
    """
    ids = {token: id for id, token in vocab.items()}
    ranks = rank_merges(merges)
    found: list[int] = []
    for part in pretokenize(text, special_tokens):
        data = part.encode("utf-8")
        symbols = [data] if part in special_tokens else apply_merges([bytes([byte]) for byte in data], ranks)
        found += [ids[symbol] for symbol in symbols]
    return found


def decode(ids: Iterable[int], vocab: Mapping[int, bytes]) -> str:
    """The text of some ids. Bytes that are not UTF-8 become U+FFFD, the replacement character."""
    return b"".join([vocab[id] for id in ids]).decode("utf-8", errors="replace")
