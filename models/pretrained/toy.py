"""The pretrained toy models that are installed with the package, in `models/toy/`.

    models/toy/toy-gpt/    config.json, model.safetensors      the model, in Hugging Face's layout
                           vocab.txt, tokenizer_config.json    its tokenizer
                           training.json                       how it was trained: tokens read, seed, …

A command's `--model NAME` is a folder if there is one of that name, and otherwise the installed model of that name.
The models are small. They have read the text of the toy world (`experiments/text/toy_world/`) and nothing else.
"""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

from minigrad.checks import whole_number
from minigrad.errors import CheckpointError
from minigrad.files import read_json, write_text
from models.bert import BERT
from models.gpt import GPT
from models.pretrained.folder import CONFIG, read_model_type

INSTALLED = Path(__file__).parents[1] / "toy"
RECORD = "training.json"
FAMILIES = {"gpt2": "GPT", "gpt_neox": "GPT with rotary positions", "bert": "BERT"}


class Tokenizer(Protocol):
    """What is asked of a tokenizer: `tokenizer.WordPiece` has it."""

    ids: dict[str, int]

    def save(self, path: Path) -> None:
        """Write its files to a folder."""


# -- finding ----------------------------------------------------------------------------------------


def installed() -> list[str]:
    """The names of the installed models."""
    return sorted(path.parent.name for path in INSTALLED.glob(f"*/{CONFIG}"))


def toy_folder(name: str) -> Path:
    """The folder of an installed model.

    Raises:
        CheckpointError: listing the installed models, if there is none of that name.
    """
    if name not in installed():
        raise CheckpointError(f"no model named {name} is installed\n{listing()}")
    return INSTALLED / name


def resolve(model: str | os.PathLike[str]) -> Path:
    """The folder of a model, which is named by its path or, if it is installed, by its name.

    Raises:
        CheckpointError: listing the installed models, if there is neither such a folder nor such a model.
    """
    folder = Path(model)
    if folder.is_dir():
        return folder
    if os.fspath(model) in installed():
        return INSTALLED / folder
    raise CheckpointError(f"there is no folder {folder}, and no model of that name is installed\n{listing()}")


def listing() -> str:
    """A line for each installed model: what it is and how it was trained."""
    lines = [f"  {name:15}  {_about(INSTALLED / name)}" for name in installed()]
    return "\n".join(["installed models:", *lines] if lines else ["installed models: none"])


def _about(folder: Path) -> str:
    """`GPT, 134,528 parameters, 12,000,000 tokens read, seed 0`."""
    record = read_record(folder)
    family = FAMILIES.get(read_model_type(folder), "another family")
    return (
        f"{family}, {record['parameters']:,} parameters, {record['tokens_read']:,} tokens read, seed {record['seed']}"
    )


def read_record(folder: Path) -> dict[str, Any]:
    """The training record of a toy model, with at least its `parameters`, `tokens_read` and `seed`.

    Raises:
        CheckpointError: naming the file, if it is missing or damaged.
    """
    path = folder / RECORD
    try:
        return _checked(read_json(path))
    except (OSError, ValueError, TypeError) as error:
        raise CheckpointError(f"{path}: {error}") from error


# -- writing ----------------------------------------------------------------------------------------


def save_toy(
    folder: str | os.PathLike[str], model: GPT | BERT, tokenizer: Tokenizer, record: Mapping[str, Any]
) -> None:
    """Write a folder with a toy model, its tokenizer and its training record.

    The config is removed first and written last, and a folder without it holds no model: an interrupted save leaves
    none that loads. Each file is written under a temporary name and renamed.

    Args:
        record: JSON values, with at least `tokens_read` and `seed`. The number of parameters is added.

    Raises:
        ValueError: if the record lacks one of them or holds a NaN or an infinity, the tokenizer and the model have
            vocabularies of different sizes, or a GPT has no bos_id or eos_id.
        TypeError: if the model is of another family, `tokens_read` or `seed` is not an integer, or a value of the
            record is not one of JSON's.
    """
    if not isinstance(model, GPT | BERT):
        raise TypeError(f"model must be a GPT or a BERT, got a {type(model).__name__}")
    vocab_size = len(tokenizer.ids)
    if vocab_size != model.config.vocab_size:
        raise ValueError(f"tokenizer must have the model's {model.config.vocab_size} ids, got {vocab_size}")
    if isinstance(model, GPT) and None in (ends := (model.config.bos_id, model.config.eos_id)):
        raise ValueError(f"model must have a bos_id and an eos_id, got {ends[0]} and {ends[1]}")
    whole = _checked({**record, "parameters": model.num_parameters()})
    text = json.dumps(whole, indent=2, ensure_ascii=False, allow_nan=False) + "\n"

    folder = Path(folder)
    (folder / CONFIG).unlink(missing_ok=True)
    tokenizer.save(folder)
    write_text(folder / RECORD, text)
    model.save_pretrained(folder)


def _checked(record: Any) -> dict[str, Any]:
    """A training record with the three numbers that `listing` shows. Raises ValueError or TypeError without them."""
    if not isinstance(record, dict):
        raise TypeError(f"a training record must be an object, got a {type(record).__name__}")
    for name in ("parameters", "tokens_read", "seed"):
        if name not in record:
            raise ValueError(f"a training record must have {name}, got {', '.join(record) or 'nothing'}")
        whole_number(name, record[name], at_least=0)
    return record
