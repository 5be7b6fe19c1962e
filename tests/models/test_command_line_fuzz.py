"""`python -m models` with any arguments, any input and any damage: an exit code and one line, no traceback."""

import json
import os
import shutil
import warnings
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from models.__main__ import main
from models.t5 import T5, T5Config
from tests import in_process
from tests.damage import damage

TEXT = "the cat\r\n\n\x0c\u2028dog [MASK] café 漢字\n"
EXAMPLES = 150  # of each of the two tests

numbers = ["", "0", "-1", "1", "2", "3", "1_0", "+1", "\uff11", "1.5", "1e-9", "1e9", "nan", "inf", "-inf", "9" * 30]
words = ["the", "[MASK]", "the [MASK] [MASK]", "[CLS]", "##", "<|endoftext|>", "\x00", "\udcff", "\ud800", "a " * 99]
letters = st.characters(exclude_characters="/")  # so that no path leads elsewhere, and no name is a repository's
hostile_values = st.sampled_from([*numbers, *words, " ", "-", "--", "-h", "--best"]) | st.text(letters, max_size=6)
outs = st.sampled_from(["new", "new/deep", "gpt", "text.txt", "text.txt/x", "/proc/x", os.devnull, "", ".", "x" * 300])
files = st.sampled_from(["text.txt", "text.txt", "random", "empty", "-", "missing", "gpt", "", "text.txt/x", "a\0b"])
complete = ["gpt", "bert", "diverged gpt", "diverged bert"]
models = st.sampled_from([*complete, *complete, "t5", "missing", "text.txt", ".", "", "x" * 300, "a\0b"])
inputs = st.binary(max_size=20) | st.sampled_from([TEXT.encode(), b"", b"\n", b"\xff", b"the " * 50])

OPTIONS = {  # the values that suit each option of a command
    "generate": {
        "--temperature": ["0", "0.5", "2"],
        "--top-k": ["1", "5"],
        "--top-p": ["0.5", "1"],
        "--repetition-penalty": ["1.5", "0.5"],
        "--beams": ["1", "3"],
        "--seed": ["0", "7"],
    },
    "fill": {"--best": ["1", "5", "120"]},
    "embed": {},
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory, gpt_folder, bert_folder, diverged) -> Iterator[Path]:
    """The working directory: a model of each family, and files."""
    folder, before = tmp_path_factory.mktemp("fuzz"), Path.cwd()
    sources = {"gpt": gpt_folder, "bert": bert_folder}
    sources |= {"diverged gpt": diverged["GPT"], "diverged bert": diverged["BERT"]}
    for name, source in sources.items():
        shutil.copytree(source, folder / name)
    T5(T5Config(30, 12, 20, 1, n_heads=3), np.random.default_rng(0)).save_pretrained(folder / "t5")
    for name, data in ("text.txt", TEXT.encode()), ("random", b"\x00\xff\xfe"), ("empty", b""):
        (folder / name).write_bytes(data)
    os.chdir(folder)
    yield folder
    os.chdir(before)


def ends_well(arguments: list[str], data: bytes = b"") -> int:
    """Run the command line; the exit code, which must be one of three, and what it says must be an error's words."""
    with warnings.catch_warnings():
        warnings.simplefilter("default")  # one line each, as for a user
        code, said = in_process.run(main, arguments, data)
    problem = said.rpartition("error: ")[2]
    assert "Error" not in problem.replace("OSError", ""), (arguments, said)  # a KeyError has no words of its own
    return code


