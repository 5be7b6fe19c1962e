"""Small random models of the layout of the installed ones: one vocabulary, with every special token."""

import string
from pathlib import Path

import numpy as np

from models.bert import BERT, BERTConfig
from models.gpt import GPT, GPTConfig
from models.pretrained.toy import save_toy
from tokenizer import WordPiece

BEFORE_SENTINELS = ["[PAD]", "</s>", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "[START]", "[DELIM]", "[EXTRACT]"]
SPECIAL = [*BEFORE_SENTINELS, *(f"<extra_id_{i}>" for i in range(4))]
WORDS = ["the", "a", "dog", "cat", "is", "an", "animal", "barked", "on", "mat", "said", "who"]
SIGNS = [*string.ascii_lowercase, *string.digits, *".,;:!?'\"()"]
PIECES = [*SPECIAL, *WORDS, *SIGNS, *(f"##{sign}" for sign in SIGNS)]
PIECES = list(dict.fromkeys(PIECES))  # "a" is a word and a letter
START, END, N_POSITIONS = SPECIAL.index("[START]"), SPECIAL.index("</s>"), 24
RECORD = {"tokens_read": 1_234_567, "seed": 3, "text": "none: random weights"}


def wordpiece() -> WordPiece:
    """The tokenizer of all toy models."""
    return WordPiece(PIECES, special_tokens=SPECIAL)


def gpt(seed: int = 0, **options: object) -> GPT:
    """A decoder with weights so large that its text does not repeat one token."""
    config = GPTConfig(len(PIECES), N_POSITIONS, 16, n_layers=2, n_heads=2, bos_id=START, eos_id=END, **options)
    return _lively(GPT(config, np.random.default_rng(seed)))


def bert(seed: int = 0) -> BERT:
    """An encoder."""
    config = BERTConfig(len(PIECES), N_POSITIONS, 16, n_layers=2, n_heads=2)
    return _lively(BERT(config, np.random.default_rng(seed), next_sentence=False))


def _lively(model):
    for parameter in model.parameters():
        parameter.data *= 3
    return model


def install(folder: Path) -> Path:
    """Write toy-gpt and toy-bert below a folder, and a decoder with rotary positions in another folder beside it."""
    save_toy(folder.with_name("toy-rotary"), gpt(positions="rotary", tied_head=False), wordpiece(), RECORD)
    save_toy(folder / "toy-gpt", gpt(), wordpiece(), RECORD)
    save_toy(folder / "toy-bert", bert(), wordpiece(), RECORD)
    return folder
