"""A model and its tokenizer from a folder in Hugging Face's layout, or by the name of an installed model."""

import os
from collections.abc import Callable
from pathlib import Path

from minigrad.errors import CheckpointError
from models.bert import BERT
from models.gpt import GPT
from models.pretrained.folder import read_model_type
from models.pretrained.toy import resolve
from models.t5 import T5
from models.text.t5_tokenizer import T5Tokenizer
from tokenizer import ByteLevelBPE, WordPiece

Model = GPT | BERT | T5
Tokenizer = ByteLevelBPE | WordPiece | T5Tokenizer
FAMILIES: dict[str, type[Model]] = {"gpt2": GPT, "gpt_neox": GPT, "bert": BERT, "t5": T5}


def load(model: str | os.PathLike[str], strict: bool = True) -> tuple[Model, Tokenizer]:
    """The model and the tokenizer in a folder of Hugging Face's layout: a GPT, a BERT or a T5.

    Args:
        model: the folder, or the name of an installed model, such as toy-gpt. A folder of that name takes precedence.
        strict: if True, weights that the model does not have are an error; if False, they cause a warning.

    Raises:
        CheckpointError: if there is no such folder or installed model, the folder does not hold a model and its
            tokenizer, or it is of another family.
        ValueError: if a file of the tokenizer is damaged.
    """
    folder = resolve(model)
    family = read_model_type(folder)
    if family not in FAMILIES:
        raise CheckpointError(f"{folder}: expected a model of {', '.join(FAMILIES)}, got {family}")
    tokenizer = load_tokenizer(folder, family)
    loaded = FAMILIES[family].from_pretrained(folder, strict)
    largest = max(tokenizer.vocab) if not isinstance(tokenizer, T5Tokenizer) else tokenizer.vocab_size - 1
    if largest >= loaded.config.vocab_size:
        raise CheckpointError(
            f"{folder}: the tokenizer has the id {largest}, which is not in the model's vocabulary of "
            f"{loaded.config.vocab_size}"
        )
    return loaded, tokenizer


def load_tokenizer(folder: str | os.PathLike[str], family: str) -> Tokenizer:
    """The tokenizer in a folder, from the family's original files or else from a tokenizer.json.

    Raises:
        CheckpointError: if there is none.
    """
    folder = Path(folder)
    gpt: dict[str, Callable[[], Tokenizer]] = {
        "merges.txt": lambda: ByteLevelBPE.load(folder),
        "tokenizer.json": lambda: ByteLevelBPE.load(folder / "tokenizer.json"),
        "vocab.txt": lambda: WordPiece.load(folder),
    }
    readers: dict[str, dict[str, Callable[[], Tokenizer]]] = {
        "gpt2": gpt,
        "gpt_neox": gpt,
        "bert": {
            "vocab.txt": lambda: WordPiece.load(folder),
            "tokenizer.json": lambda: WordPiece.load(folder / "tokenizer.json"),
        },
        "t5": {"spiece.model": lambda: T5Tokenizer(folder / "spiece.model")},
    }
    for file, read in readers[family].items():
        if (folder / file).is_file():
            return read()
    raise CheckpointError(f"{folder} holds no tokenizer for {family}: expected {' or '.join(readers[family])}")
