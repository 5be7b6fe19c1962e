"""What is compared: four tokenizers, on the lecture's five words and on five sets of held-out words."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from experiments.running.progress import Bar
from experiments.running.work import Checkpoint
from experiments.text import standard_library
from experiments.text.document import Document
from minigrad.checks import whole_number
from tokenizer import ByteLevelBPE, LectureBPE, WordPiece, WordVocabulary
from tokenizer.formats.bert_files import PREFIX
from tokenizer.wordpiece import LONGEST_WORD
from tokenizer.wordpiece import UNK as WORDPIECE_UNK
from tokenizer.words import UNK, count_words

WORDS, LECTURE_BPE, BYTE_BPE, WORDPIECE = "words with UNK", "the lecture's BPE", "byte-level BPE", "WordPiece"
TOKENIZERS = (WORDS, LECTURE_BPE, BYTE_BPE, WORDPIECE)
ENDINGS = ("ify", "ness", "less", "ish", "ization", "able", "wise", "hood")
LECTURES_WORDS = {  # word -> its kind, its word-level encoding, its subwords, as in the lecture
    "hat": ("common word", "hat", "hat"),
    "learn": ("common word", "learn", "learn"),
    "taaaaasty": ("variation", UNK, "taa ##aaa ##sty"),
    "laern": ("misspelling", UNK, "la ##ern"),
    "Transformerify": ("novel item", UNK, "Transformer ##ify"),
}


@dataclass(frozen=True)
class Settings:
    """A seed decides what is held out and how words are varied. `vocab_sizes` are those of the figure."""

    seeds: int
    vocab_size: int = 4096
    vocab_sizes: tuple[int, ...] = (512, 1024, 2048, 4096, 8192)
    n_words: int = 200  # in each set
    n_threads: int = 1

    def __post_init__(self) -> None:
        for name in ("seeds", "vocab_size", "n_words", "n_threads"):
            whole_number(name, getattr(self, name), at_least=1)
        if not self.vocab_sizes:
            raise ValueError("vocab_sizes must hold at least one size, got none")
        for size in self.vocab_sizes:
            whole_number("vocab_sizes", size, at_least=1)


@cache
def corpus() -> list[Document]:
    """Python's English: the language reference and the docstrings."""
    return standard_library.prose() + standard_library.docstrings()


@cache
def corpus_description() -> dict[str, Any]:
    """What identifies the text."""
    return standard_library.describe(corpus())


def word_sets(counts: Counter[str], held_out: Counter[str], n: int, seed: int) -> dict[str, list[str]]:
    """Five sets of `n` words. Only the common ones occur in the training text, whose words `counts` counts.

    common words:  words of the held-out text with two letters or more, the most frequent in the training text
    unseen words:  words of the held-out text; fewer than `n` if there are not as many
    variations:    a common word with a vowel drawn out, as in taaaaasty
    misspellings:  a common word with two neighbouring letters swapped, as in laern
    novel words:   a common word with a capital and a new ending, as in Transformerify
    """
    rng = np.random.default_rng([seed, 1])
    known = [word for word, _ in held_out.most_common() if word.isascii() and word.isalpha() and len(word) > 1]
    common = sorted((word for word in known if word in counts), key=lambda word: -counts[word])
    stems = [word for word in common if word.islower() and len(word) > 3][: 5 * n]

    def varied(vary: Callable[[str], str]) -> list[str]:
        """One variation each of `n` stems that training has not seen."""
        words: dict[str, None] = {}
        while len(words) < n:
            word = vary(stems[rng.integers(len(stems))])
            if word not in counts:
                words[word] = None
        return list(words)

    def drawn_out(stem: str) -> str:
        vowels = [place for place, letter in enumerate(stem) if letter in "aeiou"]
        place = vowels[rng.integers(len(vowels))] if vowels else len(stem) - 1
        return stem[:place] + stem[place] * int(rng.integers(3, 7)) + stem[place + 1 :]

    def swapped(stem: str) -> str:
        place = int(rng.integers(len(stem) - 1))
        return stem[:place] + stem[place + 1] + stem[place] + stem[place + 2 :]

    def coined(stem: str) -> str:
        return stem.capitalize() + ENDINGS[rng.integers(len(ENDINGS))]

    return {
        "common words": common[:n],
        "unseen words": [word for word in known if word not in counts][:n],
        "variations": varied(drawn_out),
        "misspellings": varied(swapped),
        "novel words": varied(coined),
    }


# -- the numbers ------------------------------------------------------------------------------------


def learn(folder: Path, tokenizer: str, size: int, corpus_of: dict[str, Any], seed: int) -> dict[str, Any]:
    """Train a tokenizer on a seed's split and save it in the folder. `corpus_of` identifies the text."""
    texts = [document.text for document in standard_library.split(corpus(), seed)[0]]
    with Bar(size, f"learning {tokenizer}, seed {seed}", "piece") as bar:
        trained = train(tokenizer, texts, size, lambda merge: bar.update())
        bar.update(size - bar.done)
    trained.save(folder)
    return {"pieces": trained.vocab_size}


def train(tokenizer: str, texts: list[str], size: int, on_merge: Callable[[Any], None]) -> Any:
    """A tokenizer with at most `size` pieces."""
    if tokenizer == LECTURE_BPE:
        return LectureBPE.train(texts, size, on_merge=on_merge)
    if tokenizer == BYTE_BPE:
        return ByteLevelBPE.train(texts, size, on_merge=on_merge)
    return WordPiece.train(texts, size, lowercase=False, on_merge=on_merge)


