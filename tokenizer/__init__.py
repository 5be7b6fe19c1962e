"""Tokenizers, from the simplest to those that GPT-2 and BERT use. Each step of the ladder adds one idea:

words.py        an id for each known word; every other word is UNK
lecture_bpe.py  words are split into frequent pieces; a character that training never saw is UNK
byte_level.py   pieces of bytes instead of characters, including spaces: decoding returns the original text
wordpiece.py    pieces are learnt by another score, and found by longest match instead of merges

All four have the same methods: train, encode, encode_batch, encode_iterable, decode, segment, save, load.

merges.py       a merge, and how merges are applied to a word
padding.py      pad and truncate ids for a model
cache.py        the ids of frequent words are computed once
batches.py      many texts are encoded in several processes
checks.py       checks of arguments

Below the ladder are four rooms: `learn/` (how pieces are learnt), `read/` (from texts and files to words and their
counts), `formats/` (the files of GPT-2, BERT and Hugging Face), `command/` (the command line). Pure Python; `regex`
is the only import outside the standard library.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tokenizer.byte_level import ByteLevelBPE
    from tokenizer.lecture_bpe import LectureBPE
    from tokenizer.merges import Merge
    from tokenizer.padding import pad, truncate
    from tokenizer.wordpiece import WordPiece
    from tokenizer.words import WordVocabulary

__all__ = ["ByteLevelBPE", "LectureBPE", "Merge", "WordPiece", "WordVocabulary", "pad", "truncate"]

_MODULES = {
    "ByteLevelBPE": "byte_level",
    "LectureBPE": "lecture_bpe",
    "Merge": "merges",
    "WordPiece": "wordpiece",
    "WordVocabulary": "words",
    "pad": "padding",
    "truncate": "padding",
}


def __getattr__(name: str) -> object:
    """Import a name when it is first used (PEP 562), so that a command line starts without importing everything."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
