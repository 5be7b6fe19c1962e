"""The zoo: two tables that ask for the same recipe train it once, whoever runs them, and however often at a time."""

import dataclasses
import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from experiments.evidence.results import load
from experiments.lab import recipes, zoo
from experiments.lab.document_objectives import DocumentLM
from experiments.lab.pretraining import CutShort, kept
from experiments.lab.recipes import Architecture, MaskedLM
from experiments.lab.word_vectors import SkipGramSettings
from experiments.lab.worlds import Reading, fingerprint_of
from experiments.running.contract import Request
from experiments.running.jobs import Processes
from experiments.running.run import run_one, run_spread
from experiments.running.work import CellName, Plan, Work
from experiments.text.toy_world.genres import numbers
from experiments.text.toy_world.vocabulary import tokenizer
from minigrad import load_checkpoint
from models.gpt import GPT
from models.lstm_lm import LSTMConfig, LSTMLanguageModel
from models.pretrained import toy
from tests.experiments import zoo_tables
from tests.experiments.tiny_zoo import READING, TINY
from tests.experiments.zoo_tables import first, second

RECIPE = TINY.gpt


@pytest.fixture(autouse=True)
def few_probes(monkeypatch):
    """Two blanks of each kind, because drawing them is most of a tiny training; and no fingerprint is remembered."""
    monkeypatch.setattr(recipes, "N_PROBES", 2)
    yield
    fingerprint_of.cache_clear()


@pytest.fixture
def work(request_for) -> Work:
    """The work of a table that asks the zoo for nothing by itself."""
    return Work(request_for())


def weights(model: Any) -> dict[str, np.ndarray]:
    return {name: np.array(array) for name, array in model.state_dict().items()}


def same(one: Any, other: Any) -> bool:
    """Whether two models have the same weights, bit for bit."""
    ours, theirs = weights(one), weights(other)
    return ours.keys() == theirs.keys() and all(np.array_equal(ours[name], theirs[name]) for name in ours)


# -- checkpoints ------------------------------------------------------------------------------------


def test_a_checkpoint_of_the_zoo_is_loaded_as_it_was_trained(work):
    recipe = dataclasses.replace(RECIPE, training=dataclasses.replace(RECIPE.training, keep_at=(200, 10_000)))
    start = zoo.pretrained(work, recipe, 0)
    documents = READING.documents(0)
    targets = [int(documents.batch(step)[1][:, 1:].sum()) for step in range(4)]
    assert [look["targets"] for look in start.record["probes"]] == np.cumsum(targets).tolist()
    assert start.record["text"] == READING.fingerprint(0)
    assert 0 < start.record["losses"][-1] < 2 * start.record["unigram_entropy"]

    model = zoo.load(recipe, start, 0)
    assert isinstance(model, GPT)
    assert not same(model, recipe.untrained(0))
    early, late = recipe.untrained(0), recipe.untrained(0)
    saved = load_checkpoint(kept(start.folder, 200), early)
    assert (saved.step, saved.metadata) == (2, {"targets": sum(targets[:2])})
    assert targets[0] < 200 <= sum(targets[:2])
    load_checkpoint(start.folder / "model.safetensors", late)
    assert same(model, late)
    assert not same(early, late)
    assert not kept(start.folder, 10_000).exists()


def test_a_member_along_its_training_has_the_nearest_weights_that_were_kept(work, tmp_path):
    training = dataclasses.replace(RECIPE.training, keep_at=(200,), probe_every=1)
    recipe = dataclasses.replace(RECIPE, training=training)
    start = zoo.pretrained(work, recipe, 0)
    end = start.record["targets"]
    for targets, steps in ((1, 2), (250, 2), (end, 4), (9 * end, 4)):
        folder = tmp_path / str(targets)
        folder.mkdir()
        record = zoo.at_targets(folder, recipe, start, targets, 0)
        assert record["steps"] == steps
        assert record["probes"] == start.record["probes"][:steps]
        assert record["targets"] == record["probes"][-1]["targets"]
        assert record["tokens_read"] == round(start.record["tokens_read"] * steps / 4)
        expected, found = recipe.untrained(0), recipe.untrained(0)
        load_checkpoint(kept(start.folder, 200) if steps == 2 else start.folder / "model.safetensors", expected)
        load_checkpoint(folder / "model.safetensors", found)
        assert same(expected, found)


