"""Writing the zoo's models of seed 0 into `models/toy/`, from where they are installed with the package.

    python -m experiments zoo

Decoders and encoders are written in Hugging Face's layout, with the tokenizer, for the commands of `python -m models`;
the LSTMs and the word vectors as plain weights, for the tables alone. Each has the record of its training beside it.
"""

import json
from collections.abc import Iterator
from pathlib import Path

from experiments.lab import zoo
from experiments.lab.training import MODEL
from experiments.lab.zoo import FULL, INSTALLED_SEED
from experiments.running.work import Checkpoint, Work
from experiments.text.toy_world.vocabulary import tokenizer
from minigrad import save_checkpoint
from minigrad.files import write_text
from models.bert import BERT
from models.gpt import GPT
from models.pretrained import toy


def install(work: Work) -> Iterator[Path]:
    """Train each member of the zoo with seed 0, unless it is there already, and write it; yields the folders."""
    for name, recipe in FULL.members.items():
        start = zoo.trained(work, recipe, INSTALLED_SEED, f"pretraining: {name}")
        yield write(name, recipe, start)


def write(name: str, recipe: zoo.Pretrained, start: Checkpoint) -> Path:
    """Write one model and its record into `models/toy/<name>/`, and return the folder."""
    folder, model = toy.INSTALLED / name, zoo.load(recipe, start, INSTALLED_SEED)
    record = start.record | {"recipe": zoo.described(recipe), "seed": INSTALLED_SEED}
    if isinstance(model, GPT | BERT):
        toy.save_toy(folder, model, tokenizer(), record)
    else:
        folder.mkdir(parents=True, exist_ok=True)
        save_checkpoint(folder / MODEL, model)
        record = {**record, "parameters": model.num_parameters()}
        write_text(folder / toy.RECORD, json.dumps(record, indent=1) + "\n")
    return folder
