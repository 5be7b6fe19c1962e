"""How the grader calls your code. Change it only if your design differs from that of the handout."""

from __future__ import annotations

from itertools import islice

import encoding_by_rank

from tokenizer.learn import recounting
from tokenizer.merges import Merge

Words = list[tuple[list[str], int]]  # the symbols of each distinct word, and how often the word occurs


def first_merges(words: Words, merges: int) -> list[tuple[str, str, int]]:
    """2.1: left, right and count of the first merges."""
    return [(merge.left, merge.right, merge.count) for merge in islice(recounting.learn_merges(words), merges)]


def replace_pair(symbols: list[str], left: str, right: str) -> list[str]:
    """2.1: the symbols of a word after a merge."""
    return recounting.replace_pair(symbols, Merge(left, right, 1))


def merge_steps(symbols: list[str], ranks: list[tuple[tuple[str, str], int]]) -> list[list[str]]:
    """2.2: the states of a word; `ranks` are the items of a dict."""
    return list(encoding_by_rank.merge_steps(symbols, dict(ranks)))


def encode_word(word: str, merges: list[tuple[str, str]]) -> list[str]:
    """2.2: the pieces of a word."""
    return encoding_by_rank.encode_word(word, merges)
