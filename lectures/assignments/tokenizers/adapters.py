"""How the grader calls your code. Change it only if your design differs from that of the handout."""

from __future__ import annotations

from itertools import islice

import byte_tokenizer
import encoding_by_rank
import incremental_merges

from tokenizer.learn import recounting
from tokenizer.merges import Merge
from tokenizer.read import basic_tokenization
from tokenizer.wordpiece import WordPiece

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


def pretokenize(text: str, special_tokens: list[str]) -> list[str]:
    """2.3: the pre-tokens of a text."""
    return byte_tokenizer.pretokenize(text, special_tokens)


def encode(
    text: str, vocab: dict[int, bytes], merges: list[tuple[bytes, bytes]], special_tokens: list[str]
) -> list[int]:
    """2.3: the ids of a text."""
    return byte_tokenizer.encode(text, vocab, merges, special_tokens)


def decode(ids: list[int], vocab: dict[int, bytes]) -> str:
    """2.3: the text of some ids."""
    return byte_tokenizer.decode(ids, vocab)


def incremental_merges_of(words: Words, merges: int) -> list[tuple[str, str, int]]:
    """2.4: left, right and count of the first merges."""
    return incremental_merges.learn_merges(words, merges)


def merges_with_little_work(words: list[tuple[str, int]], merges: int, most: int) -> list[tuple[str, str, int]]:
    """2.4: the same with symbols that count how often they are hashed and compared; raises if that is above `most`."""
    Counted.left = most
    symbols = {letter: Counted(letter) for word, _ in words for letter in word}
    return incremental_merges.learn_merges([([symbols[letter] for letter in word], n) for word, n in words], merges)


class TooMuchWork(Exception):
    """The symbols were looked at too often."""


class Counted(str):
    """A symbol that counts how often symbols are hashed (to look up a pair in a dict) and compared."""

    left = 0  # how often they may still be

    def _count(self) -> None:
        Counted.left -= 1
        if Counted.left < 0:
            raise TooMuchWork("symbols were hashed and compared too often for so few merges")

    def __hash__(self) -> int:
        self._count()
        return str.__hash__(self)

    def __eq__(self, other: object) -> bool:
        self._count()
        return str.__eq__(self, other)

    def __add__(self, other: str) -> Counted:
        return Counted(str.__add__(self, other))


def wordpiece_steps(vocab: list[str], word: str) -> list[list[str]]:
    """2.5: the states of a word on the way to its pieces."""
    return list(WordPiece(vocab).steps(word))


def basic_words(text: str, lowercase: bool) -> list[str]:
    """2.5: the words of a text."""
    return list(basic_tokenization.each_basic_word(text, lowercase))
