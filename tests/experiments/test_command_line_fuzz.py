"""Whatever is typed, and whatever has happened to the files: `python -m experiments` ends in order.

Commands of random words are run in process, on the fake experiment, between random accidents: files are cut off,
changed, removed, replaced by folders and links; a result holds any JSON in any place. The exit code is one of ours,
nothing but argparse's SystemExit comes out, and standard error holds no traceback.
"""

import contextlib
import io
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from experiments.__main__ import main
from experiments.running import script, worker
from experiments.running.places import remove

EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "60"))
PIECES = [
    "fake_experiment",
    "all",
    "run",
    "list",
    "report",
    "quick",
    "full",
    "cpu",
    "cuda",
    "--seeds",
    "--jobs",
    "--cluster",
    "--corpus",
    "--data",
    "--task",
    "--",
]
odd_text = st.one_of(
    st.sampled_from(["", "-", "0", "-1", "1_0", "٣", "nan", "9" * 30, "✓", "\ud800", "../x"]), st.text()
)
numbers = st.one_of(st.integers(-2, 4).map(str), odd_text)
words = st.one_of(
    st.sampled_from(PIECES).map(lambda word: [word]),
    st.sampled_from(["--fresh", "--readme", "--help", "-h", "--fre", "--seeds=", "--jobs=2"]).map(lambda word: [word]),
    st.tuples(st.just("--preset"), st.one_of(st.sampled_from(["quick", "full"]), odd_text)).map(list),
    st.tuples(st.sampled_from(["--seeds", "--jobs"]), numbers).map(list),
    st.tuples(st.just("--device"), st.one_of(st.sampled_from(["cpu", "cuda"]), odd_text)).map(list),
    odd_text.map(lambda word: [word]),
)
commands = st.tuples(st.sampled_from(["run", "run", "report", "list", "", "walk"]), st.lists(words, max_size=4)).map(
    lambda parts: [parts[0], *(word for some in parts[1] for word in some)] if any(parts) else []
)

odd_number = st.one_of(st.integers(), st.floats(), st.sampled_from([10**400, -(10**4000), 5e-324, 1e300]))
odd_json = st.recursive(
    st.one_of(st.none(), st.booleans(), odd_number, odd_text, st.sampled_from(["../../x.svg", "<script>"])),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(odd_text, inner, max_size=3)),
    max_leaves=5,
)
RAW = [b"", b"\0", b"\xff\xfe", b"[" * 200_000, b"null", b"{}", b"[]", b'"text"', b"1e999", b"NaN", b"<svg/>", b"<svg>"]
accidents = st.one_of(
    st.tuples(st.just("cut"), st.floats(0, 1)),
    st.tuples(st.just("flip"), st.floats(0, 1)),
    st.tuples(st.just("raw"), st.sampled_from(RAW)),
    st.tuples(st.just("gone"), st.none()),
    st.tuples(st.just("folder"), st.none()),
    st.tuples(st.just("link"), st.sampled_from(["/etc/passwd", "nowhere", "."])),
    st.tuples(st.just("json"), st.tuples(st.integers(0, 10**6), odd_json)),
)
steps = st.lists(
    st.one_of(
        commands,
        st.tuples(st.integers(0, 10**6), accidents),
        st.sampled_from([("pretraining", 0), ("pretrained", 1)]).map(lambda where: {"interrupted at": where}),
    ),
    min_size=1,
    max_size=5,
)


