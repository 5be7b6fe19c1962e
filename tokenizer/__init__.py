"""Tokenizers, from the simplest to those that GPT-2 and BERT use. Each file adds one idea to the one before:

words.py          a number for each known word; every other word is UNK
lecture_bpe.py    words are split into pieces; how it learns: recounting.py (simple), incremental.py (fast)
byte_level.py     pieces of bytes instead of characters, spaces included: any text in, the same text out
wordpiece.py      the longest piece first; how it learns, by another score: likelihood.py (simple),
                  incremental_likelihood.py (fast); what a word is: basic_tokenization.py

They share their verbs: train, encode, encode_batch, encode_iterable, decode, segment, save, load.
What others write and read: gpt2_files.py, bert_files.py, config_files.py, tokenizer_json.py. What a model wants
of the ids: padding.py. Pure Python; `regex` is the only import beyond the standard library.
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
    """Import what is asked for when it is first asked for, so that a command line starts at once (PEP 562)."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
