"""The five starts on the user's own text and data.

    python -m experiments run pretrain_finetune --corpus novels --data GLUE/SST-2

A WordPiece vocabulary is learnt on the corpus. An LSTM, a Transformer and word vectors are pretrained on it, and all
five starts are finetuned on the training file. The learning rate and the number of steps of finetuning are chosen with
training examples that are held out; the dev file is scored once.

Inputs that are longer than the context are cut: a text loses its end; of a pair, the longer text loses its end first.

systems.py    the settings, the five starts
findings.py   the claim and the tables
"""

from dataclasses import replace
from itertools import product

from experiments.evidence.results import Result
from experiments.lab.own_data.corpus import Corpus
from experiments.lab.own_data.data import Data
from experiments.lab.own_data.pretraining import Reading
from experiments.running.contract import Estimate, OwnFiles
from experiments.running.work import Work
from experiments.tables.pretrain_finetune.own_data import findings
from experiments.tables.pretrain_finetune.own_data.systems import Settings, measure, pretrained
from experiments.tables.pretrain_finetune.systems import LSTM, PRETRAINED, SYSTEMS, TRANSFORMER, VECTORS

TITLE = "Pretrain, then finetune, on your own text and data"
LECTURE = "The pretraining/finetuning paradigm; stochastic gradient descent and pretrain/finetune"

PRESETS = {
    "quick": Settings(
        seeds=1,
        vocab_size=2000,
        size=(64, 2, 2),
        reading=Reading(context=64, batch_size=20, most_steps=600, most_passes=20),
        lrs={VECTORS: 3e-3, LSTM: 1e-2, TRANSFORMER: 3e-3},
        finetuning_steps=200,
        finetuning_lrs=(5e-4, 2e-3),
    ),
    "full": Settings(
        seeds=3,
        vocab_size=4000,
        size=(96, 3, 3),
        reading=Reading(context=64, batch_size=20, most_steps=4000, most_passes=20),
        lrs={VECTORS: 3e-3, LSTM: 6e-3, TRANSFORMER: 2e-3},
        finetuning_steps=2000,
        finetuning_lrs=(2e-4, 1e-3, 5e-3),
    ),
}

BYTES_OF_A_TOKEN = 4
"""Roughly, for estimates."""


def with_files(settings: Settings, files: OwnFiles) -> Settings:
    """The settings with the facts of the files, which are read here.

    Raises:
        ExperimentError or DataError: saying what is wrong with them.
    """
    data = Data(files.data, files.task).facts()
    return replace(settings, data=data, corpus=Corpus(files.corpus).facts())


def describe(settings: Settings) -> str:
    """What was read."""
    corpus, data = settings.corpus, settings.data
    examples = ", ".join(f"{count:,} in {split}" for split, count in data["examples"].items())
    skipped = f" ({data['skipped']:,} rows without a text or a label are left out)" if data["skipped"] else ""
    megabytes, n_documents = f"{corpus['bytes'] / 1e6:,.3g} MB", corpus["documents"]
    return f"corpus: {megabytes}, documents: {n_documents:,}; {data['task']} examples: {examples}{skipped}"


def estimate(settings: Settings) -> Estimate:
    """From measurements on two cores: 40 billion floating-point operations a second, 1 MB of text encoded a second."""
    n_bytes, examples = settings.corpus["bytes"], settings.data["examples"]
    flops = settings.pretraining_flops(n_bytes // BYTES_OF_A_TOKEN) + settings.finetuning_flops(examples["train"])
    seconds = 5 + settings.seeds * flops / 40e9 + n_bytes / 1e6
    return Estimate(seconds, 300 + 5 * n_bytes / 1e6 + sum(examples.values()) * 1e-3)


def run(settings: Settings, work: Work) -> Result:
    """Pretrain on the corpus, finetune from every start with every seed, and score on dev."""
    files = work.request.files
    assert files is not None
    corpus = Corpus(files.corpus)
    text = work.checkpoint("corpus", corpus.encode, settings.corpus["sha256"], settings.vocab_size)
    records: findings.Records = {LSTM: [], TRANSFORMER: []}
    cells = {}
    for seed, system in product(range(settings.seeds), SYSTEMS):
        start = pretrained(work, system, text, settings, seed) if system in PRETRAINED else None
        if start is not None and system in records:
            records[system].append(start)
        key = f"{system}: {settings.task.name}"
        cells[system, seed] = work.cell(
            key, measure, system, start, text, settings, files, seed, work.device, seed=seed
        )
    return findings.result(settings, files, text, records, cells)