def called(arguments: list[str]) -> tuple[int, str]:
    """The exit code of a command, and what it said on standard error."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            code = main(arguments)
        except SystemExit as ended:
            code = {0: 0, 2: 2}[ended.code]  # a KeyError on another one
    return code, err.getvalue()


def places(value: Any) -> list[Callable[[Any], None]]:
    """For each place in a JSON value a function that puts another value there."""
    found: list[Callable[[Any], None]] = []
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in inside:
        found += [lambda other, key=key: value.__setitem__(key, other), *places(item)]
    return found


def spoil(path: Path, kind: str, how: Any) -> None:
    """Let an accident happen to a file."""
    content = path.read_bytes() if path.is_file() else b""
    if kind == "json":
        try:
            value = json.loads(content)
            choices = places(value)
            choices[how[0] % len(choices)](how[1])
        except (ValueError, RecursionError, ZeroDivisionError):
            value = how[1]
        with contextlib.suppress(ValueError):  # an integer of too many digits
            path.write_text(json.dumps(value)) if path.is_file() else None
        return
    remove(path)
    if kind == "cut":
        path.write_bytes(content[: int(how * len(content))])
    elif kind == "flip" and content:
        place = min(int(how * len(content)), len(content) - 1)
        path.write_bytes(content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :])
    elif kind == "raw":
        path.write_bytes(how)
    elif kind == "folder":
        path.mkdir()
    elif kind == "link":
        path.symlink_to(how)


class InProcess:
    """In place of worker processes: the cells are computed here."""

    def __init__(self, n_processes: int) -> None:
        self.compute = worker.compute

    def __enter__(self) -> "InProcess":
        return self

    def __exit__(self, *exception: object) -> None:
        """There is nothing to end."""


@pytest.fixture
def finished(fake, tmp_path, monkeypatch):
    """A folder in which both presets have been run, and a copy of it; cells at once start no process."""
    monkeypatch.setattr(script, "Processes", InProcess)
    assert called(["run"])[0] == called(["run", "--preset", "full"])[0] == 0
    (tmp_path / "checkout" / "README.md").write_text("<!-- verdicts -->\n<!-- /verdicts -->")
    for name in ("cache", "checkout"):
        shutil.copytree(tmp_path / name, tmp_path / f"{name} at first")
    return tmp_path


def as_at_first(finished: Path) -> list[Path]:
    """Put all files back; their names."""
    for name in ("cache", "checkout"):
        remove(finished / name)
        shutil.copytree(finished / f"{name} at first", finished / name)
    return sorted(path for name in ("cache", "checkout") for path in (finished / name).rglob("*"))


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize="FUZZ_EXAMPLES" not in os.environ,
    suppress_health_check=list(HealthCheck),
)
@given(steps)
def test_no_command_and_no_accident_ends_in_a_traceback(finished, fake, steps):
    files = as_at_first(finished)
    fake.fail_at = None
    for step in steps:
        if isinstance(step, dict):
            fake.fail_at = step["interrupted at"]
        elif isinstance(step, list):
            code, err = called(step)
            assert code in ((0, 1, 2, 130) if fake.fail_at else (0, 1, 2)), (step, err)
            assert "Traceback" not in err
            assert code == 0 or err, f"{step} failed in silence"
        else:
            place, (kind, how) = step
            path = files[place % len(files)]
            if path.parent.is_dir() and not path.parent.is_symlink():
                spoil(path, kind, how)


@settings(
    max_examples=EXAMPLES // 4,
    deadline=None,
    derandomize="FUZZ_EXAMPLES" not in os.environ,
    suppress_health_check=list(HealthCheck),
)
@given(st.lists(st.tuples(st.integers(0, 10**6), accidents), min_size=1, max_size=4))
def test_no_accident_to_cells_and_checkpoints_changes_a_number(finished, accidents):
    files = [path for path in as_at_first(finished) if finished / "cache" in path.parents]
    results = finished / "checkout" / "experiments" / "results" / "fake_experiment" / "full.json"
    expected = json.loads(results.read_text(encoding="utf-8"))
    for place, (kind, how) in accidents:
        path = files[place % len(files)]
        depth = len(path.relative_to(finished / "cache").parts)
        if depth >= 3 and path.parent.is_dir() and not path.parent.is_symlink():
            spoil(path, kind, how)
    assert called(["run", "--preset", "full"])[0] == 0
    found = json.loads(results.read_text(encoding="utf-8"))
    assert {**found, "wall_seconds": None} == {**expected, "wall_seconds": None}
