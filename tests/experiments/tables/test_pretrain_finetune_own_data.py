"""`--corpus` and `--data`: the five starts on the user's own files, in the real formats, tiny."""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from threading import Lock

import pytest

from experiments.__main__ import main
from experiments.evidence import results
from experiments.evidence.results import Result
from experiments.running import script, worker
from experiments.running.contract import Request
from experiments.running.work import CellName
from experiments.tables.pretrain_finetune import own_data
from experiments.tables.pretrain_finetune.systems import LSTM, SYSTEMS, TRANSFORMER
from tests.experiments import own_files
from tests.experiments.own_files import TINY


@pytest.fixture
def corpus(tmp_path, monkeypatch) -> Path:
    """A corpus; the preset is tiny, and the work folder the test's own."""
    monkeypatch.setitem(own_data.PRESETS, "quick", TINY)
    monkeypatch.setenv("MINIGRAD_CACHE", str(tmp_path / "work"))
    return own_files.corpus(tmp_path / "corpus")


def command(corpus: Path, data: Path, *further: str) -> list[str]:
    return ["run", "pretrain_finetune", "--corpus", str(corpus), "--data", str(data), *further]


def result_in(work: Path) -> Result:
    """The only result."""
    (path,) = (work / "own_data" / "results" / "pretrain_finetune").glob("*.json")
    return results.load(path)


def numbers(result: Result) -> list[object]:
    """Everything but times."""
    return [result.tables, result.claims, result.sweep, sorted(result.cells, key=lambda cell: cell.name)]


@pytest.mark.parametrize(
    ("name", "write", "columns"),
    [
        ("SST-2", own_files.sst2, ["accuracy"]),
        ("MNLI", own_files.mnli, ["accuracy, dev_matched", "accuracy, dev_mismatched"]),
        ("STS-B", own_files.stsb, ["Spearman", "Pearson"]),
        ("snli_1.0", own_files.snli, ["accuracy"]),
    ],
)
def test_every_start_is_pretrained_finetuned_and_scored(corpus, tmp_path, capsys, name, write, columns):
    data = write(tmp_path / name)
    assert main(command(corpus, data)) == 0
    out = capsys.readouterr().out
    result = result_in(tmp_path / "work")
    scores, pretraining = result.tables
    assert scores.columns == ["start", *columns]
    assert [row[0] for row in scores.rows] == list(SYSTEMS)
    assert [row[:2] for row in pretraining.rows] == [[LSTM, 6 * 64], [TRANSFORMER, 6 * 64]]
    for system in SYSTEMS:
        assert f"  {system:<25}  " in out
    assert "documents: 2;" in out
    assert ("(1 rows without a text or a label are left out)" in out) == (name == "snli_1.0")
    assert f"result: {tmp_path / 'work'}" in out
    assert "python -m experiments report" not in out
    assert result.claims[0].unit == columns[0]


def test_equal_files_elsewhere_are_the_same_work(corpus, tmp_path, capsys):
    data = own_files.sst2(tmp_path / "SST-2")
    assert main(command(corpus, data)) == 0
    texts = set((tmp_path / "work" / "own_data" / "checkpoints").iterdir())
    moved = shutil.copytree(corpus, tmp_path / "moved"), shutil.copytree(data, tmp_path / "reviews")
    capsys.readouterr()
    assert main(command(*moved, "--task", "sst2")) == 0
    assert "cells finished already: 5" in capsys.readouterr().out
    assert set((tmp_path / "work" / "own_data" / "checkpoints").iterdir()) == texts


