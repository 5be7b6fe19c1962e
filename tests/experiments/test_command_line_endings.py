"""The command line as a process: how it ends when the machine, the shell or the user has something against it."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import experiments

PROJECT = Path(experiments.__file__).parents[1]
FAKE = [sys.executable, str(Path(__file__).with_name("run_fake.py"))]
OURS = [sys.executable, "-m", "experiments"]

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="shells, signals and limits of POSIX")


def environment(folder: Path, **variables: str) -> dict[str, str]:
    """The environment of a process that keeps its work in this folder."""
    return {**os.environ, "PYTHONPATH": str(PROJECT), "MINIGRAD_CACHE": str(folder / "cache"), **variables}


def in_shell(line: str, command: list[str], folder: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """What a line of the shell comes to, in which "$@" stands for the command."""
    return subprocess.run(
        ["bash", "-o", "pipefail", "-c", line, "bash", *command],
        env=environment(folder, **variables), capture_output=True, encoding="utf-8", timeout=120, check=False,
    )  # fmt: skip


def test_bad_variables_change_no_number(tmp_path):
    """Threads by the score, nonsense in place of numbers, folders that cannot be written: the same bits as without."""
    nonsense = {
        "MINIGRAD_NUM_THREADS": "abc", "OPENBLAS_NUM_THREADS": "4", "OMP_NUM_THREADS": "abc", "MKL_NUM_THREADS": "-1",
        "NUMBA_NUM_THREADS": "0", "NUMBA_CACHE_DIR": "/proc/nowhere", "MPLCONFIGDIR": "/proc/nowhere",
        "MPLBACKEND": "nowhere", "COLUMNS": "x", "LINES": "y", "HOME": "",
    }  # fmt: skip
    results = []
    for name, variables in (("calm", {}), ("nonsense", nonsense)):
        folder = tmp_path / name
        done = in_shell('exec "$@"', [*FAKE, str(folder), "run"], folder, **variables)
        assert (done.returncode, "Traceback" in done.stderr) == (0, False), done.stderr
        result = json.loads((folder / "experiments" / "results" / "fake_experiment" / "quick.json").read_text("utf-8"))
        assert result["environment"]["threads"]["blas"] == 1
        results.append((result["cells"], [path.name for path in (folder / "cache" / "checkpoints").iterdir()]))
    assert results[0] == results[1]


def test_a_full_disk_is_said_with_the_file_and_leaves_nothing_half_written(tmp_path):
    done = in_shell('ulimit -f 1; exec "$@"', [*FAKE, str(tmp_path), "run"], tmp_path)
    assert done.returncode == 2
    assert done.stderr == f"error: {tmp_path}/experiments/results/fake_experiment/quick.scores.svg: File too large\n"
    assert list(tmp_path.rglob("*.tmp")) == []
    assert not (tmp_path / "experiments" / "results" / "fake_experiment" / "quick.json").exists()
    assert in_shell('exec "$@"', [*FAKE, str(tmp_path), "run"], tmp_path).returncode == 0


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="/dev/full is Linux's")
def test_a_full_disk_behind_standard_output_is_said_once(tmp_path):
    done = in_shell('exec "$@" > /dev/full', [*OURS, "list"], tmp_path)
    assert (done.returncode, done.stderr) == (2, "error: No space left on device\n")


def test_a_reader_that_has_had_enough_is_no_error(tmp_path):
    done = in_shell('"$@" | true', [*OURS, "list"], tmp_path)
    assert (done.returncode, done.stderr) == (1, "")


def test_closed_streams_are_no_error(tmp_path):
    done = in_shell('exec "$@" <&- >&- 2>&-', [*FAKE, str(tmp_path), "run"], tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert (tmp_path / "experiments" / "results" / "fake_experiment" / "quick.json").is_file()


@pytest.mark.parametrize("place", ["/proc/nowhere", "{}/file", "{}/file/below"])
def test_a_work_folder_that_cannot_be_written_is_said_before_anything_is_done(tmp_path, place):
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    place = place.format(tmp_path)
    done = in_shell('exec "$@"', [*OURS, "run", "--fresh"], tmp_path, MINIGRAD_CACHE=place)
    assert done.returncode == 2
    assert done.stderr == f"error: cannot write to {place}; set MINIGRAD_CACHE to a folder that can be written\n"
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


@pytest.mark.parametrize("module", ["tokenizer.command.console", "numpy.exceptions", "numpy", "matplotlib._api", "PIL"])
def test_ctrl_c_while_importing_is_said_in_one_line(tmp_path, module):
    for _ in range(5):  # on a busy machine the command may be over before the signal comes
        returncode, out, err = interrupted_behind(module, tmp_path)
        if returncode != 0:
            break
    said = [line for line in err.splitlines() if not line.startswith("import time:")]
    assert said == ["", "Interrupted. What is finished is kept; to resume: python -m experiments list"]
    assert (returncode, out) == (130, "")


def interrupted_behind(module: str, folder: Path) -> tuple[int, str, str]:
    """`list`, which gets SIGINT once it has imported a module: its return code and what it wrote."""
    command = [sys.executable, "-X", "importtime", "-m", "experiments", "list"]  # which tells where it is
    process = subprocess.Popen(
        command, env=environment(folder), stderr=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8"
    )
    assert process.stderr is not None
    while (line := process.stderr.readline()).split("|")[-1].strip() != module:
        assert line, f"{module} was not imported"
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    return process.returncode, out, err


def test_ctrl_c_in_the_middle_of_a_cell_keeps_what_is_finished(tmp_path):
    command = [*FAKE, str(tmp_path), "run"]
    process = subprocess.Popen(
        command, env=environment(tmp_path, SLOW="1"), stderr=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8"
    )
    assert process.stdout is not None
    while "working on" not in process.stdout.readline():
        pass
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (130, "")
    assert err == "\nInterrupted. What is finished is kept; to resume: python -m experiments run\n"
    assert in_shell('exec "$@"', command, tmp_path).returncode == 0
