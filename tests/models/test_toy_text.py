"""Text in, text out with toy models: a GPT with a WordPiece vocabulary, and the commands away from the project."""

import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from models import text
from models.__main__ import main
from models.generation import WithoutCache, generate
from models.gpt import GPT, GPTConfig
from models.pretrained import toy
from models.sampling import GREEDY, Sampling
from models.text.spacing import continuation
from tests.models import toy_models
from tests.models.toy_models import END, START, gpt, wordpiece

PROJECT = Path(__file__).parents[2]
LOOSE = Sampling(temperature=1.5)


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """A folder with toy-gpt and toy-bert."""
    return toy_models.install(tmp_path_factory.mktemp("toy") / "installed")


# -- the decoder ------------------------------------------------------------------------------------


@pytest.mark.parametrize("prompt", ["", "the dog", "The  dog ."])
def test_start_is_before_every_text(prompt: str):
    model, tokenizer = gpt(), wordpiece()
    ids = np.array([[START, *tokenizer.encode(prompt)]])
    new = model.generate(ids, 12, LOOSE, seed=3, eos_id=END)[0, ids.shape[1] :].tolist()
    new = new[: new.index(END)] if END in new else new
    assert len(new) > 3
    assert text.write(model, tokenizer, prompt, 12, LOOSE, seed=3) == continuation(tokenizer, prompt, new)


def test_a_text_ends_at_its_end_token_and_without_it():
    model, tokenizer = gpt(), wordpiece()
    most = 30
    free = [text.write(model, tokenizer, "the dog", most, LOOSE, seed=seed) for seed in range(8)]
    assert "</s>" not in "".join(free)
    model.token_embedding.weight.data[END] *= 4  # likelier, or never
    model.final_norm.bias.data += model.token_embedding.weight.data[END]
    ended = [text.write(model, tokenizer, "the dog", most, LOOSE, seed=seed) for seed in range(8)]
    assert ended == [""] * 8
    assert "" not in free


def test_what_is_written_is_told_piece_by_piece():
    pieces: list[str] = []
    written = text.write(gpt(), wordpiece(), "the dog", 20, LOOSE, seed=1, on_token=pieces.append)
    assert "".join(pieces) == written
    assert len(pieces) > 10


def test_beams_write_with_the_same_spaces():
    model, tokenizer = gpt(), wordpiece()
    assert text.write(model, tokenizer, "the dog", 6, n_beams=3).count(" ") <= 6
    assert text.write(model, tokenizer, "", 6, n_beams=3)[:1] != " "


def test_past_the_models_positions_the_text_goes_on():
    model, tokenizer = gpt(), wordpiece()
    ids = np.array([[START, *tokenizer.encode("the dog")]])
    n = 2 * toy_models.N_POSITIONS
    expected = generate(WithoutCache(model, toy_models.N_POSITIONS), ids, n, GREEDY, eos_id=END)[0, 3:].tolist()
    expected = expected[: expected.index(END)] if END in expected else expected
    assert len(expected) > toy_models.N_POSITIONS
    assert text.write(model, tokenizer, "the dog", n, GREEDY) == continuation(tokenizer, "the dog", expected)


def test_a_decoder_without_start_reads_the_text_alone():
    config = GPTConfig(len(toy_models.PIECES), 8, 16, 1, 2)
    model = GPT(config, np.random.default_rng(0))
    with pytest.raises(ValueError, match="text is empty, and there is no token to start from"):
        text.write(model, wordpiece(), "", 3)
    (vector,) = text.embed(model, wordpiece(), ["the dog"])
    alone = model.hidden_states(np.array([wordpiece().encode("the dog")])).data[0].mean(axis=0)
    np.testing.assert_allclose(vector, alone, rtol=1e-4, atol=1e-5)


def test_embed_reads_start_too():
    model, tokenizer = gpt(), wordpiece()
    texts = ["the dog barked", "", "a cat"]
    for vector, one in zip(text.embed(model, tokenizer, texts), texts, strict=True):
        hidden = model.hidden_states(np.array([[START, *tokenizer.encode(one)]])).data[0]
        np.testing.assert_allclose(vector, hidden.mean(axis=0), rtol=1e-4, atol=1e-5)
    with pytest.raises(text.TextError, match=r"at most 24 tokens with \[START\] each, got 31 as number 0"):
        list(text.embed(model, tokenizer, ["dog " * 30]))


# -- the commands -----------------------------------------------------------------------------------

COMMANDS = {
    "generate": ["generate", "--model", "toy-gpt", "the dog", "--max-new-tokens", "8", "--seed", "1"],
    "generate from nothing": ["generate", "--model", "toy-gpt", "", "--max-new-tokens", "8", "--seed", "1"],
    "fill": ["fill", "--model", "toy-bert", "the [MASK] barked."],
    "embed": ["embed", "--model", "toy-bert", "lines.txt"],
    "embed by the decoder": ["embed", "--model", "toy-gpt", "lines.txt"],
    "list": [],
}
SHAPES = {
    "generate": r"the dog.+\n",
    "generate from nothing": r"\S.+\n",
    "fill": r"\[MASK\] 1:\n( +\d+\.\d\d%  \S+\n){5}(the)?.*barked\.\n",
    "embed": r" 1\.00 [ -]\d\.\d\d  the dog\n[ -]\d\.\d\d  1\.00  a cat\n",
    "embed by the decoder": r" 1\.00 [ -]\d\.\d\d  the dog\n[ -]\d\.\d\d  1\.00  a cat\n",
    "list": r"usage: [\s\S]*installed models:\n(  toy-\S+ +(GPT|BERT), [\d,]+ parameters, .*\n)+",
}
OFFLINE = """
import socket

def refuse(*arguments, **options):
    raise AssertionError("the network was asked")

socket.socket.connect = socket.getaddrinfo = socket.create_connection = refuse
"""


def run_elsewhere(arguments: list[str], tmp_path: Path, code: str = "") -> str:
    """What a command prints from another directory, without a network, in a process of its own."""
    (tmp_path / "sitecustomize.py").write_text(OFFLINE + code, encoding="utf-8")
    (tmp_path / "away").mkdir()
    (tmp_path / "away" / "lines.txt").write_text("the dog\na cat\n", encoding="utf-8")
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), str(PROJECT)])}
    command = [sys.executable, "-m", "models", *arguments]
    done = subprocess.run(command, cwd=tmp_path / "away", env=environment, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout.decode()


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_with_a_toy_model(command: str, folder, tmp_path, monkeypatch, capsys):
    code = f"from models.pretrained import toy\nimport pathlib\ntoy.INSTALLED = pathlib.Path({str(folder)!r})\n"
    printed = run_elsewhere(COMMANDS[command], tmp_path, code)
    assert re.fullmatch(SHAPES[command], printed)
    monkeypatch.chdir(tmp_path / "away")
    monkeypatch.setattr(toy, "INSTALLED", folder)
    assert main(COMMANDS[command]) == 0
    assert capsys.readouterr().out == printed


@pytest.mark.parametrize("name", toy.installed())
def test_the_commands_with_each_installed_model(name: str, tmp_path):
    for command in ("embed", "generate" if "gpt" in name else "fill"):
        arguments = [name if argument.startswith("toy-") else argument for argument in COMMANDS[command]]
        (tmp_path / command).mkdir()
        assert re.fullmatch(SHAPES[command], run_elsewhere(arguments, tmp_path / command))
