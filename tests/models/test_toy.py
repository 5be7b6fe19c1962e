"""The folders of toy models: written, found by name, listed, and installed with the package."""

import tomllib
from pathlib import Path

import numpy as np
import pytest

from minigrad.errors import CheckpointError
from models import commands, text
from models.__main__ import main
from models.gpt import GPT, GPTConfig
from models.pretrained import toy
from models.t5 import T5, T5Config
from tests.models import toy_models
from tests.models.toy_models import RECORD, gpt, wordpiece

PROJECT = Path(__file__).parents[2]
FILES = ["config.json", "model.safetensors", "tokenizer_config.json", "training.json", "vocab.txt"]


@pytest.fixture
def installed(tmp_path, monkeypatch) -> Path:
    """A folder with toy-gpt and toy-bert, in place of the installed ones."""
    monkeypatch.setattr(toy, "INSTALLED", toy_models.install(tmp_path / "installed"))
    return toy.INSTALLED


# -- writing ----------------------------------------------------------------------------------------


def test_a_folder_has_the_model_its_tokenizer_and_its_record(tmp_path):
    model = gpt()
    toy.save_toy(tmp_path, model, wordpiece(), RECORD)
    assert sorted(path.name for path in tmp_path.iterdir()) == FILES
    again, tokenizer = text.load(tmp_path)
    assert isinstance(again, GPT)
    assert again.config == model.config
    assert (again.config.bos_id, again.config.eos_id) == (toy_models.START, toy_models.END)
    assert tokenizer.vocab == wordpiece().vocab
    assert set(tokenizer.special_tokens) == set(toy_models.SPECIAL)
    assert toy.read_record(tmp_path) == RECORD | {"parameters": model.num_parameters()}


def test_a_save_that_fails_leaves_no_model_that_loads(tmp_path, monkeypatch):
    toy.save_toy(tmp_path, gpt(), wordpiece(), RECORD)
    other = toy_models.WordPiece(toy_models.PIECES[::-1])

    def full_disk(self, folder):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(GPT, "save_pretrained", full_disk)
    with pytest.raises(OSError, match="No space left"):
        toy.save_toy(tmp_path, gpt(1), other, RECORD)
    with pytest.raises(CheckpointError, match=r"has no config\.json"):  # or the old weights would read the new ids
        text.load(tmp_path)


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"record": {"seed": 0}}, ValueError, "must have tokens_read, got seed, parameters"),
        ({"record": RECORD | {"seed": 1.5}}, TypeError, "seed must be an integer, got 1.5"),
        ({"record": RECORD | {"tokens_read": -1}}, ValueError, "tokens_read must be at least 0, got -1"),
        ({"record": RECORD | {"loss": float("nan")}}, ValueError, "not JSON compliant"),
        ({"record": RECORD | {"loss": np.float32(1)}}, TypeError, "not JSON serializable"),
        ({"model": T5(T5Config(30, 12, 20, 1, n_heads=3))}, TypeError, "must be a GPT or a BERT, got a T5"),
        ({"tokenizer": toy_models.WordPiece(["[UNK]"])}, ValueError, r"must have the model's \d+ ids, got 1"),
        (
            {"model": GPT(GPTConfig(len(toy_models.PIECES), 8, 16, 1, 2, eos_id=1))},
            ValueError,
            "must have a bos_id and an eos_id, got None and 1",
        ),
    ],
)
def test_what_cannot_be_saved_leaves_the_folder_as_it_was(change: dict, error, message: str, tmp_path):
    arguments = {"model": gpt(), "tokenizer": wordpiece(), "record": RECORD}
    toy.save_toy(tmp_path, **arguments)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    with pytest.raises(error, match=message):
        toy.save_toy(tmp_path, **(arguments | change))
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


# -- finding ----------------------------------------------------------------------------------------


