"""Trainings that are killed again and again (kill -9) end with the bits of some that never were."""

import os
import random
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from experiments.lab import recipes, training, worlds
from experiments.lab.training import UNFINISHED
from experiments.running import cells
from experiments.running.contract import Request
from experiments.running.work import RECORD, Work
from tests.experiments.zoo_tables import members, variants

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="Windows has neither fork nor SIGKILL")

KILLS, MOST_SEEDS = 20, 5
Bits = dict[str, bytes]


def train_all(table: ModuleType, seeds: int) -> None:
    """Train what is not trained yet, or resume it."""
    Work(Request(table.__name__, seeds=seeds)).run_table()


@pytest.fixture
def lives(monkeypatch) -> Iterator[Any]:
    """How a process is started that trains a table's models, saves after every step, and is killed."""
    save = training.Training.save

    def live(table: ModuleType, seeds: int, n_saves: int, seconds: float) -> bool:
        """Train until so many steps are saved and so many seconds have passed. True if the process was killed then."""
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            try:
                null = os.open(os.devnull, os.O_WRONLY)
                os.dup2(null, 1)
                os.dup2(null, 2)

                def noted(self: training.Training, step: int, metadata: dict[str, Any]) -> None:
                    save(self, step, metadata)
                    os.write(writing, b".")

                monkeypatch.setattr(training.Training, "save", noted)
                monkeypatch.setattr(training, "SECONDS_BETWEEN_CHECKPOINTS", -1.0)
                train_all(table, seeds)
                os._exit(0)
            finally:
                os._exit(1)
        os.close(writing)
        with os.fdopen(reading, "rb", buffering=0) as saves:
            while n_saves and (heard := saves.read(n_saves)):
                n_saves -= len(heard)
            time.sleep(seconds)
            os.kill(child, signal.SIGKILL)
            code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        assert code in (0, -signal.SIGKILL), f"the training failed with the exit code {code}"
        return code != 0

    return live


def under_way(folder: Path) -> set[str]:
    """The checkpoints whose training has begun and not ended."""
    return {path.parent.name for path in folder.glob(f"*/{UNFINISHED}") if not (path.parent / RECORD).exists()}


def bits(folder: Path) -> tuple[dict[str, Bits], dict[str, Any]]:
    """All checkpoints: their files, and what their trainings returned."""
    records = {path.parent.name: cells.load(path) for path in sorted(folder.glob(f"*/{RECORD}"))}
    files = {name: {path.name: path.read_bytes() for path in (folder / name).glob("*.safetensors")} for name in records}
    return files, {name: (record.value, record.files) for name, record in records.items()}


@pytest.mark.parametrize(("table", "n_kept"), [(members, 6), (variants, 5)])
def test_models_whose_trainings_are_killed_twenty_times_end_bit_identical(table, n_kept, lives, monkeypatch, tmp_path):
    """`n_kept`: how many of the models see as many targets as the second of members.KEEP_AT."""
    monkeypatch.setattr(recipes, "N_PROBES", 2)
    monkeypatch.setattr(recipes, "N_HELD_OUT", 1_000)
    killed_folder, whole_folder = (tmp_path / name for name in ("killed", "whole"))
    monkeypatch.setenv("MINIGRAD_CACHE", str(whole_folder))
    train_all(table, 1)  # uninterrupted, and before anything forks, so that its kernels are compiled

    monkeypatch.setenv("MINIGRAD_CACHE", str(killed_folder))
    chance = random.Random(0)
    hit: list[str] = []
    for seeds in range(1, MOST_SEEDS + 1):
        worlds.text_of.cache_clear()  # each process finds the text in its file, or writes it
        while lives(table, seeds, chance.randint(1, 6), chance.uniform(0, 0.01)):
            hit += under_way(killed_folder / "checkpoints")
        if len(hit) >= KILLS and len(set(hit)) >= len(table.MEMBERS):
            break
    assert len(hit) >= KILLS
    assert len(set(hit)) >= len(table.MEMBERS)

    worlds.text_of.cache_clear()
    monkeypatch.setenv("MINIGRAD_CACHE", str(whole_folder))
    train_all(table, seeds)
    files, records = bits(whole_folder / "checkpoints")
    assert len(files) == seeds * len(table.MEMBERS)
    assert sum(f"model-{members.KEEP_AT[1]}.safetensors" in each for each in files.values()) == n_kept * seeds
    assert all(UNFINISHED not in each for each in files.values())
    assert bits(killed_folder / "checkpoints") == (files, records)
