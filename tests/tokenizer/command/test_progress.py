"""Progress: a line that is rewritten in a terminal, and a new one now and then in a log."""

import io

import pytest

from tokenizer.command import progress
from tokenizer.command.progress import Progress


class Clock:
    """A clock that the test moves on."""

    now = 1000.0

    def monotonic(self):
        return self.now


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(progress, "time", clock)
    return clock


def run(clock, seconds, per_second=10, total=1000):
    learning = Progress("learning", "merges")
    for second in range(seconds + 1):
        learning.update(second * per_second, total)
        clock.now += 1
    learning.close()


def test_a_log_gets_a_line_each_half_minute(clock, capsys):
    run(clock, 70)
    assert capsys.readouterr().err == (
        "learning: 300 of 1,000 merges, 10 a second, 70 s left\nlearning: 600 of 1,000 merges, 10 a second, 40 s left\n"
    )


def test_short_work_leaves_a_log_alone(clock, capsys):
    run(clock, 20)
    assert capsys.readouterr().err == ""


def test_a_terminal_has_one_line_and_none_at_the_end(clock, monkeypatch):
    terminal = io.StringIO()
    terminal.isatty = lambda: True
    monkeypatch.setattr("sys.stderr", terminal)
    run(clock, 2)
    assert terminal.getvalue() == (
        "\rlearning: 10 of 1,000 merges, 10 a second, 99 s left\x1b[K"
        "\rlearning: 20 of 1,000 merges, 10 a second, 98 s left\x1b[K"
        "\r\x1b[K"
    )


def test_the_rate_is_that_of_late(clock, capsys):
    learning = Progress("learning", "merges")
    done = 0
    for line in range(120):
        done += 30 if line < 60 else 300
        learning.update(done, 100_000)
        clock.now += 30
    assert ", 1 a second, " in capsys.readouterr().err.splitlines()[50]
    learning.update(done + 300, 100_000)
    assert ", 10 a second, " in capsys.readouterr().err


def test_work_that_stands_still_has_no_rate(clock, capsys):
    run(clock, 31, per_second=0)
    assert capsys.readouterr().err == "learning: 0 of 1,000 merges\n"


@pytest.mark.parametrize(
    ("seconds", "expected"), [(0, "0 s"), (99.4, "99 s"), (150, "2.5 min"), (7200, "2.0 h"), (360_000, "100.0 h")]
)
def test_durations(seconds, expected):
    assert progress._duration(seconds) == expected
