"""Tokenizers, from the simplest to those that GPT-2 and BERT use. Each file adds one idea to the one before:

words.py          a number for each known word; every other word is UNK
lecture_bpe.py    words are split into pieces; how it learns: recounting.py (simple), incremental.py (fast)
byte_level.py     pieces of bytes instead of characters, spaces included: any text in, the same text out
wordpiece.py      the longest piece first; how it learns, by another score: likelihood.py (simple),
                  incremental_likelihood.py (fast); what a word is: basic_tokenization.py

They share their verbs: train, encode, encode_batch, encode_iterable, decode, segment, save, load.
What others write and read: gpt2_files.py, bert_files.py, tokenizer_json.py. What a model wants of the ids: padding.py.
Pure Python; `regex` is the only import beyond the standard library.
"""

from tokenizer.byte_level import ByteLevelBPE
from tokenizer.lecture_bpe import LectureBPE
from tokenizer.merges import Merge
from tokenizer.padding import pad, truncate
from tokenizer.wordpiece import WordPiece
from tokenizer.words import WordVocabulary

__all__ = ["ByteLevelBPE", "LectureBPE", "Merge", "WordPiece", "WordVocabulary", "pad", "truncate"]