@pytest.mark.parametrize("name", TINY.members)
def test_every_member_is_trained_and_loaded(work, name):
    member = TINY.members[name]
    start = zoo.pretrained(work, member, 0)
    assert not same(zoo.load(member, start, 0), member.untrained(0))
    assert list(work.cells) == [CellName(f"pretraining: {member.name}", 0)]


def test_an_encoders_targets_are_fewer_and_elmos_are_twice_as_many(work):
    gpt, bert, elmo = (zoo.pretrained(work, member, 0).record["targets"] for member in (TINY.gpt, TINY.bert, TINY.elmo))
    assert elmo == 2 * gpt
    assert 0 < bert < gpt / 2


# -- which checkpoint it is -------------------------------------------------------------------------


@dataclass(frozen=True)
class Shifted:
    """An objective with a number to choose: the text of another seed."""

    by: int

    def __call__(self, reading: Reading, seed: int) -> DocumentLM:
        return DocumentLM(reading.documents(seed + self.by))


def folders(request: Request, *wanted: tuple[zoo.Pretrained, int]) -> list[str]:
    """The folders of checkpoints, without training them."""
    found = []
    for recipe, seed in wanted:
        plan = Plan(request)
        zoo.pretrained(plan, recipe, seed)
        found += [path.parent.name for path in plan.ready]
    return found


def test_everything_that_decides_what_is_learnt_makes_another_checkpoint(request_for):
    def changed(**changes: Any) -> tuple[zoo.Pretrained, int]:
        return dataclasses.replace(RECIPE, **changes), 0

    config, training = RECIPE.architecture.config, RECIPE.training
    wanted = [
        (RECIPE, 0),
        (RECIPE, 1),
        changed(reading=dataclasses.replace(READING, n_tokens=4_000)),
        changed(reading=dataclasses.replace(READING, batch_tokens=300)),
        changed(reading=dataclasses.replace(READING, without=("games",))),
        changed(training=dataclasses.replace(training, lr=1e-3)),
        changed(training=dataclasses.replace(training, steps=5)),
        changed(training=dataclasses.replace(training, keep_at=(7,))),
        changed(training=CutShort(**vars(training), stop=2)),
        changed(training=CutShort(**vars(training), stop=3)),
        changed(objective=Shifted(1)),
        changed(objective=Shifted(2)),
        changed(objective=MaskedLM(rate=0.3)),
        changed(objective=MaskedLM(rate=0.3, too_easy=("the",))),
        changed(fill=zoo.at_the_mask),
        changed(architecture=Architecture(GPT, dataclasses.replace(config, n_layers=2))),
        changed(architecture=Architecture(LSTMLanguageModel, LSTMConfig(zoo.VOCAB_SIZE, d_model=8))),
        (TINY.vectors, 0),
        (dataclasses.replace(TINY.vectors, training=SkipGramSettings(1e-3)), 0),
    ]
    assert len(set(folders(request_for(), *wanted))) == len(wanted)
    again = dataclasses.replace(RECIPE, reading=Reading(3_000, 200))
    assert folders(request_for(), (again, 0)) == folders(request_for(), (RECIPE, 0))


def test_a_genre_that_changes_makes_another_checkpoint(request_for, monkeypatch):
    before, write = folders(request_for(), (RECIPE, 0)), numbers.write
    monkeypatch.setattr(numbers, "write", lambda facts, dice: [*write(facts, dice), "1, 2."])
    fingerprint_of.cache_clear()  # another process
    assert folders(request_for(), (RECIPE, 0)) != before


def test_a_recipe_with_a_lambda_is_refused(work):
    recipe = dataclasses.replace(RECIPE, objective=lambda reading, seed: DocumentLM(reading.documents(seed)))
    with pytest.raises(
        TypeError, match=r"a checkpoint cannot be named after <function .*: define a function at the top"
    ):
        zoo.pretrained(work, recipe, 0)


