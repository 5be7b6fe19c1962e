"""Sessions of gdb on a page are recorded and replayed like those of pdb."""

import shutil
from pathlib import Path

import pytest

from lectures.__main__ import main
from lectures.build import walking
from lectures.build.debuggers import MissingDebuggerError, WalkError
from tests.lectures.conftest import write
from tests.lectures.test_walks import replace

CPP = """
    extern "C" int twice(int x) {
        int y = x + x;  // of the first
        return y;
    }
    extern "C" int never(int x) {
        return x + 1;  // not called
    }
"""

IN_GDB = """
    <!-- program: call.py -->
    ```python
    import ctypes
    import os
    import subprocess
    import threading
    import time

    import minigrad

    threading.Thread(target=time.sleep, args=[60], daemon=True).start()  # then gdb says which one stops
    source = os.path.join(os.path.dirname(minigrad.__file__), "twice.cpp")
    subprocess.run(["g++", "-g", "-O0", "-shared", "-fPIC", source, "-o", "twice.so"], check=True)
    library = ctypes.CDLL("./twice.so")
    print([library.twice(int(os.environ["FIRST"]) + i) for i in range(3)], flush=True)
    ```

    <!-- break: minigrad/twice.cpp: of the first -->
    ```gdb
    $ FIRST=5 gdb --args python call.py
    (gdb) set breakpoint pending on
    (gdb) tbreak minigrad/twice.cpp:1 if x == 6
    (gdb) run
    (gdb) print x
    (gdb) next
    ```

    All of them:

    <!-- break: minigrad/twice.cpp: return y; -->
    ```gdb
    (gdb) dprintf minigrad/twice.cpp:1,"y = %d\\n", y
    (gdb) continue
    ```
"""


@pytest.fixture
def gdb_walk(project: Path) -> Path:
    """A page with a session of gdb, as recorded."""
    if shutil.which("g++") is None:
        pytest.skip("g++ is not installed")
    write(project / "minigrad" / "twice.cpp", CPP)
    path = write(project / "lectures" / "machine" / "call.md", IN_GDB)
    try:
        assert walking.refresh(path, project)
    except MissingDebuggerError as error:
        pytest.skip(str(error))
    return path


def test_a_recorded_session_of_gdb_says_nothing_of_threads_and_addresses(gdb_walk: Path, project: Path):
    text = gdb_walk.read_text()
    assert (
        "(gdb) tbreak minigrad/twice.cpp:2 if x == 6\n"
        "Temporary breakpoint 1 (minigrad/twice.cpp:2 if x == 6) pending.\n"
        "(gdb) run\n"
        "Temporary breakpoint 1, twice (x=6) at minigrad/twice.cpp:2\n"
        "2\t    int y = x + x;  // of the first\n"
        "(gdb) print x\n"
        "$1 = 6\n"
        "(gdb) next\n"
        "3\t    return y;\n"
    ) in text
    assert "Dprintf 2 at 0x…: file minigrad/twice.cpp, line 3.\n(gdb) continue\ny = 14\n[10, 12, 14]\n```" in text
    assert walking.pages(project) == [gdb_walk]  # although it is not in lectures/walks
    assert walking.check(gdb_walk, project) == []


def test_an_answer_of_gdb_that_differs_is_named(gdb_walk: Path, project: Path):
    replace(gdb_walk, "FIRST=5", "FIRST=6")
    (problem,) = walking.check(gdb_walk, project)
    assert "at '(gdb) continue' the page says '[10, 12, 14]', gdb says 'y = 16'" in problem


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("x == 6\nTemp", "x == 60\nTemp", "never stops at the breakpoint 'tbreak minigrad/twice.cpp:2 if x == 60'"),
        ("cpp: return y;", "cpp: not called", "never stops at the breakpoint 'dprintf minigrad/twice.cpp:6"),
        ("(gdb) set", "(gdb) tbreak nothing\n(gdb) set", "'tbreak nothing' sets no breakpoint"),
        ("(gdb) print x\n", "(gdb) quit\n", "gdb ended early"),
        ("$ FIRST=5 gdb --args python call.py\n", "", r"expected the first line of a walk to be \$ gdb --args python"),
    ],
)
def test_a_session_of_gdb_that_cannot_be_replayed_says_why(
    gdb_walk: Path, project: Path, old: str, new: str, message: str
):
    replace(gdb_walk, old, new)
    with pytest.raises(WalkError, match=message):
        walking.refresh(gdb_walk, project)


def test_without_gdb_its_sessions_are_not_replayed(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    write(project / "minigrad" / "twice.cpp", CPP)
    path = write(project / "lectures" / "walks" / "call.md", IN_GDB)
    before = path.read_text()
    monkeypatch.setenv("PATH", str(project))
    for action in ("check", "refresh"):
        assert main(["walk", action], project) == 0
        assert "lectures/walks/call.md: not replayed, because gdb is not installed" in capsys.readouterr().out
    assert path.read_text() == before
