"""The lecture's byte-pair encoding (BPE): words are split into frequent pieces.

`words.py` cannot represent a word that it has not seen. Here the vocabulary starts with the characters and an
end-of-word symbol, and grows by one piece at a time: count all pairs of neighbours, merge the most frequent
pair into a new piece everywhere, repeat. A common word becomes one piece. A new word is split into known
pieces, in the worst case into its characters.

    text = "low " * 5 + "lower " * 2 + "newest " * 6 + "widest " * 3
    bpe = LectureBPE.train(text, 22, on_merge=print)      # t + </w> -> t</w>  (9 times) …
    bpe.show("lowest")                                    # low ##est, a word that is not in the text
    for pieces in bpe.steps("lowest"): print(*pieces)     # from characters to pieces, one merge at a time

`LectureBPE` says how to watch it learn in a debugger.

Two things are still lost: the spacing between words, and characters that training never saw (UNK). The
next step of the ladder, `byte_level.py`, loses nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from tokenizer.batches import encode_batch
from tokenizer.cache import WordCache
from tokenizer.checks import shown, whole_number
from tokenizer.formats.files import from_file, read_object, write_json
from tokenizer.learn import incremental
from tokenizer.learn.training import MergesFile, learn_up_to
from tokenizer.merges import Merge, apply_merges, merge_steps, rank_merges
from tokenizer.read.texts import Texts, utf8, whole_words
from tokenizer.words import UNK, count_words, lookup, split_words

END = "</w>"  # the end-of-word symbol: it distinguishes the "est" of "lowest" from that of "estate"


class LectureBPE:
    """Characters, an end-of-word symbol, and the merges that were learnt.

    history: every merge with its count, in the order of learning; `merges` are the same without counts
    vocab:   id -> piece: UNK, the end-of-word symbol, the characters, then a piece for each merge

    To watch it learn, save these lines as `merges.py` and run `python -m pdb merges.py`:

        from tokenizer import LectureBPE
        from tokenizer.learn import recounting

        text = "low " * 5 + "lower " * 2 + "newest " * 6 + "widest " * 3
        LectureBPE.train(text, 22, learn=recounting.learn_merges)

    `recounting.learn_merges` is the lecture's loop: it counts all pairs, merges the most frequent, and repeats. It
    learns the same merges as the default, which is faster and harder to follow. Stop in the loop:

        (Pdb) break tokenizer/learn/recounting.py:29
        (Pdb) continue
        (Pdb) p corpus

    Each further `continue` is one merge.
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
        self._ranks = rank_merges(self.merges)  # {("t", "</w>"): 0, ("s", "t</w>"): 1, …}
        self.vocab: dict[int, str] = dict(enumerate([UNK, END, *self.characters]))
        self.ids: dict[str, int] = {piece: id for id, piece in self.vocab.items()}
        # A merge may use the pieces of earlier merges, so the order of learning is also the order of the ids.
        for merge in self.history:
            if merge.left not in self.ids or merge.right not in self.ids:
                raise ValueError(f"history: expected merges of earlier pieces, got {merge}")
            if merge.symbol in self.ids:
                raise ValueError(f"history: expected a new piece of each merge, got {merge} again")
            self.ids[merge.symbol] = len(self.vocab)
            self.vocab[len(self.vocab)] = merge.symbol
        self._ids_of_word = WordCache(self.encode_word)

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
        processes: how many share the reading of a file; the merges are the same
        resume: a file that keeps the merges so far; if it exists, training resumes from it
        on_merge: called with each `Merge` as it is learnt, such as `print`; the merges in `resume` come first
        on_read: called with the number of bytes of a file that have been read, and with its size
        learn: how merges are found, `incremental.learn_merges` (fast) or `recounting.learn_merges` (simple)
        Raises ValueError for empty text, for a vocabulary with no room for the characters, and if `resume`
        is damaged or belongs to another text.
        Source: lecture, "The byte-pair encoding algorithm"; Sennrich et al. 2016.
        """
        vocab_size = whole_number("vocab_size", vocab_size)
        # All that learning needs to know of a text: its distinct words and their counts.
        words = count_words(texts, processes, on_read)  # {"low": 5, "lower": 2, …}
        characters = set().union(*words)
        merges_wanted = vocab_size - len([UNK, END]) - len(characters)
        if merges_wanted < 0:
            raise ValueError(
                f"vocab_size: expected at least {vocab_size - merges_wanted} "
                f"({len(characters)} characters, {END} and {UNK}), got {vocab_size}"
            )
        file = MergesFile(Path(resume), "characters", Merge[str], str, str) if resume else None
        history = learn_up_to(merges_wanted, words, _symbols, learn, on_merge=on_merge, file=file)
        return cls(characters, history)

    @property
    def vocab_size(self) -> int:
        """The number of pieces: UNK, the end-of-word symbol, characters and merges."""
        return len(self.vocab)

    def pieces(self, word: str) -> list[str]:
        """The pieces of one word with its end-of-word symbol: "hats" -> ["hat", "s</w>"].

        A character that training never saw is a piece here; `encode` gives it the id of UNK.
        """
        return apply_merges(_symbols(word), self._ranks)

    def segment(self, text: str) -> list[str]:
        """The pieces of a word or a text without end-of-word symbols: at most as many as it has characters."""
        # The symbol may be a piece by itself (s </w>); then nothing is left of it.
        pieces = [piece.removesuffix(END) for word in split_words(text) for piece in self.pieces(word)]
        return [piece for piece in pieces if piece]

    def show(self, text: str) -> str:
        """The pieces in readable form, with `##` before a piece that continues a word: "taa ##aa ##sty"."""
        return " ".join(" ##".join(self.segment(word)) for word in split_words(text))

    def steps(self, word: str) -> Iterator[list[str]]:
        """Each state of a word from its characters to its pieces, one merge apart."""
        return merge_steps(_symbols(word), self._ranks)

    def encode_word(self, word: str) -> list[int]:
        """The ids of the pieces of one word, computed without the cache."""
        return [self.ids.get(piece, 0) for piece in self.pieces(word)]

    def encode(self, text: str) -> list[int]:
        """The ids of the pieces of each word."""
        # A word always has the same pieces, so the cache computes them once.
        return [id for word in split_words(text) for id in self._ids_of_word[word]]

    def encode_batch(self, texts: Iterable[str], processes: int | None = None) -> list[list[int]]:
        """The ids of many texts, each as `encode` returns them, in the order of the texts.

        processes: how many share the work; if None, `batches.py` decides by the size of the batch and the number of
        cores. With more than one, the program must do its work under `if __name__ == "__main__":`.
        """
        return encode_batch(self.encode, texts, processes)

    def __reduce__(self) -> tuple[type[LectureBPE], tuple[object, ...]]:
        """What a copy or another process receives: everything but the cache."""
        return type(self), (self.characters, self.history)

    def encode_iterable(self, chunks: Iterable[str]) -> Iterator[int]:
        """The ids of a text that is passed in chunks (the lines of a file, for example), lazily."""
        for chunk in whole_words(chunks):
            yield from self.encode(chunk)

    def decode(self, ids: Iterable[int]) -> str:
        """The words, separated by spaces. The text's own spacing is lost."""
        pieces = lookup(self.vocab, ids)
        # The end-of-word symbol marks where one word ends and the next begins: hat s</w> -> "hats ".
        return "".join(
            piece.removesuffix(END) + " " if piece.endswith(END) else piece for piece in pieces
        ).removesuffix(" ")

    def save(self, folder: str | Path) -> None:
        """Write `lecture_bpe.json`: the characters, and each merge with its count. The vocabulary follows from both."""
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
    """An entry of a file's history: two symbols, and how often they were neighbours."""
    if isinstance(entry, list) and len(entry) == 3:
        left, right, count = entry
        if isinstance(left, str) and isinstance(right, str) and type(count) is int and count > 0:
            return Merge(left, right, count)
    expected = "two pieces and how often they were neighbours"
    raise ValueError(f"{path}, history {number}: expected {expected}, got {shown(entry)}")


def _symbols(word: str) -> list[str]:
    """The symbols of a word before the first merge: "low" -> ["l", "o", "w", "</w>"]."""
    return [*word, END]
