"""The lecture's byte-pair encoding: words are split into pieces that training found worth a number.

What `words.py` lacks is any reading of a word that it has not seen. Here the vocabulary starts with the
characters and an end-of-word symbol, and grows by one piece at a time: count all pairs of neighbours, make
the most frequent pair a new piece, put it wherever the pair stands, repeat. A common word ends up as one
piece; a new word is split into pieces that are known; in the worst case it is spelt out.

To watch it learn:

    text = "low " * 5 + "lower " * 2 + "newest " * 6 + "widest " * 3
    bpe = LectureBPE.train(text, 22, on_merge=print)      # t + </w> -> t</w>  (9 times) …
    bpe.show("lowest")                                    # low ##est, a word that it never saw
    for pieces in bpe.steps("lowest"): print(*pieces)     # from characters to pieces, a merge at a time

To walk through the arithmetic in a debugger, pass `learn=recounting.learn_merges`: it counts all pairs again
after every merge, as the lecture says, and learns the same merges.

Two things are still lost: how the words were spaced, and characters that training never saw (UNK). The
next file on the ladder, `byte_level.py`, loses nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from tokenizer import incremental
from tokenizer.batches import encode_batch
from tokenizer.checks import shown, whole_number
from tokenizer.files import from_file, read_object, write_json
from tokenizer.learning import MergesKept, learn_up_to
from tokenizer.memory import Memory
from tokenizer.merges import Merge, apply_merges, merge_steps, rank_merges
from tokenizer.texts import Texts, utf8, whole_words
from tokenizer.words import UNK, count_words, lookup, split_words

END = "</w>"  # the end-of-word symbol: it tells the "est" of "lowest" from that of "estate"


class LectureBPE:
    """Characters, an end-of-word symbol, and the merges that were learnt.

    history: every merge with its count, in the order of learning; `merges` are the same without counts
    vocab:   id -> piece: UNK, the end-of-word symbol, the characters, then a piece for each merge
    """

    FILE = "lecture_bpe.json"

    def __init__(self, characters: Iterable[str], history: Iterable[Merge[str]]) -> None:
        """characters: the alphabet; history: the merges over it, in the order in which they were learnt."""
        characters = list(characters)
        for character in characters:
            if not isinstance(character, str) or len(character) != 1:
                raise ValueError(f"characters: expected single characters, got {shown(character)}")
            utf8(character)  # refuses a lone surrogate
        self.characters = sorted(set(characters))
        self.history = list(history)
        self.merges: list[tuple[str, str]] = [(merge.left, merge.right) for merge in self.history]
        self._ranks = rank_merges(self.merges)
        self.vocab: dict[int, str] = dict(enumerate([UNK, END, *self.characters]))
        self.ids: dict[str, int] = {piece: id for id, piece in self.vocab.items()}
        for merge in self.history:
            if merge.left not in self.ids or merge.right not in self.ids:
                raise ValueError(f"history: expected merges of earlier pieces, got {merge}")
            if merge.symbol in self.ids:
                raise ValueError(f"history: expected a new piece of each merge, got {merge} again")
            self.ids[merge.symbol] = len(self.vocab)
            self.vocab[len(self.vocab)] = merge.symbol
        self._ids_of_word = Memory(self.encode_word)

    @classmethod
    def train(
        cls,
        texts: Texts,
        vocab_size: int,
        *,
        processes: int = 1,
        resume: str | Path | None = None,
        on_merge: Callable[[Merge[str]], object] | None = None,
        on_read: Callable[[int, int], object] | None = None,
        learn: Callable[..., Iterator[Merge[str]]] = incremental.learn_merges,
    ) -> LectureBPE:
        """Learn pieces until there are `vocab_size`, or until every word is one piece.

        texts: a string, an iterable of strings, or the pathlib.Path of a file
        processes: how many read a file together; the merges are the same
        resume: a file that keeps the merges learnt so far; if it is there, training resumes from it
        on_merge: called with each `Merge` as it is learnt, `print` shows it; those of `resume` come first
        on_read: called with the bytes of a file that have been read, and with all its bytes
        learn: how merges are found, `incremental.learn_merges` (fast) or `recounting.learn_merges` (simple)
        Raises ValueError for empty text, for a vocabulary with no room for the characters, and where `resume`
        is damaged or was learnt from another text.
        Source: lecture, "The byte-pair encoding algorithm"; Sennrich et al. 2016.
        """
        vocab_size = whole_number("vocab_size", vocab_size)
        words = count_words(texts, processes, on_read)
        characters = set().union(*words)
        merges_wanted = vocab_size - len([UNK, END]) - len(characters)
        if merges_wanted < 0:
            raise ValueError(
                f"vocab_size: expected at least {vocab_size - merges_wanted} "
                f"({len(characters)} characters, {END} and {UNK}), got {vocab_size}"
            )
        kept = MergesKept(Path(resume), "characters", Merge[str], str, str) if resume else None
        history = learn_up_to(merges_wanted, words, _symbols, learn, on_merge=on_merge, kept=kept)
        return cls(characters, history)

    @property
    def vocab_size(self) -> int:
        """How many pieces there are: UNK, the end-of-word symbol, characters and merges."""
        return len(self.vocab)

    def pieces(self, word: str) -> list[str]:
        """The pieces of one word with its end-of-word symbol: "hats" -> ["hat", "s</w>"].

        A character that training never saw stays as it is here, and gets UNK's id from `encode`.
        """
        return apply_merges(_symbols(word), self._ranks)

    def segment(self, text: str) -> list[str]:
        """The pieces of a word or a text without end-of-word symbols: at most as many as it has characters."""
        pieces = [piece.removesuffix(END) for word in split_words(text) for piece in self.pieces(word)]
        return [piece for piece in pieces if piece]

    def show(self, text: str) -> str:
        """The pieces as one reads them, `##` where a piece continues a word: "taa ##aa ##sty"."""
        return " ".join(" ##".join(self.segment(word)) for word in split_words(text))

    def steps(self, word: str) -> Iterator[list[str]]:
        """Each state of a word on its way from characters to pieces, one merge apart."""
        return merge_steps(_symbols(word), self._ranks)

    def encode_word(self, word: str) -> list[int]:
        """The ids of the pieces of one word, worked out."""
        return [self.ids.get(piece, 0) for piece in self.pieces(word)]

    def encode(self, text: str) -> list[int]:
        """The ids of the pieces of each word."""
        return [id for word in split_words(text) for id in self._ids_of_word[word]]

    def encode_batch(self, texts: Iterable[str], processes: int | None = None) -> list[list[int]]:
        """The ids of many texts, each as `encode` gives them, in the order of the texts.

        processes: how many share the work; if None, as many as there are cores and the batch is worth
        (`batches.py` says when). More than one need a program that works under `if __name__ == "__main__":`.
        """
        return encode_batch(self.encode, texts, processes)

    def __reduce__(self) -> tuple[type[LectureBPE], tuple[object, ...]]:
        """What a copy, or another process, gets: all but the memory of words."""
        return type(self), (self.characters, self.history)

    def encode_iterable(self, chunks: Iterable[str]) -> Iterator[int]:
        """The ids of a text that comes in chunks (a file's lines, say), lazily."""
        for chunk in whole_words(chunks):
            yield from self.encode(chunk)

    def decode(self, ids: Iterable[int]) -> str:
        """The words with spaces between them; how the text was spaced is lost."""
        pieces = lookup(self.vocab, ids)
        return "".join(
            piece.removesuffix(END) + " " if piece.endswith(END) else piece for piece in pieces
        ).removesuffix(" ")

    def save(self, folder: str | Path) -> None:
        """Write `lecture_bpe.json`: the characters, and each merge with its count."""
        value = {"characters": self.characters, "history": [[m.left, m.right, m.count] for m in self.history]}
        write_json(Path(folder) / self.FILE, value)

    @classmethod
    def load(cls, folder: str | Path) -> LectureBPE:
        """Read what `save` wrote. Raises ValueError, naming the file, if it is damaged."""
        path = Path(folder) / cls.FILE
        value = read_object(path)
        characters, history = value.get("characters"), value.get("history")
        if not isinstance(characters, list):
            raise ValueError(f"{path}: expected a list of single characters as characters, got {shown(characters)}")
        if not isinstance(history, list):
            raise ValueError(f"{path}: expected a list of merges as history, got {shown(history)}")
        return from_file(path, cls, characters, [_read_merge(path, i, entry) for i, entry in enumerate(history)])


def _read_merge(path: Path, number: int, entry: Any) -> Merge[str]:
    """An entry of a file's history: two symbols and how often they stood side by side."""
    if isinstance(entry, list) and len(entry) == 3:
        left, right, count = entry
        if isinstance(left, str) and isinstance(right, str) and type(count) is int and count > 0:
            return Merge(left, right, count)
    expected = "two pieces and how often they were neighbours"
    raise ValueError(f"{path}, history {number}: expected {expected}, got {shown(entry)}")


def _symbols(word: str) -> list[str]:
    """A word as BPE starts with it: its characters and the end-of-word symbol."""
    return [*word, END]
