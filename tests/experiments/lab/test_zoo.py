"""The zoo: two tables that ask for the same recipe train it once, whoever runs them, and however often at a time."""

import dataclasses
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from experiments.evidence.results import load
from experiments.lab import zoo
from experiments.lab.objectives import CausalLM
from experiments.lab.pretraining import Pretraining
from experiments.lab.word_vectors import SkipGramSettings
from experiments.lab.worlds import Reading
from experiments.lab.zoo import Architecture, Recipe, WordVectorRecipe, causal_lm
from experiments.running.contract import Request
from experiments.running.jobs import Processes
from experiments.running.run import run_one, run_spread
from experiments.running.work import Work
from models.gpt import GPT, GPTConfig
from models.lstm_lm import LSTMConfig, LSTMLanguageModel
from tests.experiments import zoo_tables
from tests.experiments.zoo_tables import first, second

READING = Reading(n_tokens=256, batch_size=2, context=16, vocab_size=280)
DECODER = Architecture(GPT, GPTConfig(280, 16, d_model=8, n_layers=1, n_heads=2))
RECIPE = Recipe(DECODER, causal_lm, READING, Pretraining(steps=3, lr=1e-2))
VECTORS = WordVectorRecipe(6, READING, SkipGramSettings(lr=1e-2, batch_size=64))


@dataclass(frozen=True)
class Seeded:
    """An objective with a number to choose: windows of another seed."""

    shift: int

    def __call__(self, reading: Reading, seed: int) -> CausalLM:
        return CausalLM(reading.windows(seed + self.shift))


@pytest.fixture
def work(request_for) -> Work:
    """The work of a table that asks the zoo for nothing by itself."""
    return Work(request_for())


# -- recipes ----------------------------------------------------------------------------------------


def test_a_checkpoint_of_the_zoo_is_loaded_as_it_was_trained(work):
    start = zoo.pretrained(work, RECIPE, 0)
    assert start.record["targets"] == 3 * 2 * 16
    assert 0 < start.record["losses"][-1] < 2 * start.record["unigram_entropy"]
    model, other = zoo.load(RECIPE, start, 0), RECIPE.untrained(280, 0)
    assert isinstance(model, GPT)
    assert model.config.d_model == 8
    assert all((one != two).any() for one, two in zip(weights(model), weights(other), strict=True))


def weights(model: GPT) -> list[np.ndarray]:
    return [array for name, array in model.state_dict().items() if array.ndim == 2]


def test_word_vectors_are_a_recipe_too(work):
    start = zoo.pretrained(work, VECTORS, 0)
    assert start.record["pairs"] > 0
    assert zoo.load(VECTORS, start, 0).centre.weight.shape[1] == 6


def test_the_vocabulary_has_the_size_of_the_tokenizer():
    reading = dataclasses.replace(READING, vocab_size=100_000)  # more tokens than the text yields
    recipe = dataclasses.replace(RECIPE, reading=reading)
    found = reading.of(0).tokenizer.vocab_size
    assert found < 100_000
    assert len(recipe.untrained(found, 0).token_embedding.weight) == found


def test_recipes_have_names_that_tell_them_apart():
    assert RECIPE.name == "GPT, width 8, layers 1, causal_lm, 3 steps, learning rate 0.01"
    assert VECTORS.name == "word vectors, width 6, 256 tokens, learning rate 0.01"


def test_everything_that_decides_what_is_learnt_makes_another_checkpoint(work):
    recipes = [
        RECIPE,
        dataclasses.replace(RECIPE, reading=dataclasses.replace(READING, batch_size=4)),
        dataclasses.replace(RECIPE, training=Pretraining(steps=3, lr=1e-3)),
        dataclasses.replace(RECIPE, objective=Seeded(1)),
        dataclasses.replace(RECIPE, objective=Seeded(2)),
        dataclasses.replace(RECIPE, architecture=Architecture(GPT, dataclasses.replace(DECODER.config, n_layers=2))),
        dataclasses.replace(RECIPE, architecture=Architecture(LSTMLanguageModel, LSTMConfig(280, d_model=8))),
        VECTORS,
    ]
    folders = {zoo.pretrained(work, recipe, 0, f"recipe {i}").folder for i, recipe in enumerate(recipes)}
    folders.add(zoo.pretrained(work, RECIPE, 1, "another seed").folder)
    assert len(folders) == len(recipes) + 1


def test_a_recipe_with_a_lambda_is_refused(work):
    recipe = dataclasses.replace(RECIPE, objective=lambda reading, seed: CausalLM(reading.windows(seed)))
    with pytest.raises(
        TypeError, match=r"a checkpoint cannot be named after <function .*: define a function at the top"
    ):
        zoo.pretrained(work, recipe, 0)


# -- two tables -------------------------------------------------------------------------------------


@pytest.fixture
def trained(fake, tmp_path, monkeypatch) -> Path:
    """A file with a line for each training that begins, in whatever process."""
    monkeypatch.setenv(zoo_tables.LOG, str(tmp_path / "trained"))
    (tmp_path / "trained").touch()
    return tmp_path / "trained"


TABLES = [Request(table.__name__) for table in (first, second)]


def test_two_tables_that_ask_for_the_same_recipe_train_it_once(trained):
    found = [load(run_one(request)) for request in TABLES]
    assert trained.read_text(encoding="utf-8").split() == ["0", "1"]  # a line for each seed
    assert [result.experiment for result in found] == ["first", "second"]
    assert found[0].lecture_says == found[1].lecture_says != ""
    assert [result.cells[0].name for result in found] == ["pretraining", "the decoder's start"]


def test_both_tables_are_spread_over_processes_and_train_it_once(trained):
    with Processes(2) as processes:
        run_spread(TABLES, processes.compute, 2)
    assert sorted(trained.read_text(encoding="utf-8").split()) == ["0", "1"]


def start_program(request: Request) -> subprocess.Popen[str]:
    """A program that computes a table's cells, and knows of no other."""
    code = f"from experiments.running.work import Request, Work; Work(Request({request.module!r})).run_table()"
    return subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.PIPE, encoding="utf-8")


@pytest.mark.skipif(sys.platform == "win32", reason="files are not locked there")
def test_both_tables_are_run_by_two_programs_at_once_and_train_it_once(trained):
    programs = [start_program(request) for request in TABLES]
    said = [program.communicate(timeout=120)[1] for program in programs]
    assert [program.returncode for program in programs] == [0, 0], said
    assert sorted(trained.read_text(encoding="utf-8").split()) == ["0", "1"]
    assert "waiting for another process: it is training" in "".join(said)


def test_a_program_that_is_killed_leaves_no_lock(trained):
    program = start_program(TABLES[0])
    while not trained.read_text(encoding="utf-8"):
        assert program.poll() is None
    program.kill()
    program.communicate()
    run_one(TABLES[1])
    assert trained.read_text(encoding="utf-8").split() == ["0", "0", "1"]
