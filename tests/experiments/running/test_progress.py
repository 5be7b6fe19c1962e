"""A bar in a terminal; elsewhere a line now and then, however many bars there are."""

import io

import pytest

from experiments.running import progress
from experiments.running.progress import Bar, now_and_then


class Clock:
    """A clock that the test moves on."""

    def __init__(self):
        self.now = 1000.0

    def monotonic(self):
        return self.now


@pytest.fixture
def clock(monkeypatch):
    """Time stands still but for `clock.now += …`; a line was written just now."""
    clock = Clock()
    monkeypatch.setattr(progress, "time", clock)
    monkeypatch.setattr(progress, "_last_line", clock.now)
    return clock


def lines(capsys):
    return capsys.readouterr().err.splitlines()


def test_a_log_gets_a_line_each_half_minute_and_one_at_the_end(clock, capsys):
    with Bar(1000, "pretraining") as bar:
        for _ in range(100):
            clock.now += 1
            bar.set_loss(2.5, 6.25)
            bar.update(10)
    assert lines(capsys) == [
        "  pretraining: 300 of 1,000 steps, 70 s left, loss 2.50 (unigram 6.25)",
        "  pretraining: 600 of 1,000 steps, 40 s left, loss 2.50 (unigram 6.25)",
        "  pretraining: 900 of 1,000 steps, 10 s left, loss 2.50 (unigram 6.25)",
        "  pretraining: 1,000 of 1,000 steps, took 1.7 min, loss 2.50 (unigram 6.25)",
    ]


def test_many_short_bars_share_the_lines(clock, capsys):
    for number in range(100):
        with Bar(10, f"model {number}") as bar:
            clock.now += 1
            bar.update(10)
    assert [line.split(":")[0].strip() for line in lines(capsys)] == [
        name
        for name in ("model 29", "model 59", "model 89")
        for _ in range(2)  # the line that was due, and its end
    ]


def test_a_bar_that_closes_long_after_the_last_line_writes_one(clock, capsys):
    with Bar(10, "slow"):
        clock.now += 31
    assert lines(capsys) == ["  slow: 0 of 10 steps"]


def test_a_bar_that_resumes_reckons_from_there(clock, capsys):
    with Bar(100, "pretraining") as bar:
        bar.resume_at(50)
        clock.now += 30
        bar.update(12)
    assert lines(capsys)[0] == "  pretraining: 62 of 100 steps, 95 s left"


def test_numbers_at_the_end_of_the_line(clock, capsys):
    with Bar(2, "probing", unit="probe") as bar:
        bar.set_postfix(accuracy=0.93456, layer="last")
        clock.now += 60
        bar.update()
    assert lines(capsys)[0] == "  probing: 1 of 2 probes, 60 s left, accuracy 0.935, layer last"


def test_a_line_now_and_then_is_not_written_too_often(clock, capsys):
    for cell in range(100):
        clock.now += 1
        now_and_then(f"{cell} cells")
    assert lines(capsys) == ["29 cells", "59 cells", "89 cells"]


def test_an_interrupted_bar_is_closed(clock, capsys):
    def train():
        with Bar(10, "training") as bar:
            clock.now += 40
            bar.update(5)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train()
    assert lines(capsys) == ["  training: 5 of 10 steps, 40 s left"] * 2


def test_a_terminal_gets_a_bar_that_goes_away(monkeypatch):
    terminal = io.StringIO()
    terminal.isatty = lambda: True
    monkeypatch.setattr(progress.sys, "stderr", terminal)
    with Bar(10, "training") as bar:
        bar.resume_at(4)
        bar.set_loss(2.5, 6.25)
        bar.update(6)
        bar._bar.refresh()
    shown = terminal.getvalue()
    assert "4/10" in shown
    assert "10/10" in shown
    assert "loss 2.50 (unigram 6.25)" in shown
    assert "\n" not in shown  # it stays on one line, and leaves it empty
    assert shown.rsplit("\r", 2)[1].strip() == ""
