"""Words and subwords: what becomes of a word that training has not seen?

The lecture's five words and five sets of held-out words go through four tokenizers of one vocabulary size:
whole words with UNK, the lecture's byte-pair encoding, byte-level byte-pair encoding, and WordPiece (cased).
They are trained on the English of Python's own documentation (the language reference and the docstrings), a
tenth of which, in whole documents, is held out.

Source: the lecture, "Word structure and subword models" and "The byte-pair encoding algorithm".
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure as Drawing

from experiments import claims, figures
from experiments.corpora import standard_library
from experiments.corpora.standard_library import Document
from experiments.experiment import Estimate
from experiments.results import Entry, Result, Table
from experiments.runner import Run
from minigrad.checks import whole_number
from tokenizer import ByteLevelBPE, LectureBPE, WordPiece, WordVocabulary
from tokenizer.likelihood import PREFIX
from tokenizer.wordpiece import LONGEST_WORD
from tokenizer.wordpiece import UNK as WORDPIECE_UNK
from tokenizer.words import UNK, count_words

NAME = "subword_table"
TITLE = "Words and subwords: what becomes of a word that training has not seen?"
LECTURE = "Word structure and subword models; the byte-pair encoding algorithm"


@dataclass(frozen=True)
class Settings:
    """A seed draws what is held out and how words are varied. `vocab_sizes`: the last is the largest trained."""

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


PRESETS = {"quick": Settings(seeds=1), "full": Settings(seeds=5)}

WORDS, LECTURE_BPE, BYTE_BPE, WORDPIECE = "words with UNK", "the lecture's BPE", "byte-level BPE", "WordPiece"
TOKENIZERS = (WORDS, LECTURE_BPE, BYTE_BPE, WORDPIECE)
ENDINGS = ("ify", "ness", "less", "ish", "ization", "able", "wise", "hood")
LECTURES_WORDS = {  # word -> its kind, what is left of it as a word, its subwords, as in the lecture
    "hat": ("common word", "hat", "hat"),
    "learn": ("common word", "learn", "learn"),
    "taaaaasty": ("variation", UNK, "taa ##aaa ##sty"),
    "laern": ("misspelling", UNK, "la ##ern"),
    "Transformerify": ("novel item", UNK, "Transformer ##ify"),
}
COMMON_ENOUGH = 0.95  # the share of the most common words that should be single tokens, set beforehand


def estimate(settings: Settings) -> Estimate:
    """Mostly training: two tokenizers a seed, and one for each vocabulary size."""
    return Estimate(10 + 25 * settings.seeds, 300)


def run(settings: Settings, run: Run) -> Result:
    """Train on each seed's split, look at the words, judge the claims."""
    cells = []
    for seed in range(settings.seeds):
        learnt = learn(settings, seed, run)
        cells.append(run.cell("four tokenizers", lambda: measure(settings, seed, learnt), seed))  # noqa: B023  # called at once
    run.figure("tokens-per-word", draw_tokens_per_word(settings, cells), "Pieces a word costs against vocabulary size.")
    run.figure(
        "merges",
        draw_merges(cells[0]),
        "The first merges that the lecture's algorithm learns, and how often each pair stood there.",
    )
    return Result(
        lecture_says=(
            "A vocabulary of whole words maps all words that it does not know to UNK: variations, misspellings, "
            "new coinages. Subwords keep common words whole and split the others into pieces that are known."
        ),
        tables=[five_words(cells[0]), held_out_words(cells)],
        claims=judge(cells),
        configs={"settings": asdict(settings), "corpus": corpus_description()},
    )  # fmt: skip


# -- the words --------------------------------------------------------------------------------------


@cache
def corpus() -> list[Document]:
    """Python's English: the language reference and the docstrings."""
    return standard_library.prose() + standard_library.docstrings()


@cache
def corpus_description() -> dict[str, Any]:
    """What identifies the text."""
    return standard_library.describe(corpus())