def test_a_description_is_json_and_tells_recipes_apart():
    described = zoo.described(TINY.bert)
    assert json.loads(json.dumps(described)) == described
    assert described["architecture"]["model"] == "models.bert.BERT"
    assert described["architecture"]["config"]["d_model"] == 8
    assert described["objective"]["rate"] == 0.25
    assert described["fill"] == "experiments.lab.filling.at_the_mask"
    assert described["reading"] == {"n_tokens": 3000, "batch_tokens": 200, "without": []}
    assert zoo.described(TINY.gpt)["objective"] == "experiments.lab.recipes.causal_lm"
    texts = {json.dumps(zoo.described(member), sort_keys=True) for member in TINY.members.values()}
    assert len(texts) == len(TINY.members) == 7


# -- installed checkpoints --------------------------------------------------------------------------


@pytest.fixture
def installed(monkeypatch, tmp_path) -> Path:
    """The tiny zoo in place of the full one, and a GPT of seed 0 that comes with the package."""
    monkeypatch.setattr(toy, "INSTALLED", tmp_path / "installed")
    monkeypatch.setattr(zoo, "FULL", TINY)
    record = {
        "recipe": zoo.described(TINY.gpt),
        "text": READING.fingerprint(0),
        "tokens_read": 3000,
        "seed": 0,
    }
    toy.save_toy(tmp_path / "installed" / "toy-gpt", TINY.gpt.untrained(5), tokenizer(), record)
    return tmp_path / "installed" / "toy-gpt"


def change_record(folder: Path, **changes: Any) -> None:
    path = folder / toy.RECORD
    path.write_text(json.dumps(json.loads(path.read_text("utf-8")) | changes), "utf-8")


def test_the_installed_checkpoint_is_used_for_seed_0(work, installed):
    start = zoo.pretrained(work, TINY.gpt, 0, "GPT")
    assert start.folder == installed
    assert start.record["tokens_read"] == 3000
    assert same(zoo.load(TINY.gpt, start, 0), TINY.gpt.untrained(5))
    cell = work.cells[CellName("GPT", 0)]
    assert (cell.seconds, cell.value) == (0.0, start.record)
    assert not work.checkpoints.exists()
    assert work.came_with_the_package == ["toy-gpt"]


def test_a_plan_knows_the_installed_checkpoint(request_for, installed):
    plan = Plan(request_for())
    assert zoo.pretrained(plan, TINY.gpt, 0).folder == installed
    assert plan.ready == {}


def test_fresh_trains_it_anew(request_for, installed):
    work = Work(dataclasses.replace(request_for(), fresh=True))
    start = zoo.pretrained(work, TINY.gpt, 0)
    assert start.folder.parent == work.checkpoints
    assert not same(zoo.load(TINY.gpt, start, 0), TINY.gpt.untrained(5))


def test_it_is_not_used_for_another_seed_recipe_or_text(request_for, installed, monkeypatch):
    def is_used(recipe: zoo.Pretrained = TINY.gpt, seed: int = 0) -> bool:
        return folders(request_for(), (recipe, seed)) == []

    assert is_used()
    assert not is_used(seed=1)
    assert not is_used(TINY.gpt_large)  # is a member, but not installed
    assert not is_used(dataclasses.replace(TINY.gpt, training=dataclasses.replace(TINY.gpt.training, lr=0.1)))
    whole = json.loads((installed / toy.RECORD).read_text("utf-8"))
    change_record(installed, recipe=zoo.described(TINY.gpt_large))
    assert not is_used()
    change_record(installed, recipe=whole["recipe"], text="of a world that has changed since")
    assert not is_used()
    change_record(installed, **whole)
    assert is_used()


def test_the_names_of_members_are_those_of_the_installed_models():
    assert list(TINY.members) == [
        *("toy-gpt", "toy-gpt-large", "toy-bert", "toy-bert-large", "toy-elmo", "toy-lstm", "toy-vectors"),
    ]
    assert TINY.name_of(TINY.bert_large) == "toy-bert-large"
    assert zoo.FULL.name_of(TINY.gpt) is None


def test_every_member_of_a_zoo_reads_the_same():
    assert {member.reading for member in zoo.FULL.members.values()} == {zoo.FULL.gpt.reading}
    trainings = [member.training for member in zoo.FULL.members.values() if isinstance(member, recipes.Recipe)]
    assert len({(each.steps, each.warmup, each.weight_decay, each.keep_at) for each in trainings}) == 1


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
