"""Words and subwords: what becomes of a word that training has not seen?

The lecture's five words and five sets of held-out words are encoded with four tokenizers of one vocabulary size:
whole words with UNK, the lecture's byte-pair encoding, byte-level byte-pair encoding, and WordPiece (cased).
They are trained on the English of Python's own documentation (the language reference and the docstrings), of which
a tenth, in whole documents, is held out.

systems.py    the words, the tokenizers, and the measurements
findings.py   claims, tables and figures

Source: the lecture, "Word structure and subword models" and "The byte-pair encoding algorithm".
"""

from dataclasses import asdict

from experiments.evidence.results import Result
from experiments.running.contract import Estimate
from experiments.running.work import Work
from experiments.tables.subword_table import findings
from experiments.tables.subword_table.systems import (
    BYTE_BPE,
    LECTURE_BPE,
    WORDPIECE,
    Settings,
    corpus_description,
    learn,
    measure,
    wordpiece_sizes,
)

TITLE = "Words and subwords: what becomes of a word that training has not seen?"
LECTURE = "Word structure and subword models; the byte-pair encoding algorithm"

PRESETS = {"quick": Settings(seeds=1), "full": Settings(seeds=5)}


def estimate(settings: Settings) -> Estimate:
    """Mostly training: two tokenizers a seed, and one for each vocabulary size."""
    return Estimate(10 + 25 * settings.seeds, 300)


def run(settings: Settings, work: Work) -> Result:
    """Train on each seed's split, encode the words, judge the claims."""
    cells, corpus, largest = [], corpus_description(), max(settings.vocab_sizes)
    for seed in range(settings.seeds):
        bpe, byte_level = (
            work.checkpoint(f"{name} of {largest} pieces", learn, name, largest, corpus, seed, seed=seed)
            for name in (LECTURE_BPE, BYTE_BPE)
        )
        wordpieces = [
            work.checkpoint(f"{WORDPIECE} of {size} pieces", learn, WORDPIECE, size, corpus, seed, seed=seed)
            for size in wordpiece_sizes(settings)
        ]
        cells.append(work.cell("four tokenizers", measure, settings, seed, bpe, byte_level, wordpieces, seed=seed))
    work.figure(
        "tokens-per-word",
        findings.draw_tokens_per_word(settings, cells),
        "Pieces a word costs against vocabulary size.",
    )
    work.figure(
        "merges",
        findings.draw_merges(cells[0]),
        "The first merges that the lecture's algorithm learns, and how often each pair stood there.",
    )
    return Result(
        lecture_says=(
            "A vocabulary of whole words maps all words that it does not know to UNK: variations, misspellings, "
            "new coinages. Subwords keep common words whole and split the others into pieces that are known."
        ),
        tables=[findings.five_words(cells[0]), findings.held_out_words(cells)],
        claims=findings.judge(cells),
        configs={"settings": asdict(settings), "corpus": corpus},
    )  # fmt: skip
