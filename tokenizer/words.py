"""Word-level vocabulary: every frequent word has an id, and every other word is UNK.

The lecture's starting point. A word that training never saw may be a variation (taaaaasty), a misspelling
(laern) or a new word (Transformerify). All of them become the same `<unk>`, and nothing of the word is left.
Subwords solve this; the next step of the ladder is `lecture_bpe.py`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

import regex

from tokenizer.batches import encode_batch
from tokenizer.checks import shown, strings, token_ids, whole_number
from tokenizer.formats.files import from_file, read_text, write_text
from tokenizer.read.counting import count_texts
from tokenizer.read.texts import Texts, utf8, whole_words

UNK = "<unk>"  # no text contains it as a word: `split_words` makes < and > words of their own

# Letters, digits and marks of any script, with apostrophes inside (don't); or one other visible character.
WORD = regex.compile(r"\w+ (?: ['’] \w+ )* | [^\w\s]", regex.VERBOSE)


def split_words(text: str) -> list[str]:
    """The words of a text; each punctuation mark is a word too: "I'm in." -> ["I'm", "in", "."].

    Raises ValueError for a lone surrogate (half of a character in UTF-16, not a character), and TypeError for anything
    but a string.
    """
    utf8(text)  # refuses both
    return WORD.findall(text)


def count_words(texts: Texts, processes: int = 1, on_read: Callable[[int, int], object] | None = None) -> Counter[str]:
    """How often each word occurs; see `count_texts` for the arguments. Raises ValueError if there is no word."""
    counts = count_texts(texts, _count_document, (), processes, on_read)
    if not counts:
        raise ValueError("texts: expected at least one word, got empty text")
    return counts


def _count_document(chunks: Iterable[str]) -> Counter[str]:
    """How often each word of one document occurs."""
    counts: Counter[str] = Counter()
    for chunk in whole_words(chunks):  # cut at white space, so that no word is split between two chunks
        counts.update(split_words(chunk))
    return counts


class WordVocabulary:
    """A fixed list of words; `vocab` maps id -> word, and id 0 is UNK."""

    FILE = "words.txt"

    def __init__(self, words: Sequence[str]) -> None:
        """words: the known words, most frequent first; they get the ids 1, 2, 3 …"""
        for word in strings("words", words):
            if not isinstance(word, str) or split_words(word) != [word]:
                raise ValueError(f"words: expected single words, got {shown(word)}")
        self.vocab: dict[int, str] = dict(enumerate([UNK, *words]))  # {0: "<unk>", 1: "the", 2: "of", …}
        self.ids: dict[str, int] = {word: id for id, word in self.vocab.items()}
        if len(self.ids) != len(self.vocab):
            twice = next(word for id, word in self.vocab.items() if self.ids[word] != id)
            raise ValueError(f"words: expected every word once, got {shown(twice)} twice")

    @classmethod
    def train(
        cls,
        texts: Texts,
        vocab_size: int | None = None,
        min_count: int = 1,
        *,
        processes: int = 1,
        on_read: Callable[[int, int], object] | None = None,
    ) -> WordVocabulary:
        """Keep the most frequent words: at most `vocab_size` including UNK, each seen at least `min_count` times.

        texts: a string, an iterable of strings, or the pathlib.Path of a file
        processes: how many share the reading of a file
        on_read: called with the number of bytes of a file that have been read, and with its size
        Of equally frequent words the alphabetically first is kept, whatever the order of the documents.
        """
        if vocab_size is not None and whole_number("vocab_size", vocab_size) < 1:
            raise ValueError(f"vocab_size: expected at least 1 (UNK itself), got {vocab_size}")
        min_count = whole_number("min_count", min_count, at_least=1)
        counts = count_words(texts, processes, on_read)
        # The word itself breaks ties, so the order of the documents does not matter.
        by_frequency = sorted(counts, key=lambda word: (-counts[word], word))
        kept = by_frequency if vocab_size is None else by_frequency[: vocab_size - 1]  # one id is UNK's
        return cls([word for word in kept if counts[word] >= min_count])

    @property
    def vocab_size(self) -> int:
        """The number of ids, including UNK's."""
        return len(self.vocab)

    def segment(self, text: str) -> list[str]:
        """The words of a text as the model sees them: each word itself if it is known, or UNK."""
        return [word if word in self.ids else UNK for word in split_words(text)]

    def encode(self, text: str) -> list[int]:
        """The ids of a text's words; 0 for each unknown word."""
        return [self.ids.get(word, 0) for word in split_words(text)]

    def encode_batch(self, texts: Iterable[str], processes: int | None = None) -> list[list[int]]:
        """The ids of many texts, each as `encode` returns them, in the order of the texts.

        processes: how many share the work; if None, `batches.py` decides by the size of the batch and the number of
        cores. With more than one, the program must do its work under `if __name__ == "__main__":`.
        """
        return encode_batch(self.encode, texts, processes)

    def encode_iterable(self, chunks: Iterable[str]) -> Iterator[int]:
        """The ids of a text that is passed in chunks (the lines of a file, for example), lazily."""
        for chunk in whole_words(chunks):
            yield from self.encode(chunk)

    def decode(self, ids: Iterable[int]) -> str:
        """The words, separated by spaces. The text's own spacing and the unknown words are lost."""
        return " ".join(lookup(self.vocab, ids))

    def save(self, folder: str | Path) -> None:
        """Write `words.txt`, one word a line. UNK is left out, because the constructor adds it."""
        write_text(Path(folder) / self.FILE, "".join(f"{word}\n" for word in list(self.vocab.values())[1:]))

    @classmethod
    def load(cls, folder: str | Path) -> WordVocabulary:
        """Read what `save` wrote. Raises ValueError, naming the file, if it is damaged."""
        path = Path(folder) / cls.FILE
        text = read_text(path).removesuffix("\n")
        return from_file(path, cls, text.split("\n") if text else [])


def lookup(vocab: dict[int, str], ids: Iterable[int]) -> list[str]:
    """The entries of some ids. Raises ValueError for an id without an entry, and TypeError for anything but an id."""
    try:
        return [vocab[id] for id in token_ids(ids)]
    except KeyError as error:
        raise ValueError(f"ids: expected 0 to {len(vocab) - 1}, got {error}") from None