def word_sets(counts: Counter[str], held_out: Counter[str], n: int, seed: int) -> dict[str, list[str]]:
    """Five sets of `n` words. None but the common ones occurs in the training text, whose words `counts` counts.

    common words:  of the held-out text, those that are most frequent in the training text, of two letters or more
    unseen words:  of the held-out text; as many as there are
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


@dataclass(frozen=True)
class Learnt:
    """The tokenizers of a seed that take time to train."""

    lecture: LectureBPE
    byte_level: ByteLevelBPE
    wordpieces: dict[int, WordPiece]  # by size: which rare pairs have to wait depends on it, so each is trained


def learn(settings: Settings, seed: int, run: Run) -> Learnt:
    """Train on the seed's split, each tokenizer once."""
    texts = [document.text for document in standard_library.split(corpus(), seed)[0]]

    def load(kind: Any, name: str, size: int, **options: Any) -> Any:
        def train(folder: Path) -> dict[str, Any]:
            with run.progress(size, f"learning {name}, seed {seed}", "piece") as bar:
                tokenizer = kind.train(texts, size, on_merge=lambda merge: bar.update(), **options)
                bar.update(size - bar.done)
            tokenizer.save(folder)
            return {"pieces": tokenizer.vocab_size}

        config = {"tokenizer": name, "size": size, "options": options, "corpus": corpus_description(), "seed": seed}
        return kind.load(run.checkpoint(f"{name} of {size} pieces", config, train, seed)[0])

    largest, sizes = max(settings.vocab_sizes), sorted({*settings.vocab_sizes, settings.vocab_size})
    return Learnt(
        load(LectureBPE, LECTURE_BPE, largest),
        load(ByteLevelBPE, BYTE_BPE, largest),
        {size: load(WordPiece, WORDPIECE, size, lowercase=False) for size in sizes},
    )


def measure(settings: Settings, seed: int, learnt: Learnt) -> dict[str, Any]:
    """Put every word of a seed's split through the tokenizers."""
    lecture, byte_level, wordpieces = learnt.lecture, learnt.byte_level, learnt.wordpieces
    training, held_out = standard_library.split(corpus(), seed)
    texts = [document.text for document in training]
    all_held_out = count_words(document.text for document in held_out)
    sets = word_sets(count_words(texts), all_held_out, settings.n_words, seed)
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
    """The tokenizer as it was when it had that many pieces: merges are learnt one by one."""
    return LectureBPE(bpe.characters, bpe.history[: max(vocab_size - len(bpe.characters) - 2, 0)])


def first_tokens(bpe: ByteLevelBPE, vocab_size: int) -> ByteLevelBPE:
    """The same for byte-level BPE, whose first 256 tokens are the bytes."""
    return ByteLevelBPE(
        {id: bpe.vocab[id] for id in range(min(vocab_size, bpe.vocab_size))}, bpe.merges[: vocab_size - 256]
    )


def with_space(bpe: ByteLevelBPE) -> Callable[[str], list[str]]:
    """The pieces of a word in the middle of a sentence, where a space belongs to it."""
    return lambda word: [piece.decode("utf-8", "replace") for piece in bpe.segment(" " + word)]


def without_prefix(wordpiece: WordPiece) -> Callable[[str], list[str]]:
    """The pieces of a word without the ## that WordPiece writes before those that go on from another."""
    return lambda word: [piece.removeprefix(PREFIX) for piece in wordpiece.segment(word)]


def with_new_character(word: str, characters: set[str]) -> str:
    """The word with its second letter replaced by the first letter in Unicode that training has not seen."""
    new = next(letter for letter in map(chr, range(0x110000)) if letter.isalpha() and letter not in characters)
    return word[:1] + new + word[2:]


def spelling(tokenizer: str, word: str) -> int:
    """How many pieces a word has when it is spelt out: its characters, or its bytes with the space before it."""
    return len((" " + word).encode()) if tokenizer == BYTE_BPE else len(word)


def mean_length(segment: Callable[[str], list[str]], words: list[str]) -> float:
    """Pieces per word."""
    return float(np.mean([len(segment(word)) for word in words]))


def show(pieces: list[str]) -> str:
    """Pieces as the lecture writes them: `##` where one goes on from another."""
    return " ##".join(pieces).strip()


# -- what is found ----------------------------------------------------------------------------------