def test_after_a_change_of_one_file_what_it_decides_is_computed_again(
    corpus: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    data, checkpoints = own_files.sst2(tmp_path / "SST-2"), tmp_path / "work" / "own_data" / "checkpoints"
    for path, before, after, n_checkpoints in (
        (data / "dev.tsv", "", "", 4),
        (data / "dev.tsv", "\t1\n", "\t0\n", 4),  # as many examples as before, the same pretraining
        (corpus / "one.txt", "dog", "cow", 8),  # as many bytes
    ):
        path.write_text(path.read_text().replace(before, after))
        own_files.forget()
        capsys.readouterr()
        assert main(command(corpus, data)) == 0
        assert "resuming" not in capsys.readouterr().out
        assert len(list(checkpoints.glob("*/record.json"))) == n_checkpoints
    assert len(list((tmp_path / "work" / "own_data" / "results" / "pretrain_finetune").glob("*.json"))) == 3


def test_fresh_forgets_only_runs_on_own_files(corpus, tmp_path):
    data = own_files.sst2(tmp_path / "SST-2")
    others = tmp_path / "work" / "checkpoints" / "of the zoo"
    others.mkdir(parents=True)
    assert main(command(corpus, data)) == 0
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "work" / "own_data").glob("*/*/record.json")}
    assert main(command(corpus, data, "--fresh")) == 0
    assert len(before) == 4
    assert all(path.stat().st_mtime_ns != time for path, time in before.items())
    assert others.is_dir()


def test_a_run_that_is_killed_again_and_again_ends_with_the_same_numbers(corpus, tmp_path):
    data = own_files.sst2(tmp_path / "SST-2")
    assert main(command(corpus, data)) == 0
    expected = numbers(result_in(tmp_path / "work"))
    environment = os.environ | {"MINIGRAD_CACHE": str(tmp_path / "again"), "KILL_AT": "11"}
    program = [sys.executable, "-m", "tests.experiments.own_files", *command(corpus, data)]
    killed = in_pretraining = 0
    while (code := subprocess.run(program, env=environment, check=False, capture_output=True).returncode) != 0:
        assert code == -signal.SIGKILL
        killed += 1
        in_pretraining += len(list((tmp_path / "again").rglob("unfinished.safetensors")))
        assert killed < 12
    assert killed >= 5
    assert in_pretraining >= 2  # the LSTM's and the Transformer's
    assert numbers(result_in(tmp_path / "again")) == expected


def test_other_processes_compute_cells_of_a_request_with_files(corpus, tmp_path, monkeypatch):
    monkeypatch.setattr(script, "Processes", JSONWorkers)
    data = own_files.sst2(tmp_path / "SST-2")
    assert main(command(corpus, data, "--jobs", "2")) == 0
    spread = numbers(result_in(tmp_path / "work"))
    assert main(command(corpus, data, "--fresh")) == 0
    assert numbers(result_in(tmp_path / "work")) == spread


class JSONWorkers:
    """In place of worker processes: cells are computed here, from the same JSON."""

    def __init__(self, n_processes: int) -> None:
        self.one_at_a_time = Lock()

    def compute(self, request: Request, name: CellName) -> None:
        question = json.loads(json.dumps({"request": asdict(request), "key": name.key, "seed": name.seed}))
        with self.one_at_a_time:
            assert worker.answer(question) == {}

    def __enter__(self) -> "JSONWorkers":
        return self

    def __exit__(self, *exception: object) -> None:
        """There is nothing to end."""


# -- bad inputs -------------------------------------------------------------------------------------


def no_folder(tmp_path: Path) -> list[str]:
    return command(tmp_path / "corpus", tmp_path / "SST-2")


def no_train_file(tmp_path: Path) -> list[str]:
    (own_files.sst2(tmp_path / "SST-2") / "train.tsv").unlink()
    return command(tmp_path / "corpus", tmp_path / "SST-2")


def one_training_example(tmp_path: Path) -> list[str]:
    own_files.table(own_files.sst2(tmp_path / "SST-2") / "train.tsv", ["sentence", "label"], ["Fine.", "1"])
    return command(tmp_path / "corpus", tmp_path / "SST-2")


def no_corpus(tmp_path: Path) -> list[str]:
    return command(tmp_path / "nowhere", own_files.sst2(tmp_path / "SST-2"))


