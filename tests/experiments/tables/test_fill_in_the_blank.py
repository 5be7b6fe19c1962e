"""Fill in the blank: counts by hand, when a skill arrives, and the whole table with a tiny zoo."""

from typing import Any

import numpy as np
import pytest

from experiments.evidence.grid import Grid
from experiments.lab import recipes, zoo
from experiments.lab.worlds import START_ID, Reading
from experiments.running.contract import Request
from experiments.running.work import CellName, Work
from experiments.tables import fill_in_the_blank
from experiments.tables.fill_in_the_blank import findings
from experiments.tables.fill_in_the_blank.findings import arrival, arrival_table
from experiments.tables.fill_in_the_blank.systems import (
    COUNTING,
    DECODER,
    ENCODER,
    PRETRAINED,
    SETS,
    UNIGRAM,
    Counts,
    Settings,
    recipe_of,
)
from experiments.text.toy_world.tasks.blanks import CLUE_BEFORE, SKILLS, Blank, draw
from experiments.text.toy_world.vocabulary import CLS, MASK, SEP, START, tokenizer
from experiments.text.toy_world.world import World
from minigrad import load_checkpoint, no_grad
from tests.experiments.tiny_zoo import TINY

IDS = tokenizer().ids
TINY_SETTINGS = Settings(seeds=2, n_blanks=8, n_counted=2_000, zoo=TINY)

# -- counting ---------------------------------------------------------------------------------------

TEXT = np.array(tokenizer().encode("[START] the dog saw the bird. the dog is big."), np.uint16)
BLANKS = [Blank("adam saw the", ".", ("dog", "bird")), Blank("adam is", ".", ("the", "big")), Blank("", ".", ("the",))]


def test_unigram_counts_by_hand():
    shares = Counts(TEXT).unigram(BLANKS)
    assert shares.shape == (3, tokenizer().vocab_size)
    for word, count in {"the": 3, "dog": 2, "bird": 1, "is": 1, ".": 2, "adam": 0}.items():
        assert shares[:, IDS[word]].tolist() == pytest.approx([count / 12] * 3)


def test_bigram_counts_by_hand_and_by_frequency_where_there_is_none():
    counts = Counts(TEXT).bigram(BLANKS)
    assert np.floor(counts[0, [IDS["dog"], IDS["bird"], IDS["saw"]]]).tolist() == [2, 1, 0]  # behind "the"
    assert counts[0, IDS["."]] > counts[0, IDS["saw"]] > counts[0, IDS["adam"]] == 0
    assert np.floor(counts[1, [IDS["big"], IDS["the"]]]).tolist() == [1, 0]  # behind "is"
    assert IDS[START] == START_ID
    assert np.floor(counts[2, [IDS["the"], IDS["dog"]]]).tolist() == [1, 0]  # at the beginning


# -- arrival ----------------------------------------------------------------------------------------


def looks(*values: float) -> list[dict[str, Any]]:
    """Probes of all kinds with these values, at 1, 2, 3, … million targets."""
    kinds = (*CLUE_BEFORE, *SKILLS)
    return [
        {"steps": 10 * i, "targets": 1_000_000 * i} | dict.fromkeys(kinds, value) for i, value in enumerate(values, 1)
    ]


def test_a_skill_arrives_when_it_is_learnt_for_the_first_time():
    assert arrival(looks(0.1, 0.9, 0.3, 1.0), "fact")["targets"] == 2_000_000
    assert arrival(looks(0.1, 0.89), "fact") is None
    assert arrival([], "fact") is None


def test_a_skill_that_a_seed_has_not_learnt_has_no_entry():
    learnt = [{"probes": looks(0.5, 0.95)}, {"probes": looks(0.5, 0.5, 0.5, 1.0)}]
    records = dict.fromkeys(PRETRAINED, learnt) | {DECODER: [learnt[0], {"probes": looks(0.1)}]}
    table = arrival_table(records)
    assert table.columns == ["skill", *PRETRAINED]
    assert [row[0] for row in table.rows] == [*CLUE_BEFORE, *SKILLS]
    for row in table.rows:
        entries = dict(zip(PRETRAINED, row[1:], strict=True))
        assert entries.pop(DECODER) is None
        assert list(entries.values()) == [[2.0, 4.0]] * 5


# -- the table --------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """The table's work and result, with two seeds of the tiny zoo."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MINIGRAD_CACHE", str(tmp_path_factory.mktemp("cache")))
        patch.setattr(recipes, "N_PROBES", 2)
        patch.setattr(fill_in_the_blank, "PRESETS", {"quick": TINY_SETTINGS})
        work = Work(Request(fill_in_the_blank.__name__))
        yield work, work.run_table()


