"""The table on the user's own files: `--corpus` to pretrain on, and `--data`, the folder of GLUE or of one data set.

    python -m experiments run glue_table --corpus novels --data glue_data      (MNLI/, QQP/, …: any of them)

A GPT and a BERT of the same size are pretrained on the corpus, and finetuned on every data set, beside a Transformer
with a random start. Every learning rate is chosen on held-out training examples. Unlike the toy world's table, this one
starts every data set from pretraining, and has neither ELMo nor word vectors.

systems.py    the settings, the data sets, the three systems
findings.py   the claim and the tables
"""

from dataclasses import replace
from itertools import product

from experiments.evidence.results import Result
from experiments.lab.own_data.corpus import Corpus
from experiments.lab.own_data.pretraining import Reading
from experiments.running.contract import Estimate, OwnFiles
from experiments.running.work import Work
from experiments.tables.glue_table.own_data import findings
from experiments.tables.glue_table.own_data.systems import (
    PRETRAINED,
    SYSTEMS,
    Settings,
    data_sets,
    measure,
    pretrained,
)

TITLE = "GLUE, on your own text and data"
LECTURE = "BERT: Bidirectional Encoder Representations from Transformers"

PRESETS = {
    "quick": Settings(
        seeds=1,
        vocab_size=2000,
        size=(64, 2, 2),
        reading=Reading(context=64, batch_size=20, most_steps=600, most_passes=20),
        lr=3e-3,
        finetuning_steps=200,
        finetuning_lrs=(5e-4, 2e-3),
    ),
    "full": Settings(
        seeds=3,
        vocab_size=4000,
        size=(96, 3, 3),
        reading=Reading(context=64, batch_size=20, most_steps=8000, most_passes=40),
        lr=2e-3,
        finetuning_steps=2000,
        finetuning_lrs=(2e-4, 1e-3),
    ),
}

BYTES_OF_A_TOKEN = 4
"""Roughly, for estimates."""


def with_files(settings: Settings, files: OwnFiles) -> Settings:
    """The settings with the facts of the files, which are read here.

    Raises:
        ExperimentError or DataError: saying what is wrong with them.
    """
    data = {name: each.facts() for name, each in data_sets(files).items()}
    return replace(settings, data=data, corpus=Corpus(files.corpus).facts())


def describe(settings: Settings) -> str:
    """What was read."""
    corpus = settings.corpus
    megabytes, n_documents = f"{corpus['bytes'] / 1e6:,.3g} MB", corpus["documents"]
    data = ", ".join(f"{name} ({facts['examples']['train']:,})" for name, facts in settings.data.items())
    return f"corpus: {megabytes}, documents: {n_documents:,}; data sets with their training examples: {data}"


def estimate(settings: Settings) -> Estimate:
    """From measurements on two cores: 40 billion floating-point operations a second, 1 MB of text encoded a second."""
    n_bytes = settings.corpus["bytes"]
    n_examples = sum(sum(facts["examples"].values()) for facts in settings.data.values())
    seconds = 5 + settings.seeds * settings.flops(n_bytes // BYTES_OF_A_TOKEN) / 40e9 + n_bytes / 1e6
    return Estimate(seconds, 300 + 5 * n_bytes / 1e6 + n_examples * 1e-3)


def run(settings: Settings, work: Work) -> Result:
    """Pretrain on the corpus, finetune every system with every seed on every data set, and score on dev."""
    files = work.request.files
    assert files is not None
    text = work.checkpoint("corpus", Corpus(files.corpus).encode, settings.corpus["sha256"], settings.vocab_size)
    records: findings.Records = {system: [] for system in PRETRAINED}
    cells = {}
    for seed, system in product(range(settings.seeds), SYSTEMS):
        start = pretrained(work, system, text, settings, seed) if system in PRETRAINED else None
        if start is not None:
            records[system].append(start)
        for task in settings.data:
            cells[system, task, seed] = work.cell(
                f"{system}: {task}", measure, system, task, start, text, settings, files, seed, work.device, seed=seed
            )
    return findings.result(settings, files, text, records, cells)
