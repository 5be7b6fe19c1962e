"""The user's text for pretraining: read, its WordPiece vocabulary learnt, and encoded as one stream of ids.

corpus = Corpus("novels")
text = work.checkpoint("corpus", corpus.encode, corpus.facts()["sha256"], 4000)
tokenizer_of(text), ids_of(text)
"""

from array import array
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from experiments.lab.windows import unigram_entropy
from experiments.lab.worlds import keep
from experiments.running.progress import Bar
from experiments.running.work import Checkpoint
from experiments.text import own_text
from experiments.text.document import Document
from experiments.text.standard_library import describe
from experiments.text.toy_world.vocabulary import CLS, DELIM, EOS, EXTRACT, MASK, PAD, SEP, START, UNK
from tokenizer import WordPiece

SPECIAL_TOKENS = (PAD, EOS, UNK, CLS, SEP, MASK, START, DELIM, EXTRACT)
"""Those of the toy world's vocabulary, with the same ids."""
TOKENIZER, IDS = "tokenizer.json", "ids.npy"


@dataclass(frozen=True)
class Corpus:
    """A text file, or a folder of text files (see `own_text`)."""

    path: str

    def documents(self) -> list[Document]:
        """The texts, read once in each process."""
        return documents_of(self.path)

    def facts(self) -> dict[str, Any]:
        """How many documents and bytes it has, and the SHA-256 of their names and contents."""
        return facts_of(self.path)

    def encode(self, folder: Path, sha256: str, vocab_size: int) -> dict[str, Any]:
        """Learn a vocabulary, and write it and the ids of the whole corpus into the folder.

        This is the function of a `Checkpoint`, which is named after the arguments here: `sha256` is that of the facts,
        so that equal texts have one checkpoint, wherever they are.
        """
        words = learn_vocabulary(self.documents(), vocab_size)
        words.save(folder / TOKENIZER)
        ids = encoded(words, self.documents())
        keep(folder / IDS, ids)
        unknown = int(np.count_nonzero(ids == words.ids[UNK]))
        return {
            "tokens": len(ids),
            "vocab_size": words.vocab_size,
            "unknown": unknown / len(ids),
            "unigram_entropy": unigram_entropy(ids),
        }


def tokenizer_of(text: Checkpoint) -> WordPiece:
    """The tokenizer that was learnt on a corpus."""
    return _tokenizer(text.folder)


def ids_of(text: Checkpoint) -> np.ndarray:
    """The ids of a corpus, (tokens,): `[START] … </s>` for each document, one after the other."""
    ids: np.ndarray = np.load(text.folder / IDS, mmap_mode="r", allow_pickle=False)
    return ids


def learn_vocabulary(documents: list[Document], vocab_size: int) -> WordPiece:
    """A WordPiece vocabulary of at most so many pieces.

    Every character is a piece twice, at the start of a word and inside. So only the most frequent ones are learnt, a
    quarter of the vocabulary at most; words with others become [UNK].
    """
    counts: Counter[str] = Counter()
    for document in documents:
        counts.update(document.text)
    rare = {ord(character): " " for character, _ in counts.most_common()[vocab_size // 4 :]}
    texts = (document.text.translate(rare) for document in documents)
    with Bar(vocab_size, "learning the vocabulary", "piece") as bar:
        return WordPiece.train(texts, vocab_size, SPECIAL_TOKENS, on_merge=lambda _: bar.update())


def encoded(words: WordPiece, documents: list[Document]) -> np.ndarray:
    """The ids of the documents, as uint16."""
    ids = array("H")
    with Bar(sum(len(document.text) for document in documents), "encoding the corpus", "character") as bar:
        for document in documents:
            ids.append(words.ids[START])
            for line in lines(document.text):
                ids.extend(words.encode(line))
                bar.update(len(line))
            ids.append(words.ids[EOS])
    return np.frombuffer(ids, np.uint16)


def lines(text: str) -> Iterator[str]:
    """The lines of a text with their ends. They are encoded one at a time, for the bar to move."""
    start = 0
    while start < len(text):
        end = text.find("\n", start) + 1 or len(text)
        yield text[start:end]
        start = end


@cache
def documents_of(path: str) -> list[Document]:
    """See `Corpus.documents`."""
    return own_text.read(path)


@cache
def facts_of(path: str) -> dict[str, Any]:
    """See `Corpus.facts`."""
    found = describe(documents_of(path))
    return {name: found[name] for name in ("documents", "bytes", "sha256")}


@cache
def _tokenizer(folder: Path) -> WordPiece:
    return WordPiece.load(folder / TOKENIZER)