def test_a_name_is_a_folder_first_and_an_installed_model_otherwise(installed, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert toy.resolve("toy-gpt") == toy.toy_folder("toy-gpt") == installed / "toy-gpt"
    Path("toy-gpt").write_text("a file is no model", encoding="utf-8")
    assert toy.resolve("toy-gpt") == installed / "toy-gpt"
    Path("toy-gpt").unlink()
    Path("toy-gpt").mkdir()
    assert toy.resolve("toy-gpt") == Path("toy-gpt")
    with pytest.raises(CheckpointError, match=r"toy-gpt is not a checkpoint in Hugging Face's layout"):
        text.load("toy-gpt")
    for name in ("toy-gpt/", "../installed/toy-gpt", ".", "", "toy-gpt/config.json", "TOY-GPT"):
        with pytest.raises(CheckpointError, match="no model named"):
            toy.toy_folder(name)


def test_a_folder_without_a_config_is_no_installed_model(installed):
    (installed / "toy-gpt" / "config.json").unlink()
    assert toy.installed() == ["toy-bert"]
    with pytest.raises(CheckpointError, match="no model named toy-gpt is installed\ninstalled models:\n  toy-bert "):
        toy.toy_folder("toy-gpt")


def test_the_listing_says_what_each_model_is(installed):
    sizes = [f"{model.num_parameters():,} parameters" for model in (toy_models.bert(), gpt())]
    assert toy.listing().splitlines() == [
        "installed models:",
        f"  toy-bert         BERT, {sizes[0]}, 1,234,567 tokens read, seed 3",
        f"  toy-gpt          GPT, {sizes[1]}, 1,234,567 tokens read, seed 3",
    ]


@pytest.mark.parametrize("record", ["", "[]", "{}", '{"parameters": 1, "tokens_read": "2", "seed": 3}', None])
def test_a_damaged_record_is_named(record: str | None, installed):
    path = installed / "toy-bert" / "training.json"
    path.unlink() if record is None else path.write_text(record, encoding="utf-8")
    with pytest.raises(CheckpointError, match=r"toy-bert.training\.json"):
        toy.listing()


@pytest.mark.parametrize("command", [["generate", "x"], ["generate"], ["fill", "x [MASK]"], ["embed"]])
@pytest.mark.parametrize("model", [None, "toy-ggt"])
def test_a_missing_or_wrong_name_lists_what_is_installed(command, model, installed, capsys, monkeypatch):
    monkeypatch.setattr(commands, "_read", lambda file: "x")
    assert main([*command, *([] if model is None else ["--model", model])]) == 2
    problem = "--model: expected a folder or the name of an installed model, got none"
    if model is not None:
        problem = "there is no folder toy-ggt, and no model of that name is installed"
    assert capsys.readouterr() == ("", f"error: {problem}\n{toy.listing()}\n")


def test_without_a_command_the_models_are_listed(installed, capsys):
    assert main([]) == 0
    printed = capsys.readouterr().out
    assert printed.startswith("usage: python -m models ")
    assert printed.endswith(f"\n\n{toy.listing()}\n")


# -- installing -------------------------------------------------------------------------------------


def test_a_wheel_has_the_files_of_a_toy_model():
    settings = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"]
    patterns = settings["package-data"]["models"]
    for file in FILES:
        path = toy.INSTALLED.relative_to(PROJECT / "models") / "toy-gpt" / file
        assert any(path.match(pattern) and len(path.parts) == pattern.count("/") + 1 for pattern in patterns)


@pytest.mark.parametrize("name", toy.installed())
def test_an_installed_model_is_complete_and_has_the_vocabulary_of_all(name: str):
    folder = toy.toy_folder(name)
    assert sorted(path.name for path in folder.iterdir()) == FILES
    model, tokenizer = text.load(name)
    record = toy.read_record(folder)
    assert record["parameters"] == model.num_parameters()
    assert [tokenizer.vocab[id] for id in range(9)] == toy_models.BEFORE_SENTINELS
    assert tokenizer.vocab[9] == "<extra_id_0>"
    assert tokenizer.vocab == text.load(toy.installed()[0])[1].vocab
    assert tokenizer.ids["[UNK]"] not in tokenizer.encode("q z xyzzy .")  # any word can be spelt
    if isinstance(model, GPT):
        assert [tokenizer.vocab[id] for id in (model.config.bos_id, model.config.eos_id)] == ["[START]", "</s>"]


def test_the_four_models_are_installed():
    assert toy.installed() == ["toy-bert", "toy-bert-large", "toy-gpt", "toy-gpt-large"]


def test_the_installed_models_are_small():
    assert sum(path.stat().st_size for path in toy.INSTALLED.rglob("*") if path.is_file()) < 12e6
