"""GPT-2's pattern for pre-tokens: the specification, and a version that is twice as fast.

`GPT2_PATTERN` defines what a pre-token is. `find_all` returns the same matches faster. Encoding and training spend
most of their time on matching, and the standard library's `re` matches twice as fast as `regex`. But `re` does not
know \\p{L} and \\p{N}, any letter or number of Unicode, so `regex` is used to list them as ranges of characters.
`re` looks up characters quickly only below U+10000. A text with a character beyond, such as an emoji, is therefore
matched by `regex`.
"""

from __future__ import annotations

import re
from functools import cache

import regex


def _pattern(letter: str, number: str, space: str) -> str:
    """The pattern of GPT-2 (Radford et al. 2019; its encoder.py). The first alternative that fits wins."""
    return rf"""
    '(?: [sdmt] | ll | ve | re )           # the English endings 's 'd 'm 't 'll 've 're
    | [ ]? [{letter}]+                     # letters,
    | [ ]? [{number}]+                     # or digits,
    | [ ]? [^{space}{letter}{number}]+     # or other characters, each with the space before them, if there is one
    | [{space}]+ (?! [^{space}] )          # white space without its last character if a word follows …
    | [{space}]+                           # … the last character, if it is not the space that the word takes
    """


GPT2_PATTERN = regex.compile(_pattern(r"\p{L}", r"\p{N}", r"\s"), regex.VERBOSE)


def find_all(text: str) -> list[str]:
    """The pre-tokens of a text without special tokens: "I'm here" -> ["I", "'m", " here"].

    The result is that of `GPT2_PATTERN.findall(text)`.
    """
    return (_pattern_below_u10000() if _is_below_u10000(text) else GPT2_PATTERN).findall(text)


@cache
def _pattern_below_u10000() -> re.Pattern[str]:
    """The same pattern for `re`. Building it takes a moment, so it is built when it is first needed."""
    return re.compile(_pattern(*map(_ranges, (r"\p{L}", r"\p{N}", r"\s"))), re.VERBOSE)


def _ranges(kind: str) -> str:
    r"""The characters of a kind below U+10000, written as in a set [ ]: \p{N} -> "0-9²-³¹-¹…"."""
    every = "".join(map(chr, range(0x10000)))
    return "".join(f"{run[0]}-{run[-1]}" for run in regex.findall(f"{kind}+", every))


def _is_below_u10000(text: str) -> bool:
    """Whether all characters are below U+10000."""
    # UTF-16 spells exactly the others with two units of two bytes. Comparing lengths is faster than max(text).
    return text.isascii() or len(text.encode("utf-16-le", "surrogatepass")) == 2 * len(text)