def test_it_has_a_cell_for_each_system_and_seed(finished):
    work, _ = finished
    counted = {CellName(system, seed) for system in COUNTING for seed in (0, 1)}
    trained = {CellName(f"pretraining: {system}", seed) for system in PRETRAINED for seed in (0, 1)}
    filled = {CellName(f"blanks: {system}", seed) for system in PRETRAINED for seed in (0, 1)}
    assert set(work.cells) == counted | trained | filled


def test_its_tables_claims_and_figures(finished):
    work, result = finished
    *sides, arrivals = result.tables
    for (side, kinds), table in zip(SETS.items(), sides, strict=True):
        assert table.columns == ["system", *kinds]
        assert [row[0] for row in table.rows] == [*COUNTING, *PRETRAINED]
        for system, *entries in table.rows:
            key = system if system in COUNTING else f"blanks: {system}"
            values = [work.cells[CellName(key, seed)].value[side] for seed in (0, 1)]
            assert entries == [[100 * each[kind] for each in values] for kind in kinds]
    assert len(arrivals.rows) == 17
    assert [claim.id for claim in result.claims] == ["beats-counting", "encoder-sees-both-sides"]
    assert list(work.figures) == ["learning-curves", "learning-curves-by-targets", "arrivals"]
    assert all("<svg" in drawing for drawing, _ in work.figures.values())
    assert result.parameters == {s: recipe_of(s, TINY_SETTINGS).untrained(0).num_parameters() for s in PRETRAINED}
    assert set(result.tokens.values()) == {sum(TINY.gpt.tokens_read(seed) for seed in (0, 1))}  # all read the same
    assert set(result.configs) == set(PRETRAINED)


@pytest.mark.parametrize("system", [DECODER, ENCODER])
def test_a_seeds_accuracies_are_those_of_its_model_on_test_blanks(finished, system):
    work, _ = finished
    recipe = recipe_of(system, TINY_SETTINGS)
    model = recipe.untrained(1).eval()
    start = zoo.pretrained(Work(work.request), recipe, 1)
    load_checkpoint(start.folder / "model.safetensors", model)
    found = work.cells[CellName(f"blanks: {system}", 1)].value
    for side, kinds in SETS.items():
        for kind in kinds:
            blanks = draw(World(1), kinds, kind, 8, "test")
            right = [best(model, system, blank) == blank.choices[0] for blank in blanks]
            assert found[side][kind] == np.mean(right), (side, kind)
    assert len({value for values in found.values() for value in values.values()}) > 3


def best(model: Any, system: str, blank: Blank) -> str:
    """The choice that a model prefers, one blank at a time."""
    words = tokenizer().encode
    with no_grad():
        if system == DECODER:
            logits = model(np.array([words(f"{START} {blank.before}")])).numpy()[0, -1]
        else:
            ids = words(f"{CLS} {blank.before} {MASK} {blank.after} {SEP}")
            logits = model.masked_lm_logits(model(np.array([ids]))).numpy()[0, ids.index(IDS[MASK])]
    return max(blank.choices, key=lambda word: logits[IDS[word]])


def test_counting_is_right_as_often_as_its_choices_are_the_most_frequent(finished):
    work, _ = finished
    text = TINY_SETTINGS.zoo.gpt.reading.ids(0)
    assert len(text) > TINY_SETTINGS.n_counted  # counted is another, shorter reading of the same documents
    counted = text[: len(Reading(2_000).ids(0))].tolist()
    for kind in CLUE_BEFORE:
        right = 0
        for blank in draw(World(0), CLUE_BEFORE, kind, 8, "test"):
            first, *others = (counted.count(IDS[word]) for word in blank.choices)
            right += first > max(others)
        assert work.cells[CellName(UNIGRAM, 0)].value["clue before"][kind] == right / 8


def test_the_better_count_is_chosen_for_each_kind():
    grid = Grid()
    for system, value in ((COUNTING[0], 0.2), (COUNTING[1], 0.3)):
        grid[system, "clue before"].append({"fact": value, "topic": 1 - value})
    assert findings.best_count(grid, "fact") == COUNTING[1]
    assert findings.best_count(grid, "topic") == COUNTING[0]


@pytest.mark.parametrize("name", ["seeds", "n_blanks", "n_counted", "n_threads"])
def test_settings_of_nothing_are_refused(name):
    with pytest.raises(ValueError, match=f"{name} must be at least 1, got 0"):
        Settings(**{"seeds": 1, "n_blanks": 1, "n_counted": 1, "zoo": TINY, name: 0})
