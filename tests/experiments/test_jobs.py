"""Several experiments at once: their lines, their share of the cores, and what becomes of failures."""

import json
import os
import sys
import time
from pathlib import Path

import pytest

import experiments
from experiments import jobs
from experiments.__main__ import main
from experiments.experiment import ExperimentError
from experiments.jobs import run_together

started: list[jobs.subprocess.Popen] = []  # the processes of a test
PROJECT = Path(experiments.__file__).parents[1]


@pytest.fixture
def stand_in(monkeypatch, tmp_path):
    """A program in place of `python -m experiments`: it notes how it was called, meets the others, fails if told to."""
    program = tmp_path / "stand_in.py"
    program.write_text(
        f"""
import json, os, pathlib, signal, sys, time
name = sys.argv[sys.argv.index("run") + 1]
folder = pathlib.Path({str(tmp_path)!r})
(folder / f"{{name}}.json").write_text(json.dumps([sys.argv[1:], dict(os.environ)]))
if name.startswith("pair"):
    while len(list(folder.glob("pair*.json"))) < 2:  # until both of the pair are there
        time.sleep(0.01)
print(f"hello from {{name}}", flush=True)
if name.startswith("stubborn"):
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    print("deaf", flush=True)
if name.startswith(("stubborn", "sleeps")):
    time.sleep(60)
if name == "killed":
    os.kill(os.getpid(), signal.SIGKILL)
sys.exit(3 if name == "fails" else 0)
"""
    )
    monkeypatch.setattr(jobs.sys, "executable", sys.executable)
    popen = jobs.subprocess.Popen

    def start(command, **more):
        started.append(popen([command[0], str(program), *command[3:]], **more))
        return started[-1]

    started.clear()
    monkeypatch.setattr(jobs.subprocess, "Popen", start)
    return tmp_path


def test_two_run_at_the_same_time_and_say_who_speaks(stand_in, capsys):
    run_together(["pair1", "pair2"], ["--preset", "quick"], jobs=2)
    assert sorted(capsys.readouterr().out.splitlines()) == ["[pair1] hello from pair1", "[pair2] hello from pair2"]
    arguments, environment = json.loads((stand_in / "pair1.json").read_text())
    assert arguments == ["run", "pair1", "--preset", "quick"]
    assert environment["PATH"] == os.environ["PATH"]


def test_one_failure_is_told_when_all_have_ended(stand_in, capsys):
    with pytest.raises(ExperimentError, match=r"^failed: fails; what is finished is kept$"):
        run_together(["fails", "works"], [], jobs=1)
    assert "[works] hello from works" in capsys.readouterr().out


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
def test_a_process_that_was_killed_is_told(stand_in):
    with pytest.raises(
        ExperimentError, match=r"^failed: killed \(ended by SIGKILL\), fails; what is finished is kept$"
    ):
        run_together(["killed", "works", "fails"], [], jobs=3)


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
@pytest.mark.parametrize(
    ("names", "codes"), [(["sleeps1", "sleeps2"], {1, -2}), (["stubborn1", "sleeps"], {1, -2, -9})]
)
def test_all_have_ended_after_ctrl_c(stand_in, monkeypatch, capsys, names, codes):
    def interrupted(futures, **options):
        spoken = len(names) + sum(name.startswith("stubborn") for name in names)
        said = ""
        while said.count("\n") < spoken:
            said += capsys.readouterr().out
            time.sleep(0.01)
        raise KeyboardInterrupt

    monkeypatch.setattr(jobs, "wait", interrupted)
    monkeypatch.setattr(jobs, "SECONDS_TO_NOTICE", 0.1)
    monkeypatch.setattr(jobs, "SECONDS_TO_END", 1.0 if "stubborn1" in names else 30.0)
    with pytest.raises(KeyboardInterrupt):
        run_together([*names, "never"], [], jobs=2)
    assert len(started) == 2, "what had not begun does not begin"
    assert {process.poll() for process in started} <= codes


def test_all_have_ended_when_nobody_reads_what_they_say(stand_in, monkeypatch):
    def broken(*words, **options):
        raise BrokenPipeError

    monkeypatch.setattr(jobs, "print", broken, raising=False)
    with pytest.raises(BrokenPipeError):
        run_together(["sleeps1", "works"], [], jobs=2)
    assert all(process.poll() is not None for process in started)


def test_the_command_line_hands_its_options_on(fake, monkeypatch):
    calls = []
    monkeypatch.setattr("experiments.command.run_together", lambda *call: calls.append(call))
    assert main(["run", "fake_experiment", "--preset", "full", "--seeds", "4", "--jobs", "2"]) == 0
    assert calls == [(["fake_experiment"], ["--preset", "full", "--device", "cpu", "--seeds", "4"], 2)]
    assert fake.computed == []


def test_a_number_of_jobs_that_makes_no_sense_is_refused(fake, capsys):
    assert main(["run", "--jobs", "0"]) == 2
    assert "jobs must be at least 1, got 0" in capsys.readouterr().err


def test_an_unknown_name_is_refused_before_anything_starts(tmp_path):
    environment = os.environ | {"MINIGRAD_CACHE": str(tmp_path), "PYTHONPATH": str(PROJECT)}
    done = jobs.subprocess.run(
        [sys.executable, "-m", "experiments", "run", "no_such", "--jobs", "2"],
        env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert "no experiment is named 'no_such'" in done.stderr
