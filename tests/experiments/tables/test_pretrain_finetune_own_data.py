"""`--corpus` and `--data`: the five starts on the user's own files, in the real formats, tiny."""

import json
import os
import shutil
import signal
import subprocess
import sys
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
from experiments.tables.pretrain_finetune.systems import LSTM, SYSTEMS, TRANSFORMER
from tests.experiments import own_files
from tests.experiments.own_files import command


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
