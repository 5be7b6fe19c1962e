"""Several processes: the same answers in the same order, errors that reach the caller, and nothing left behind."""

import multiprocessing
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tokenizer.read.processes import in_processes

ROOT = Path(__file__).resolve().parents[3]


class Work:
    """Work that knows how often it was sent to a process."""

    sent = 0

    def __init__(self, factor):
        self.factor = factor

    def __call__(self, number):
        if number == 13:
            raise ValueError("number: expected better luck, got 13")
        if number == 99:
            os._exit(3)
        return number * self.factor

    def __reduce__(self):
        Work.sent += 1
        return Work, (self.factor,)


def program(tmp_path, text):
    """A program that can import the project."""
    path = tmp_path / "program.py"
    path.write_text(text, encoding="utf-8")
    return [sys.executable, str(path)], {**os.environ, "PYTHONPATH": str(ROOT)}


def soon(condition):
    """Whether something becomes true within a minute."""
    until = time.monotonic() + 60
    while not condition() and time.monotonic() < until:
        time.sleep(0.02)
    return condition()


def group_exists(group):
    """Whether a group of processes has a member."""
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.parametrize("processes", [1, 2, 3, 20])
def test_answers_come_in_the_order_of_the_pieces(processes):
    assert list(in_processes(Work(3), range(10), processes)) == [3 * number for number in range(10)]


def test_there_is_nothing_to_do():
    assert list(in_processes(Work(3), [], 2)) == []


def test_the_work_is_sent_to_each_process_once(monkeypatch):
    monkeypatch.setattr(Work, "sent", 0)
    assert len(list(in_processes(Work(3), range(10), 2))) == 10
    assert Work.sent == 2


def test_answers_come_as_they_are_ready_and_a_closed_generator_ends_the_processes():
    answers = in_processes(time.sleep, [0, 600, 0, 600], 2)
    assert next(answers) is None
    assert len(multiprocessing.active_children()) == 2
    answers.close()
    assert multiprocessing.active_children() == []


def test_an_error_is_raised_where_the_work_was_asked_for():
    for processes in 1, 2:
        answers = in_processes(Work(3), [1, 13, 2], processes)
        assert next(answers) == 3
        with pytest.raises(ValueError, match="number: expected better luck, got 13"):
            next(answers)
    assert multiprocessing.active_children() == []


def test_a_process_that_dies_is_noticed():
    with pytest.raises(RuntimeError, match=r"processes: one ended without an answer \(exit code 3\)"):
        list(in_processes(Work(3), [1, 99], 2))


def test_large_pieces_and_large_answers_do_not_block_each_other():
    pieces = [bytes([number]) * (1 << 22) for number in range(6)]  # more than a pipe holds
    assert list(in_processes(bytes.upper, pieces, 2)) == [piece.upper() for piece in pieces]


def ctrl_c_is_blocked(_):
    return signal.SIGINT in signal.pthread_sigmask(signal.SIG_BLOCK, [])


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no signal masks")
def test_ctrl_c_never_reaches_a_process_that_is_still_importing():
    assert list(in_processes(ctrl_c_is_blocked, [1, 2, 3], 2)) == [True] * 3
    assert not ctrl_c_is_blocked(0)  # here it does what it did before


def test_a_program_that_forgets_its_guard_is_told(tmp_path):
    command, environment = program(
        tmp_path,
        "from tokenizer.read.processes import in_processes\n"
        "print('started')\n"
        "print(list(in_processes(abs, [-1, -2], 2)))\n",
    )
    run = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert run.returncode == 1
    assert 1 <= run.stdout.count("started") <= 3  # the program and its two processes, which start none in turn
    assert run.stderr.count("Traceback") == 1
    assert 'must be a file that does its work under `if __name__ == "__main__":`' in run.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="Windows cannot send Ctrl-C to a group of processes like this")
def test_ctrl_c_ends_all_processes_without_a_word_from_them(tmp_path):
    command, environment = program(
        tmp_path,
        "import time\n"
        "from pathlib import Path\n"
        "from tokenizer.read.processes import in_processes\n"
        "def work(name):\n"
        "    Path(name).touch()\n"
        "    time.sleep(600)\n"
        "if __name__ == '__main__':\n"
        "    try:\n"
        "        list(in_processes(work, ['one', 'two'], 2))\n"
        "    except KeyboardInterrupt:\n"
        "        print('interrupted')\n",
    )
    run = subprocess.Popen(
        command,
        env=environment,
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert soon(lambda: (tmp_path / "one").exists() and (tmp_path / "two").exists())
    os.killpg(run.pid, signal.SIGINT)
    assert run.communicate(timeout=60) == ("interrupted\n", "")
    assert soon(lambda: not group_exists(run.pid))  # Python's own helper process takes a moment longer