def wordpiece_sizes(settings: Settings) -> list[int]:
    """The sizes at which WordPiece is trained: its min_count depends on the size, so none is a prefix of another."""
    return sorted({*settings.vocab_sizes, settings.vocab_size})


def measure(
    settings: Settings, seed: int, largest_bpe: Checkpoint, largest_byte_level: Checkpoint, of_sizes: list[Checkpoint]
) -> dict[str, Any]:
    """Encode every word of a seed's sets with the tokenizers.

    Args:
        largest_bpe, largest_byte_level: trained at the largest size; a smaller vocabulary is their first pieces.
        of_sizes: WordPiece at each of `wordpiece_sizes`.
    """
    training, held_out = standard_library.split(corpus(), seed)
    texts = [document.text for document in training]
    all_held_out = count_words(document.text for document in held_out)
    sets = word_sets(count_words(texts), all_held_out, settings.n_words, seed)
    lecture, byte_level = LectureBPE.load(largest_bpe.folder), ByteLevelBPE.load(largest_byte_level.folder)
    wordpieces = {
        size: WordPiece.load(of_size.folder) for size, of_size in zip(wordpiece_sizes(settings), of_sizes, strict=True)
    }
    by_size = {}
    for size in settings.vocab_sizes:
        segmenters = {
            LECTURE_BPE: first_pieces(lecture, size).segment,
            BYTE_BPE: with_space(first_tokens(byte_level, size)),
            WORDPIECE: without_prefix(wordpieces[size]),
        }
        by_size[str(size)] = {
            name: {kind: mean_length(segment, words) for kind, words in sets.items()}
            for name, segment in segmenters.items()
        }
    vocabulary = WordVocabulary.train(texts, settings.vocab_size)
    lecture, byte_level = first_pieces(lecture, settings.vocab_size), first_tokens(byte_level, settings.vocab_size)
    wordpiece = wordpieces[settings.vocab_size]
    segmenters = {
        WORDS: vocabulary.segment,
        LECTURE_BPE: lecture.segment,
        BYTE_BPE: with_space(byte_level),
        WORDPIECE: without_prefix(wordpiece),
    }
    lost = {
        WORDS: lambda word: vocabulary.encode(word) == [0],
        LECTURE_BPE: lambda word: 0 in lecture.encode(word),
        BYTE_BPE: lambda word: byte_level.decode(byte_level.encode(" " + word)) != " " + word,
        WORDPIECE: lambda word: WORDPIECE_UNK in wordpiece.segment(word),
    }
    characters = set().union(*texts)
    spellable = [word for word in all_held_out if characters.issuperset(word) and len(word) <= LONGEST_WORD]
    foreign = [with_new_character(word, characters) for word in sets["unseen words"]]
    return {
        "five_words": {word: [show(segmenters[name](word)) for name in TOKENIZERS] for word in LECTURES_WORDS},
        "sets": {
            name: {
                kind: {
                    "lost": float(np.mean([lost[name](word) for word in words])),
                    "pieces": mean_length(segmenters[name], words),
                    "single": float(np.mean([len(segmenters[name](word)) == 1 for word in words])),
                    "most_over_spelling": max(len(segmenters[name](word)) - spelling(name, word) for word in words),
                }
                for kind, words in sets.items()
            }
            for name in TOKENIZERS
        },
        "wordpiece_unk": {
            "spellable": float(np.mean([lost[WORDPIECE](word) for word in spellable])),
            "foreign": float(np.mean([lost[WORDPIECE](word) for word in foreign])),
        },
        "examples": {kind: words[:5] for kind, words in sets.items()},
        "by_size": by_size,
        "merges": [[merge.left, merge.right, merge.count] for merge in islice(lecture.history, 30)],
    }  # fmt: skip


def first_pieces(bpe: LectureBPE, vocab_size: int) -> LectureBPE:
    """The tokenizer that training to this size would give, because merges are learnt one by one."""
    return LectureBPE(bpe.characters, bpe.history[: max(vocab_size - len(bpe.characters) - 2, 0)])


def first_tokens(bpe: ByteLevelBPE, vocab_size: int) -> ByteLevelBPE:
    """The same for byte-level BPE, whose first 256 tokens are the bytes."""
    return ByteLevelBPE(
        {id: bpe.vocab[id] for id in range(min(vocab_size, bpe.vocab_size))}, bpe.merges[: vocab_size - 256]
    )


def with_space(bpe: ByteLevelBPE) -> Callable[[str], list[str]]:
    """The pieces of a word in the middle of a sentence, with the space before it."""
    return lambda word: [piece.decode("utf-8", "replace") for piece in bpe.segment(" " + word)]


def without_prefix(wordpiece: WordPiece) -> Callable[[str], list[str]]:
    """The pieces of a word, without the ## that WordPiece writes before all but the first."""
    return lambda word: [piece.removeprefix(PREFIX) for piece in wordpiece.segment(word)]


def with_new_character(word: str, characters: set[str]) -> str:
    """The word with its second letter replaced by the first letter of Unicode that the training text lacks."""
    new = next(letter for letter in map(chr, range(0x110000)) if letter.isalpha() and letter not in characters)
    return word[:1] + new + word[2:]


def spelling(tokenizer: str, word: str) -> int:
    """The most pieces that a word may need: its characters, or its bytes and those of the space before it."""
    return len((" " + word).encode()) if tokenizer == BYTE_BPE else len(word)


def mean_length(segment: Callable[[str], list[str]], words: list[str]) -> float:
    """Pieces per word."""
    return float(np.mean([len(segment(word)) for word in words]))


def show(pieces: list[str]) -> str:
    """Pieces as the lecture writes them: `##` before a piece that continues a word."""
    return " ##".join(pieces).strip()
