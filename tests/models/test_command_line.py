"""`python -m models`: lines and rows, options out of range, and how it ends whatever happens."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from models import commands, text
from models.__main__ import main

ROOT = Path(__file__).resolve().parents[2]
LINES = ["the cat", "", "the\x0cdog\u2028sat\x85on\x1c the\rmat", "  ", "the log"]
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT)}


# -- lines and rows ---------------------------------------------------------------------------------


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("last", [True, False])
@pytest.mark.parametrize("family", ["gpt", "bert"])
def test_row_i_of_embed_is_line_i_of_the_file(family, end, last, gpt_folder, bert_folder, tmp_path, capsys):
    folder = gpt_folder if family == "gpt" else bert_folder
    (tmp_path / "lines.txt").write_bytes((end.join(LINES) + end * last).encode())
    out = tmp_path / "vectors.npy"
    assert main(["embed", str(tmp_path / "lines.txt"), "--model", str(folder), "--out", str(out)]) == 0
    assert capsys.readouterr().err == f"{out}: 5 vectors of 16 numbers\n"
    vectors = np.load(out)
    assert (vectors.shape, vectors.dtype) == ((5, 16), np.dtype("float32"))
    model, tokenizer = text.load(folder)
    for i, line in enumerate(LINES):
        if line or family == "bert":  # a BERT reads [CLS] [SEP] in a blank line
            (alone,) = text.embed(model, tokenizer, [line])
            np.testing.assert_allclose(vectors[i], alone, rtol=1e-4, atol=1e-5)
        else:
            assert not vectors[i].any()


def test_the_printed_rows_are_the_lines_too(gpt_folder, tmp_path, capsys):
    (tmp_path / "lines.txt").write_bytes("\n".join(LINES).encode())
    assert main(["embed", str(tmp_path / "lines.txt"), "--model", str(gpt_folder)]) == 0
    rows = capsys.readouterr().out.split("\n")
    assert [row[31:] for row in rows] == [*LINES, ""]
    cosines = np.array([row[:29].split() for row in rows[:-1]], float)
    np.testing.assert_array_equal(np.diag(cosines), [1, 0, 1, 1, 1])  # a vector of zeros is like none
    np.testing.assert_array_equal(cosines, cosines.T)


@pytest.mark.parametrize(
    ("source", "lines"),
    [("", []), ("\n", [""]), ("a", ["a"]), ("a\n\n", ["a", ""]), ("\r\r\n\na\rb\r", ["\r", "", "a\rb"])],
)
def test_lines_end_with_a_line_feed_alone(source, lines):
    assert commands.lines_of(source) == lines


def test_a_line_without_a_vector_is_named_with_its_file(gpt_folder, diverged, tmp_path, capsys):
    path, out = tmp_path / "lines.txt", tmp_path / "vectors.npy"
    for folder, content, problem in (
        (gpt_folder, "a\n\n" + "a " * 40, "line 3: expected at most 24 tokens, got 80"),
        (diverged["GPT"], "\na\n", "line 2: expected a finite vector, got a NaN or an infinity from 'a'"),
        (diverged["BERT"], "\n", "line 1: expected a finite vector, got a NaN or an infinity from ''"),
        (gpt_folder, "", "expected a text, got an empty one"),
    ):
        path.write_text(content, encoding="utf-8")
        assert main(["embed", str(path), "--model", str(folder), "--out", str(out)]) == 2
        error = capsys.readouterr().err.splitlines()[-1]  # behind warnings of NumPy's
        assert error.startswith("error: ")
        assert str(path) in error
        assert problem in error
        assert os.listdir(tmp_path) == ["lines.txt"]


# -- options ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["generate", "x", "--max-new-tokens", "-1"], "--max-new-tokens must be at least 0, got -1"),
        (["generate", "x", "--temperature", "nan"], "--temperature must be a finite number at least 0, got nan"),
        (["generate", "x", "--temperature", "1e999"], "--temperature must be a finite number at least 0, got inf"),
        (["generate", "x", "--top-k", "0"], "--top-k must be at least 1, got 0"),
        (["generate", "x", "--top-p", "0"], "--top-p must be a finite number above 0 and at most 1, got 0.0"),
        (["generate", "x", "--top-p", "1.5"], "--top-p must be a finite number above 0 and at most 1, got 1.5"),
        (["generate", "x", "--repetition-penalty", "0"], "--repetition-penalty must be a finite number above 0"),
        (["generate", "x", "--beams", "0"], "--beams must be at least 1, got 0"),
        (["generate", "x", "--seed", "-1"], "--seed must be at least 0, got -1"),
        (["fill", "x [MASK]", "--best", "0"], "--best must be at least 1, got 0"),
        (["fill", "x [MASK]", "--best", "-1"], "--best must be at least 1, got -1"),
        (["embed", "x", "--out", "."], "--out: expected a file, got ., which is a folder or a device"),
        (["embed", "x", "--out", os.devnull], f"--out: expected a file, got {os.devnull}, which is a folder or a"),
    ],
)
def test_an_option_out_of_range_is_refused_before_anything_is_read(arguments, message, capsys):
    assert main([*arguments, "--model", "nowhere"]) == 2
    captured = capsys.readouterr()
    assert captured.err.startswith(f"error: {message}")
    assert captured.err.count("\n") == 1
    assert captured.out == ""


def test_best_is_at_most_the_vocabulary(bert_folder, capsys):
    size = text.load(bert_folder)[0].config.vocab_size
    arguments = ["fill", "x [MASK]", "--model", str(bert_folder), "--best"]
    assert main([*arguments, str(size + 1)]) == 2
    assert capsys.readouterr().err == f"error: --best must be at most {size}, got {size + 1}\n"
    assert main([*arguments, str(size)]) == 0
    assert capsys.readouterr().out.count("%") == size


@pytest.mark.parametrize("option", ["--max-new-tokens", "--top-k", "--beams", "--seed", "--temperature", "--top-p"])
@pytest.mark.parametrize("value", ["1_0", " 1", "\uff11", "", "x", "1" * 50])
def test_what_is_no_number_is_refused_with_the_name_of_its_option(option, value, capsys):
    with pytest.raises(SystemExit) as raised:
        main(["generate", "x", "--model", "nowhere", option, value])
    assert raised.value.code == 2
    kind = "a number" if option in ("--temperature", "--top-p") else "a whole number"
    assert f"error: argument {option}: expected {kind}, got {value!r:.40}\n" in capsys.readouterr().err


@pytest.mark.parametrize("family", ["GPT", "BERT"])
def test_a_diverged_model_writes_and_fills_nothing(family, diverged, capsys):
    command = ["generate", "the"] if family == "GPT" else ["fill", "the [MASK]"]
    for beams in ([], ["--beams", "3"]) if family == "GPT" else ([],):
        assert main([*command, *beams, "--model", str(diverged[family])]) == 2
        captured = capsys.readouterr()
        assert captured.err.splitlines()[-1].startswith("error: logits must be finite")
        assert captured.err.endswith("the model has diverged\n")
        assert captured.out == ("the\n" if family == "GPT" else "")


# -- the machine ------------------------------------------------------------------------------------


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="the shell, ulimit, /proc and /dev/full are Linux's")
@pytest.mark.parametrize(
    ("shell", "code", "said"),
    [
        ("embed many.txt --model GPT | head -n 1 | wc -l", 0, "1\n"),
        ("generate the --model GPT | head -c 1", 0, "t"),
        ("--help | head -n 1", 0, "usage: python -m models [-h]"),
        ("embed many.txt --model GPT > /dev/full", 2, "error: No space left on device"),
        ("fill 'the [MASK]' --model BERT > /dev/full", 2, "error: No space left on device"),
        ("generate the --model GPT 2> /dev/full", 0, "the"),
        ("generate the --model GPT --top-k 0 2> /dev/full", 2, ""),
        ("embed many.txt --model GPT --out many.txt/vectors.npy", 2, "error: many.txt"),
        ("embed many.txt --model GPT --out /proc/vectors.npy", 2, "error: /proc/vectors.npy"),
        ("generate --model GPT --max-new-tokens 2 <&-", 0, ""),
        ("generate --model GPT <&- >&- 2>&-", 0, ""),
        ("embed --model BERT <&- >&- 2>&-", 2, ""),
        ("embed --model BERT <&-", 2, "error: standard input: expected a text, got an empty one"),
        ("embed random --model GPT", 2, "error: random: expected UTF-8 text, got 0xff"),
        ("generate --model GPT < random", 2, "error: standard input: expected UTF-8 text, got 0xff"),
        ("generate $(printf '\\377') --model GPT", 2, "error: argument text: expected UTF-8 text"),
        ("embed random/x --model GPT", 2, "error: random/x: Not a directory"),
        ("embed . --model GPT", 2, "error: .: Is a directory"),
        ("generate x --model random", 2, "error: there is no folder random"),
        ("generate x --model .", 2, "error: . is not a checkpoint in Hugging Face's layout: it has no config.json"),
    ],
)
def test_no_state_of_the_machine_ends_in_a_traceback(shell, code, said, gpt_folder, bert_folder, tmp_path):
    """In a process of its own, without HOME, and with an environment that makes no sense."""
    (tmp_path / "many.txt").write_text("the cat\n" * 500, encoding="utf-8")
    (tmp_path / "random").write_bytes(b"\xff\xfe\n")
    variables = {"COLUMNS": "x", "LC_ALL": "C", "PYTHONIOENCODING": "ascii", "MINIGRAD_NUM_THREADS": "abc"}
    variables |= {"NUMBA_CACHE_DIR": "/proc/none", "OPENBLAS_NUM_THREADS": "none"}
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), **variables}
    command = shell.replace("GPT", str(gpt_folder)).replace("BERT", str(bert_folder))
    command = f"{sys.executable} -m models {command}"
    done = subprocess.run(["sh", "-c", command], env=environment, cwd=tmp_path, capture_output=True, check=False)
    output = (done.stderr + done.stdout).decode()
    assert "Traceback" not in output
    assert "Exception ignored" not in output
    assert done.returncode == code
    assert said in output


@pytest.mark.skipif(sys.platform == "win32", reason="ulimit is POSIX's")
def test_a_full_disk_leaves_the_vectors_there_were(gpt_folder, tmp_path):
    (tmp_path / "many.txt").write_text("the cat\n" * 500, encoding="utf-8")
    (tmp_path / "vectors.npy").write_bytes(b"old")
    command = f"ulimit -f 1; {sys.executable} -m models embed many.txt --model {gpt_folder} --out vectors.npy"
    done = subprocess.run(["sh", "-c", command], env=ENVIRONMENT, cwd=tmp_path, capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (2, b"error: vectors.npy: File too large\n")
    assert (tmp_path / "vectors.npy").read_bytes() == b"old"
    assert sorted(os.listdir(tmp_path)) == ["many.txt", "vectors.npy"]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows cannot send Ctrl-C to one process")
def test_ctrl_c_ends_a_text_in_one_line(gpt_folder):
    command = [sys.executable, "-m", "models", "generate", "the", "--model", str(gpt_folder)]
    with subprocess.Popen(
        [*command, "--max-new-tokens", "99999999", "--beams", "1", "--temperature", "5"],
        env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    ) as program:  # fmt: skip
        program.stdout.read(5)  # it writes
        program.send_signal(signal.SIGINT)
        _, error = program.communicate(timeout=60)
    assert (program.returncode, error) == (130, b"\nInterrupted.\n")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows cannot send Ctrl-C to one process")
@pytest.mark.parametrize("module", ["numpy", "regex", "argparse"])
def test_ctrl_c_while_importing_ends_in_one_line(module, tmp_path):
    (tmp_path / f"{module}.py").write_text(
        "import os, signal, time\nos.kill(os.getpid(), signal.SIGINT)\ntime.sleep(60)\n", encoding="utf-8"
    )
    environment = {**os.environ, "PYTHONPATH": f"{tmp_path}{os.pathsep}{ROOT}"}
    command = [sys.executable, "-m", "models", "generate", "x", "--model", "nowhere"]
    done = subprocess.run(command, env=environment, capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (130, b"\nInterrupted.\n")