def a_corpus_of_pictures(tmp_path: Path) -> list[str]:
    (tmp_path / "pictures").mkdir()
    return command(tmp_path / "pictures", own_files.sst2(tmp_path / "SST-2"))


def a_nameless_folder(tmp_path: Path) -> list[str]:
    return command(tmp_path / "corpus", own_files.sst2(tmp_path / "reviews"))


def an_unknown_task(tmp_path: Path) -> list[str]:
    return command(tmp_path / "corpus", own_files.sst2(tmp_path / "SST-2"), "--task", "SST-3")


def another_table(tmp_path: Path) -> list[str]:
    data = own_files.sst2(tmp_path / "SST-2")
    return ["run", "subword_table", *command(tmp_path / "corpus", data)[2:]]


def no_table(tmp_path: Path) -> list[str]:
    return ["run", *command(tmp_path / "corpus", own_files.sst2(tmp_path / "SST-2"))[2:]]


def two_tables(tmp_path: Path) -> list[str]:
    data = own_files.sst2(tmp_path / "SST-2")
    return ["run", "pretrain_finetune", "model_sizes", *command(tmp_path / "corpus", data)[2:]]


def only_a_corpus(tmp_path: Path) -> list[str]:
    return ["run", "pretrain_finetune", "--corpus", str(tmp_path / "corpus")]


def an_empty_path(tmp_path: Path) -> list[str]:
    return ["run", "pretrain_finetune", "--corpus", "", "--data", str(tmp_path)]


def only_a_task(tmp_path: Path) -> list[str]:
    return ["run", "pretrain_finetune", "--task", "SST-2"]


ONE_TABLE = "--corpus and --data need the name of one table whose systems are run on them (pretrain_finetune), got "


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (no_folder, "--data: expected a folder with the files of a data set, but there is none: {}/SST-2"),
        (no_train_file, "{}/SST-2/train.tsv: expected a file, but there is none; the folder has dev.tsv"),
        (one_training_example, "{}/SST-2: expected at least 2 training examples, got 1"),
        (no_corpus, "{}/nowhere: expected a file, but there is none; the folder has SST-2, corpus"),
        (a_corpus_of_pictures, "{}/pictures: expected files that end in .txt or .md, but the folder has none"),
        (
            a_nameless_folder,
            "--data: the name of the folder {}/reviews does not tell which task it is; add --task with",
        ),
        (an_unknown_task, "--task: no task is named 'SST-3' (did you mean 'SST-2'?); there are: CoLA, SST-2, MRPC"),
        (another_table, f"{ONE_TABLE}subword_table"),
        (no_table, f"{ONE_TABLE}none"),
        (two_tables, f"{ONE_TABLE}pretrain_finetune, model_sizes"),
        (
            only_a_corpus,
            "--corpus: --data must be given too, to pretrain on the corpus and then to finetune on the data",
        ),
        (an_empty_path, "--corpus: expected a path, got ''"),
        (only_a_task, "--task: --corpus and --data must be given too"),
    ],
)
def test_bad_inputs_are_refused_before_any_work(
    corpus, tmp_path, capsys, arguments: Callable[[Path], list[str]], message
):
    assert main(arguments(tmp_path)) == 2
    captured = capsys.readouterr()
    assert captured.err.startswith(f"error: {message.format(tmp_path)}")
    assert captured.out == ""
    assert not (tmp_path / "work" / "own_data").exists()


def test_a_corpus_too_small_for_a_batch_is_refused(corpus, tmp_path, capsys):
    shutil.rmtree(corpus)
    corpus.mkdir()
    (corpus / "one.txt").write_text("The dog sees the cat.")
    assert main(command(corpus, own_files.sst2(tmp_path / "SST-2"))) == 2
    error = capsys.readouterr().err
    assert (
        "error: --corpus: expected at least 65 tokens, enough for one batch of pretraining (4 rows of 16), got" in error
    )
    assert "add more text" in error