@st.composite
def commands(draw: st.DrawFn) -> list[str]:
    """A command that is nearly right, with something that is wrong in one place or several."""
    command = draw(st.sampled_from(["generate", "generate", "fill", "embed", "download"]))
    if command == "download":  # of what has no such name: nothing is asked of the network
        arguments = [command, draw(hostile_values), "--out", draw(outs)]
    else:
        first = files if command == "embed" else st.sampled_from(words) | hostile_values
        arguments = [command, *([] if command == "generate" and draw(st.booleans()) else [draw(first)])]
        arguments += ["--model", draw(models)]
        fitting = OPTIONS[command]
        for option in draw(st.lists(st.sampled_from(sorted(fitting)), max_size=3, unique=True)) if fitting else ():
            hostile = draw(st.sampled_from([False, False, True]))
            arguments += [option, draw(hostile_values if hostile else st.sampled_from(fitting[option]))]
        if command == "embed" and draw(st.booleans()):
            arguments += ["--out", draw(outs)]
    for _ in range(draw(st.sampled_from([0, 0, 0, 1, 2]))):  # and something more, or something less
        place = draw(st.integers(0, len(arguments)))
        arguments[place : place + draw(st.integers(0, 1))] = [draw(hostile_values)]
    # Last, so that it counts: a text of a hundred tokens, or of 10^9, would say nothing more.
    few = draw(st.sampled_from([*("0", "1", "4") * 3, "-1", "1.5", "nan", "1_0", ""]))
    return [*arguments, "--max-new-tokens", few] if command == "generate" else arguments


fuzz = settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))


@fuzz
@given(commands(), inputs)
@example(["embed", "text.txt", "--model", "gpt", "--out", "new"], b"")
@example(["generate", "", "--model", "gpt", "--max-new-tokens", "3"], b"")
@example(["fill", "[MASK]", "--model", "bert", "--best", "0"], b"")
@example(["generate", "--beams", "3", "--model", "diverged gpt"], b"the")
def test_any_arguments_end_in_an_exit_code(folder, arguments, data):
    kept = folder / "text.txt"
    ends_well(arguments, data)
    for new in folder.glob("new*"):
        shutil.rmtree(new) if new.is_dir() else new.unlink()
    kept.write_bytes(TEXT.encode())  # --out may have been text.txt


# -- damage -----------------------------------------------------------------------------------------

scalars = [None, True, False, -1, 0, 1, 5, 24, 1.5, 2.0, 10**9, 10**40, 1e-300, "", "gpt2", "t5", "\ud800", "the"]
json_values = st.recursive(
    st.sampled_from(scalars),
    lambda values: (
        st.lists(values, max_size=2) | st.dictionaries(st.sampled_from(["a", "content"]), values, max_size=2)
    ),
    max_leaves=4,
)
beside = ["added_tokens.json", "special_tokens_map.json", "tokenizer_config.json", "special_tokens.json"]
fields = st.sampled_from(["a", "unk_token", "mask_token", "do_lower_case", "added_tokens_decoder", "<pad>"])


COMMANDS = {
    "gpt": [["generate", "the cat<|endoftext|>", "--max-new-tokens", "2"], ["embed", "text.txt"]],
    "bert": [["fill", "the [MASK]sat é 漢"], ["embed", "text.txt", "--out", "vectors.npy"]],
    "t5": [["generate", "the", "--max-new-tokens", "2"], ["embed", "text.txt"]],
}


@fuzz
@given(st.data())
def test_damaged_folders_are_read_or_refused(folder, data):
    draw = data.draw
    family = draw(st.sampled_from(["gpt", "gpt", "bert", "bert", "t5"]))
    damaged = folder / "damaged"
    shutil.rmtree(damaged, ignore_errors=True)
    shutil.copytree(folder / family, damaged)
    if family == "t5":
        (damaged / "spiece.model").write_bytes(draw(st.binary(max_size=20)))
    for name in draw(st.lists(st.sampled_from(sorted(os.listdir(damaged))), min_size=1, max_size=2, unique=True)):
        damage(draw, damaged / name, json_values)
    if not draw(st.integers(0, 3)):
        name = draw(st.sampled_from(beside))
        if not (damaged / name).is_dir():
            value = draw(st.dictionaries(fields, json_values, max_size=3) | json_values)
            (damaged / name).write_text(json.dumps(value), encoding="utf-8")
    ends_well([*draw(st.sampled_from(COMMANDS[family])), "--model", "damaged"])
    (folder / "vectors.npy").unlink(missing_ok=True)
