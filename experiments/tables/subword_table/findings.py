"""From the cells to claims, tables and figures."""

from typing import Any

import numpy as np
from matplotlib.figure import Figure as Drawing

from experiments.evidence import claims, figures
from experiments.evidence.table import Entry, Table
from experiments.tables.subword_table.systems import LECTURES_WORDS, TOKENIZERS, WORDS, Settings
from tokenizer.wordpiece import LONGEST_WORD

COMMON_ENOUGH = 0.95  # the share of the most common words that should be single tokens, chosen before measuring


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
    """The five sets: the share lost to UNK, and pieces per word."""
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
