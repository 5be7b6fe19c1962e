"""`python -m tokenizer` with any arguments, any input and any damage: an exit code and one line, no traceback."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests import in_process
from tests.damage import damage
from tokenizer import ByteLevelBPE, LectureBPE, WordPiece, WordVocabulary
from tokenizer.__main__ import main

ROOT = Path(__file__).resolve().parents[3]
TEXT = "the lowest of the newest\r\n\x0c\u2028and the widest, café 漢字<e>\n" * 4
EXAMPLES = 150  # of each of the tests: they take a few seconds together

numbers = ["", "0", "-1", "-5", "1", "2", "3", "1_0", "+1", "\uff11", "1.5", "nan", "inf", "9" * 30]
words = ["the", "<e>", "[UNK]", "##", "</w>", "\u2028", "\x85", "\x00", "\udcff", "\ud800", "漢" * 9, "a" * 1500]
hostile_values = st.sampled_from([*numbers, *words, " ", "-", "--", "-h"]) | st.text(max_size=6)
sizes = st.sampled_from(["30", "60", "70", "257", "270", "300", "999999"]) | hostile_values
outs = st.sampled_from(["new", "new/deep", "byte", "wordpiece", "text.txt", "text.txt/x", "/proc/x", "/dev/null", ""])
files = st.sampled_from(["text.txt", "ids.txt", "random", "empty", "-", "missing", "byte", "", "text.txt/x", "a\0b"])
tokenizers = st.sampled_from(["byte", "lecture", "wordpiece", "words", "byte.json", "wordpiece.json"])
anything = st.sampled_from(["missing", "text.txt", "random", ".", "", "missing.json", "x" * 300]) | tokenizers
kinds = st.sampled_from(["byte", "lecture", "wordpiece", "words", "unigram"])
inputs = st.binary(max_size=20) | st.sampled_from([TEXT.encode(), b"1 2 3", b"0\n-1", b"260 1_0", b"9" * 5000, b"\xff"])

scalars = [None, True, False, -1, 0, 1, 5, 1.5, 10**40, float("nan"), float("inf"), "", "a", "\ud800", "the"]
names = st.sampled_from(["a", "content", "0"])
json_values = st.recursive(
    st.sampled_from(scalars),
    lambda values: st.lists(values, max_size=2) | st.dictionaries(names, values, max_size=2),
    max_leaves=4,
)
beside = st.sampled_from(
    ["added_tokens.json", "special_tokens_map.json", "tokenizer_config.json", "special_tokens.json"]
)
roles = ["pad_token", "unk_token", "image_token", "additional_special_tokens", "extra_special_tokens"]
settings_fields = ["do_lower_case", "strip_accents", "tokenizer_class", "add_prefix_space", "never_split", "errors"]
fields = st.sampled_from(["a", "<pad>", "added_tokens_decoder", *roles, *settings_fields])


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Iterator[Path]:
    """The working directory: a tokenizer of each kind, and files."""
    folder, before = tmp_path_factory.mktemp("fuzz"), Path.cwd()
    byte, wordpiece = ByteLevelBPE.train(TEXT, 290, ["<e>"]), WordPiece.train(TEXT, 70)
    for model, names in (byte, ["byte", "byte.json"]), (wordpiece, ["wordpiece", "wordpiece.json"]):
        for name in names:
            model.save(folder / name)
    LectureBPE.train(TEXT, 60).save(folder / "lecture")
    WordVocabulary.train(TEXT, 9).save(folder / "words")
    for name, data in ("text.txt", TEXT.encode()), ("ids.txt", b"1 2\n3"), ("random", b"\x00\xff\xfe"), ("empty", b""):
        (folder / name).write_bytes(data)
    os.chdir(folder)
    yield folder
    os.chdir(before)


def ends_well(arguments: list[str], data: bytes = b"") -> int:
    """Run the command line; the exit code, which must be one of three, and what it says must be short."""
    code, said = in_process.run(main, arguments, data)
    assert "Error" not in said.replace("OSError", ""), (arguments, said)  # a KeyError has no words of its own
    return code


@st.composite
def commands(draw: st.DrawFn) -> list[str]:
    """A command that is nearly right, with something that is wrong in one place or several."""
    command = draw(st.sampled_from(["train", "encode", "decode", "show", "show"]))
    if command == "train":
        arguments = [command, draw(files), "--out", draw(outs), "--vocab-size", draw(sizes), "--kind", draw(kinds)]
        for option in draw(st.lists(st.sampled_from(["--special", "--min-count", "--processes"]), max_size=2)):
            arguments += [option, draw(hostile_values)]
        arguments += draw(st.lists(st.sampled_from(["--cased", "--show-merges", "--nonsense"]), max_size=2))
    else:
        arguments = [command, draw(anything), draw(files)]
        if command == "show":
            for option in draw(st.lists(st.sampled_from(["--text", "--steps", "--tree"]), max_size=2)):
                arguments += [option, draw(hostile_values)]
    for _ in range(draw(st.sampled_from([0, 0, 0, 1, 2]))):  # and something more, or something less
        place = draw(st.integers(0, len(arguments)))
        arguments[place : place + draw(st.integers(0, 1))] = [draw(hostile_values)]
    return arguments


fuzz = settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))


@fuzz
@given(commands(), inputs)
@example(["show", "byte", "--steps", ""], b"")
@example(["decode", "words", "ids.txt"], b"")
@example(["train", "-", "--out", "new", "--vocab-size", "999999"], TEXT.encode())
def test_any_arguments_end_in_an_exit_code(folder, arguments, data):
    shutil.rmtree(folder / "new", ignore_errors=True)
    if "byte" in arguments or "wordpiece" in arguments:  # they may be trained anew
        with_backup(folder, arguments, data)
    else:
        ends_well(arguments, data)


def with_backup(folder: Path, arguments: list[str], data: bytes) -> None:
    """Run a command that may change the tokenizers there are."""
    backup = folder.with_name("backup")
    shutil.copytree(folder, backup)
    try:
        ends_well(arguments, data)
    finally:
        shutil.rmtree(folder)
        shutil.copytree(backup, folder)
        shutil.rmtree(backup)
        os.chdir(folder)


@fuzz
@given(st.data(), inputs)
def test_damaged_tokenizers_are_read_or_refused(folder, data, text):
    draw = data.draw
    kind = draw(tokenizers)
    damaged = folder / ("damaged.json" if kind.endswith(".json") else "damaged")
    shutil.rmtree(folder / "damaged", ignore_errors=True)
    if damaged.suffix:
        shutil.rmtree(damaged, ignore_errors=True)
        damaged.unlink(missing_ok=True)
        shutil.copy(folder / kind, damaged)
        damage(draw, damaged, json_values)
    else:
        shutil.copytree(folder / kind, damaged)
        for name in draw(st.lists(st.sampled_from(sorted(os.listdir(damaged))), max_size=2, unique=True)):
            damage(draw, damaged / name, json_values)
        if draw(st.booleans()):
            value = draw(st.dictionaries(fields, json_values, max_size=3) | json_values)
            name = draw(beside)
            if not (damaged / name).is_dir():
                (damaged / name).write_text(json.dumps(value), encoding="utf-8")
    command = draw(st.sampled_from(["encode", "decode", "show", "--steps"]))
    if command == "--steps":
        ends_well(["show", damaged.name, "--steps", draw(hostile_values)])
    else:
        ends_well([command, damaged.name, *([] if draw(st.booleans()) else ["text.txt"])], text)
    shutil.rmtree(damaged, ignore_errors=True)


@fuzz
@given(st.data())
def test_training_goes_on_from_damaged_merges_or_refuses_them(folder, data):
    draw = data.draw
    kind = draw(st.sampled_from(["byte", "lecture", "wordpiece"]))
    out = folder / "unfinished"
    shutil.rmtree(out, ignore_errors=True)
    train = {
        "byte": lambda path: ByteLevelBPE.train(folder / "text.txt", 280, resume=path),
        "lecture": lambda path: LectureBPE.train(folder / "text.txt", 60, resume=path),
        "wordpiece": lambda path: WordPiece.train(folder / "text.txt", 70, min_count=2, resume=path),
    }
    train[kind](out / "unfinished-merges.txt")
    damage(draw, out / "unfinished-merges.txt", json_values)
    options = ["--kind", kind, "--vocab-size", "280", *(["--min-count", "2"] if kind == "wordpiece" else [])]
    ends_well(["train", "text.txt", "--out", out.name, *options])


@pytest.mark.parametrize(
    "shell",
    [
        "encode byte text.txt | head -n 1",
        "show byte text.txt --nonsense 2>&1 | head -n 1",
        "--help | head -n 1",
        "train text.txt --out new --vocab-size 300 --show-merges | head -n 1",
        "encode byte text.txt > /dev/full",
        "--help > /dev/full",
        "train text.txt --out new --vocab-size 300 2> /dev/full",
        "encode byte <&-",
        "encode byte text.txt >&-",
        "decode byte ids.txt >&- 2>&-",
        "train --out new --vocab-size 300 <&- >&- 2>&-",
        "encode byte random",
        "train text.txt --out /proc/new --vocab-size 300",
    ],
)
@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="the shell, /proc and /dev/full are Linux's")
def test_no_state_of_the_machine_ends_in_a_traceback(shell, folder):
    """In a process of its own, without HOME, and with an environment that makes no sense."""
    shutil.rmtree(folder / "new", ignore_errors=True)
    variables = {"COLUMNS": "x", "TERM": "?", "NO_COLOR": "0", "LC_ALL": "C", "PYTHONIOENCODING": "ascii"}
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), **variables}
    command = ["sh", "-c", f"{sys.executable} -m tokenizer {shell}"]
    done = subprocess.run(command, env=environment, capture_output=True, check=False)
    assert done.returncode in (0, 1, 2)
    said = (done.stderr + done.stdout).decode()
    assert "Traceback" not in said
    assert "Exception ignored" not in said