def judge(cells: list[dict[str, Any]]) -> list[claims.Claim]:
    """The lecture's claims."""
    unseen = ("unseen words", "variations", "misspellings", "novel words")
    word_level = [cell["sets"][WORDS][kind]["lost"] for cell in cells for kind in unseen]
    subwords = [cell["sets"][name][kind]["lost"] for cell in cells for name in TOKENIZERS[1:] for kind in unseen]
    spellable = [cell["wordpiece_unk"]["spellable"] for cell in cells]
    foreign = [cell["wordpiece_unk"]["foreign"] for cell in cells]
    over = [s["most_over_spelling"] for cell in cells for name in TOKENIZERS[1:] for s in cell["sets"][name].values()]
    singles = {
        name: [cell["sets"][name]["common words"]["single"] - COMMON_ENOUGH for cell in cells]
        for name in TOKENIZERS[1:]
    }
    return [
        claims.exact(
            "nothing-lost",
            "whole words lose every unseen word to UNK, subwords lose none",
            min(word_level) == 1.0 and max(subwords) == 0.0,
            min(word_level) - max(subwords),
            f"four sets of unseen words, {len(cells)} splits: the least share lost as words less the most as subwords",
            unit="of the words",
        ),
        claims.every(
            "common-words-whole",
            f"common words become single tokens: more than {COMMON_ENOUGH:.0%} of the most common",
            singles,
            unit=f"above a share of {COMMON_ENOUGH}",
        ),
        claims.exact(
            "never-longer-than-spelling",
            "no word costs more pieces than its characters (bytes)",
            max(over) <= 0,
            max(over),
            "every word of the five sets: the most pieces beyond the spelling",
            unit="pieces",
        ),
        claims.exact(
            "unk-for-new-characters-only",
            "WordPiece loses a word to [UNK] only if a character in it was never seen",
            max(spellable) == 0.0 and min(foreign) == 1.0,
            min(foreign) - max(spellable),
            f"the least share lost of unseen words with a new letter, less the most of all held-out words of known "
            f"characters, {LONGEST_WORD} or fewer",
            unit="of the words",
        ),
    ]  # fmt: skip


def five_words(cell: dict[str, Any]) -> Table:
    """The lecture's words."""
    rows: list[list[Entry]] = []
    lecture: list[list[Entry]] = []
    for word, (kind, as_word, as_subwords) in LECTURES_WORDS.items():
        rows.append([f"{word} ({kind})", *cell["five_words"][word]])
        lecture.append([None, as_word, as_subwords, None, None])
    return Table(
        "The lecture's five words; Python's documentation speaks of no hats", ["word", *TOKENIZERS], rows, lecture
    )


def held_out_words(cells: list[dict[str, Any]]) -> Table:
    """The five sets: what is lost, and what a word costs."""
    columns = ["words", "for example"]
    columns += [f"{name}: lost, %" for name in TOKENIZERS] + [f"{name}: pieces" for name in TOKENIZERS[1:]]
    rows: list[list[Entry]] = []
    for kind, examples in cells[0]["examples"].items():
        lost: list[Entry] = [[100 * cell["sets"][name][kind]["lost"] for cell in cells] for name in TOKENIZERS]
        pieces: list[Entry] = [[cell["sets"][name][kind]["pieces"] for cell in cells] for name in TOKENIZERS[1:]]
        rows.append([kind, ", ".join(examples[:3]), *lost, *pieces])
    return Table("Held-out words: the share lost to UNK, and pieces per word", columns, rows, digits=2)


def draw_tokens_per_word(settings: Settings, cells: list[dict[str, Any]]) -> Drawing:
    """Pieces per word against vocabulary size, a line for each set of words."""
    figure, axes = figures.subplots(1, 3, size=(10.4, 3.4), sharey=True)
    for axis, name in zip(axes, TOKENIZERS[1:], strict=True):
        for kind in cells[0]["examples"]:
            pieces = [[cell["by_size"][str(size)][name][kind] for cell in cells] for size in settings.vocab_sizes]
            axis.plot(settings.vocab_sizes, np.mean(pieces, axis=1), marker="o", markersize=4, label=kind)
        axis.set_xscale("log", base=2)
        axis.set_xticks(settings.vocab_sizes, [f"{size:,}" for size in settings.vocab_sizes])
        axis.set(title=name, xlabel="vocabulary size", ylim=(0.8, None))
    axes[0].set_ylabel("pieces per word")
    axes[-1].legend(loc="upper left", bbox_to_anchor=(1.0, 1.0))
    return figure


def draw_merges(cell: dict[str, Any]) -> Drawing:
    """The first merges with their counts, in the order of learning."""
    labels = [f"{left} + {right}" for left, right, _ in cell["merges"]]
    figure, axes = figures.subplots(size=(6.4, 5.2))
    axes.barh(range(len(labels)), [count for *_, count in cell["merges"]])
    axes.set_yticks(range(len(labels)), labels, family="monospace", size="small")
    axes.invert_yaxis()
    axes.set(xlabel="how often the pair stood there when it was merged")
    axes.grid(axis="y", visible=False)
    return figure
