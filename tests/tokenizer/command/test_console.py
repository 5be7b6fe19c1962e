"""How a command line ends: one line and an exit code, whatever went wrong outside of our code."""

import os
import signal
import subprocess
import sys
import warnings

import pytest

from tokenizer.command.console import orderly

BODY = "import sys\nfrom tokenizer.command.console import run\ndef main(arguments):\n    {}\nsys.exit(run(main))\n"


def start(statement: str, **options) -> subprocess.Popen:
    program = BODY.format(statement.replace("\n", "\n    "))
    streams = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    return subprocess.Popen([sys.executable, "-c", program], **{**streams, **options})


def ended(statement: str, stdin: bytes = b"", **options) -> tuple[int, str, str]:
    process = start(statement, **options)
    out, err = process.communicate(stdin, timeout=60)
    return process.returncode, (out or b"").decode(), (err or b"").decode()


def test_success_is_0_and_says_nothing():
    assert ended("print('ä')", env={**os.environ, "LC_ALL": "C"}) == (0, "ä\n", "")


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("raise ValueError('lr must be positive, got 0')", "error: lr must be positive, got 0\n"),
        ("open('no/such/file')", "error: no/such/file: No such file or directory\n"),
        ("sys.stdin.read()", "error: expected UTF-8 text, got the byte 0xff at position 1\n"),
        ("raise MemoryError", "error: not enough memory\n"),
    ],
)
def test_misuse_is_2_and_one_line(statement, said):
    assert ended(statement, stdin=b"a\xff") == (2, "", said)


def test_a_debugger_may_have_read_from_stdin_before(tmp_path):
    program = tmp_path / "program.py"
    program.write_text(BODY.format("print('ran')"))
    commands = b"n\nc\nq\n"  # a step first, so that pdb has read from stdin when `run` prepares it
    result = subprocess.run([sys.executable, "-m", "pdb", program], input=commands, capture_output=True, timeout=60)
    assert "ran\n" in result.stdout.decode()


def test_a_bug_of_ours_is_not_hidden():
    code, _, err = ended("raise TypeError('a bug')")
    assert code == 1
    assert "Traceback" in err


def test_a_reader_that_stops_is_1_in_silence():
    process = start("for i in range(100_000): print(i)")
    process.stdout.readline()
    process.stdout.close()
    assert process.stderr.read() == b""
    assert process.wait(60) == 1


def test_ctrl_c_is_130():
    process = start("print('started', flush=True)\nimport time\ntime.sleep(60)")
    process.stdout.readline()
    process.send_signal(signal.SIGINT)
    assert process.communicate(timeout=60)[1] == b"\nInterrupted.\n"
    assert process.returncode == 130


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="/dev/full is Linux's")
def test_a_full_disk_is_2_and_said_once():
    with open("/dev/full", "wb") as full:
        code, _, err = ended("print('text')", stdout=full)
    assert (code, err) == (2, "error: No space left on device\n")


@pytest.mark.skipif(sys.platform == "win32", reason="a POSIX shell closes the streams")
@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_closed_streams_are_no_error(closed):
    program = BODY.format("print(sys.stdin.read())")
    command = ["sh", "-c", f'exec "$0" -c "$1" {closed}', sys.executable, program]
    done = subprocess.run(command, capture_output=True, input=b"", timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, b"")


# -- orderly ----------------------------------------------------------------------------------------

ORDERLY = "import os, signal, sys, warnings\nfrom tokenizer.command.console import leave, orderly, run\n"


def orderly_ended(statement: str) -> tuple[int, str, str]:
    """How a program ends whose main does this inside of `orderly`."""
    body = "def main(arguments):\n    with orderly():\n        {}\nleave(run(main))\n"
    program = ORDERLY + body.format(statement.replace("\n", "\n        "))
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, encoding="utf-8", timeout=60, check=False
    )
    return done.returncode, done.stdout, done.stderr


def test_a_warning_is_one_line():
    assert orderly_ended("warnings.warn('first\\nTraceback')\nprint(1)") == (0, "1\n", "warning: first\n")


CTRL_C = "os.kill(os.getpid(), signal.SIGINT)"


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
@pytest.mark.parametrize(
    "statement",
    [
        CTRL_C,
        f"class Dying:\n    def __del__(self): {CTRL_C}\nprint(1)\nDying()\nfor i in range(10**9): pass",
        f"try: {CTRL_C}\nexcept KeyboardInterrupt: pass\nraise ImportError('initialization failed')",
        f"exec('print(1)'); exec({CTRL_C!r})",
    ],
    ids=["plain", "where errors are ignored", "what became an ImportError", "in a text that is executed"],
)
def test_ctrl_c_counts_wherever_it_comes(statement):
    code, _, err = orderly_ended(statement)
    assert (code, err) == (130, "\nInterrupted.\n")


def test_other_errors_pass_through():
    assert orderly_ended("raise ValueError('wrong')") == (2, "", "error: wrong\n")
    code, _, err = orderly_ended("raise ImportError('no such module')")
    assert code == 1
    assert "ImportError: no such module" in err


@pytest.mark.parametrize(("handler", "stays"), [(signal.default_int_handler, False), (signal.SIG_IGN, True)])
def test_afterwards_all_is_as_before(handler, stays):
    outside = signal.signal(signal.SIGINT, handler)
    try:
        before = handler, sys.unraisablehook, warnings.showwarning
        with orderly():
            assert (signal.getsignal(signal.SIGINT) is handler) is stays  # what is ignored stays ignored
        assert (signal.getsignal(signal.SIGINT), sys.unraisablehook, warnings.showwarning) == before
    finally:
        signal.signal(signal.SIGINT, outside)
