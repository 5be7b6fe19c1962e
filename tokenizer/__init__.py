"""Tokenizers, from the simplest to the one that GPT-2 uses. Each file adds one idea to the one before:

words.py          a number for each known word; every other word is UNK
lecture_bpe.py    words are split into pieces; how it learns: recounting.py (simple), incremental.py (fast)
byte_level.py     pieces of bytes instead of characters, spaces included: any text in, the same text out

They share their verbs: train, encode, decode, encode_iterable, save, load.
Pure Python; `regex` is the only import beyond the standard library.
"""

from tokenizer.byte_level import ByteLevelBPE
from tokenizer.lecture_bpe import LectureBPE
from tokenizer.merges import Merge
from tokenizer.words import WordVocabulary

__all__ = ["ByteLevelBPE", "LectureBPE", "Merge", "WordVocabulary"]
