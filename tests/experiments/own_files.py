"""A small corpus, small data sets in their real formats, and the table at a size that proves nothing but that it runs.

`python -m tests.experiments.own_files ARGUMENTS…` is `python -m experiments ARGUMENTS…` with that size. Where the
environment says KILL_AT, the process kills itself at that step.
"""

import json
import os
import signal
import sys
from pathlib import Path

from experiments import __main__ as command_line  # first, as it sets what NumPy reads
from experiments.lab import training
from experiments.lab.own_data import corpus as corpora
from experiments.lab.own_data import data as examples
from experiments.lab.own_data.pretraining import Reading
from experiments.running.progress import Bar
from experiments.tables.pretrain_finetune import own_data
from experiments.tables.pretrain_finetune.own_data import Settings
from experiments.tables.pretrain_finetune.systems import LSTM, TRANSFORMER, VECTORS

TINY = Settings(
    seeds=1,
    vocab_size=150,
    size=(8, 1, 2),
    reading=Reading(context=16, batch_size=4, most_steps=6, most_passes=2),
    lrs={VECTORS: 1e-3, LSTM: 1e-2, TRANSFORMER: 1e-2},
    finetuning_steps=4,
    finetuning_lrs=(1e-3, 1e-2),
    finetuning_batch=4,
)
NOUNS, VERBS = ("dog", "cat", "fox", "owl", "hen"), ("sees", "likes", "hears", "finds")
SENTENCES = [f"The {a} {verb} the {b}." for a in NOUNS for verb in VERBS for b in NOUNS]
MNLI_COLUMNS = (
    "index promptID pairID genre sentence1_binary_parse sentence2_binary_parse sentence1_parse sentence2_parse"
)
STSB_COLUMNS = "index genre filename year old_index source1 source2 sentence1 sentence2 score"


def command(corpus: Path, data: Path, *further: str) -> list[str]:
    """The arguments of a run on both."""
    return ["run", "pretrain_finetune", "--corpus", str(corpus), "--data", str(data), *further]


def corpus(folder: Path) -> Path:
    """A few KB in two files."""
    folder.mkdir()
    (folder / "one.txt").write_text("\n".join(SENTENCES[:50]))
    (folder / "two.md").write_text("\n\n".join(SENTENCES[50:]))
    return folder


def table(path: Path, *rows: list[str]) -> None:
    """A tab-separated file."""
    path.write_text("".join("\t".join(row) + "\n" for row in rows))


def sst2(folder: Path) -> Path:
    """20 training and 6 dev examples; the first dev sentence is longer than the context."""
    folder.mkdir()
    rows = [[sentence, str(i % 2)] for i, sentence in enumerate(SENTENCES)]
    table(folder / "train.tsv", ["sentence", "label"], *rows[:20])
    table(folder / "dev.tsv", ["sentence", "label"], [" ".join(SENTENCES), "0"], *rows[20:25])
    return folder


def mnli(folder: Path) -> Path:
    """20 training examples, 6 in each of two dev sets."""
    folder.mkdir()
    labels = ("entailment", "neutral", "contradiction")
    start = ["0", "1", "1n", "fiction", "(a)", "(b)", "(ROOT)", "(ROOT)"]
    rows = [[*start, SENTENCES[i], SENTENCES[i + 1], labels[i % 3], labels[i % 3]] for i in range(32)]
    header = [*MNLI_COLUMNS.split(), "sentence1", "sentence2", "label1", "gold_label"]
    for split, some in (("train", rows[:20]), ("dev_matched", rows[20:26]), ("dev_mismatched", rows[26:])):
        table(folder / f"{split}.tsv", header, *some)
    return folder


def stsb(folder: Path) -> Path:
    """20 training and 6 dev examples with scores."""
    folder.mkdir()
    start = ["0", "main", "file", "2012", "1", "none", "none"]
    rows = [[*start, SENTENCES[i], SENTENCES[i + 1], f"{i % 6 * 0.9:.3f}"] for i in range(26)]
    table(folder / "train.tsv", STSB_COLUMNS.split(), *rows[:20])
    table(folder / "dev.tsv", STSB_COLUMNS.split(), *rows[20:])
    return folder


def snli(folder: Path) -> Path:
    """20 training and 6 dev examples, and one without a label."""
    folder.mkdir()
    labels = ("entailment", "neutral", "contradiction")
    rows = [{"sentence1": SENTENCES[i], "sentence2": SENTENCES[i + 1], "gold_label": labels[i % 3]} for i in range(26)]
    rows.append({"sentence1": "A.", "sentence2": "B.", "gold_label": "-"})
    for split, some in (("train", rows[:20]), ("dev", rows[20:])):
        (folder / f"snli_1.0_{split}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in some))
    return folder


def forget() -> None:
    """Let files be read again, as another process would."""
    for cached in (corpora.documents_of, corpora.facts_of, examples.examples_of, examples.facts_of):
        cached.cache_clear()


def kill_at(step: int) -> None:
    """Let the process kill itself at a step of any training, and write a checkpoint at each."""
    training.SECONDS_BETWEEN_CHECKPOINTS = -1
    update, seen = Bar.update, 0

    def counted(self: Bar, steps: int = 1) -> None:
        nonlocal seen
        update(self, steps)
        seen += self.unit == "step"
        if seen == step:
            os.kill(os.getpid(), signal.SIGKILL)

    Bar.update = counted  # type: ignore[method-assign]


if __name__ == "__main__":
    own_data.PRESETS["quick"] = TINY
    if "KILL_AT" in os.environ:
        kill_at(int(os.environ["KILL_AT"]))
    sys.exit(command_line.main(sys.argv[1:]))
