"""GPT on natural language inference, with a zoo that has learnt next to nothing."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from experiments.evidence.grid import Grid
from experiments.evidence.results import Result
from experiments.lab import recipes, worlds, zoo
from experiments.lab.finetuning import Finetuning, evaluate
from experiments.lab.worlds import Reading
from experiments.running.contract import Request
from experiments.running.work import Checkpoint, Work
from experiments.tables import gpt_nli_table
from experiments.tables.gpt_nli_table import measures, multi_task, scores, systems
from experiments.tables.gpt_nli_table.findings import judge
from experiments.tables.gpt_nli_table.scores import FIRST_SPLIT, NEW_WORDS, SEEN
from experiments.tables.gpt_nli_table.systems import (
    COLUMNS,
    FIVE,
    LM,
    MULTI_TASK,
    NO_GAMES,
    ONE,
    ROWS,
    SEEN_WORDS,
    TASKS,
    Settings,
)

TINY = Settings(
    seeds=2,
    splits=2,
    seeds_without_games=1,
    mnli=160,
    lm_steps=2,
    elmo_steps=2,
    multi_task_steps=5,
    lm_lrs=(1e-3, 1e-2),
    elmo_lrs=(1e-3, 1e-2),
    multi_task_lrs=(1e-3, 1e-2),
    zoo=zoo.zoo(Reading(3000), steps=3, small=(8, 1, 2), large=(8, 1, 2)),
    n_models=2,
    hidden_size=4,
    n_dev=6,
    n_test=8,
)


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Work]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(gpt_nli_table.PRESETS, "quick", TINY)
        patch.setattr(recipes, "N_PROBES", 1)
        patch.setenv("MINIGRAD_CACHE", str(tmp_path_factory.mktemp("work")))
        yield Work(Request("experiments.tables.gpt_nli_table"))
    worlds.text_of.cache_clear()


@pytest.fixture(scope="module")
def result(work: Work) -> Result:
    return gpt_nli_table.run(TINY, work)


def start_of(row: str, work: Work, seed: int = 0) -> Checkpoint:
    return zoo.pretrained(Work(work.request), systems.system_of(row, TINY).recipe, seed)


# -- the table --------------------------------------------------------------------------------------


def test_every_row_has_a_value_for_each_seed_in_every_column(result: Result):
    accuracy = result.tables[0]
    assert accuracy.columns[1:] == ["MNLI-m", "MNLI-mm", "SNLI", "SciTail", "QNLI", "RTE"]
    assert [row[0] for row in accuracy.rows] == [*ROWS, NO_GAMES]
    counts = {row[0]: [entry and len(entry) for entry in row[1:]] for row in accuracy.rows}  # type: ignore[arg-type]
    assert counts[FIVE] == [None, None, 2, None, None, None]
    assert counts[ONE] == counts[MULTI_TASK] == counts[LM] == [2] * 6
    assert counts[NO_GAMES] == [1, 1, None, None, None, None]


def test_the_lectures_figures_are_beside_ours(result: Result):
    beside = {row[0]: row[1:] for row in result.tables[0].lecture}
    assert beside[LM] == [82.1, 81.4, 89.9, 88.3, 88.1, 56.0]
    assert beside[MULTI_TASK] == [72.2, 72.1, None, None, 82.1, 61.7]
    assert beside[NO_GAMES] == [None] * 6


def test_training_sets_are_in_the_proportions_of_the_real_ones(result: Result):
    assert result.tables[1].rows == [["training examples", 160, 224, 9, 44, 1]]
    assert result.tables[1].lecture == [["training examples", 393_000, 550_000, 23_100, 108_000, 2_500]]
    assert {name: len(systems.task_of(name, TINY, 0, 0).train) for name in TASKS} == systems.train_sizes(TINY)


def test_a_value_is_the_mean_over_the_splits_of_a_seed(result: Result, work: Work):
    rte = [work.cells[(f"{LM}: RTE, split {split}", 1)].value["scores"]["test"]["accuracy"] for split in (0, 1)]  # type: ignore[index]
    assert result.tables[0].rows[3][6][1] == pytest.approx(100 * np.mean(rte))  # type: ignore[index]
    mm = [
        work.cells[(f"{MULTI_TASK}: all tasks, split {split}", 0)].value["scores"]["MNLI"]["mismatched"]["accuracy"]  # type: ignore[index]
        for split in (0, 1)
    ]
    assert result.tables[0].rows[2][2][0] == pytest.approx(100 * np.mean(mm))  # type: ignore[index]


def test_the_average_and_what_is_compared_with_it_are_of_the_first_split(result: Result, work: Work):
    cells = [work.cells[(f"{ONE}: SNLI, split {split}", 1)].value for split in (0, 1)]  # type: ignore[index]
    assert ["averaged" in cell for cell in cells] == [True, False]
    assert not any("averaged" in cell.value for name, cell in work.cells.items() if ": MNLI" in name.key)
    average = cells[0]["averaged"]["test"]["accuracy"]
    assert result.tables[0].rows[0][3][1] == pytest.approx(100 * average)  # type: ignore[index]
    table = Grid()
    table[FIVE, "SNLI"].append({NEW_WORDS: 0.6, FIRST_SPLIT: 0.6})
    table[ONE, "SNLI"].append({NEW_WORDS: 0.4, FIRST_SPLIT: 0.5})
    table[LM, "SNLI"].append({NEW_WORDS: 0.9, FIRST_SPLIT: 0.8})
    assert scores.advantage(table, FIVE, ONE, "SNLI") == pytest.approx([0.1])
    assert scores.advantage(table, LM, FIVE, "SNLI") == pytest.approx([0.2])
    assert scores.advantage(table, LM, ONE, "SNLI") == pytest.approx([0.5])


def test_splits_have_other_words_and_examples():
    texts = [{e.text for e in systems.task_of("SNLI", TINY, seed, split).test} for seed in (0, 1) for split in (0, 1)]
    assert all(not texts[i] & texts[j] for i in range(4) for j in range(i))


def test_learning_rates_are_tried_once_a_seed_and_the_chosen_one_is_used_in_every_split(result: Result, work: Work):
    tried = [(row["system"], row["task"], row["seed"], row["learning rate"]) for row in result.sweep]
    rows = [(row, task, seed) for row in (ONE, LM) for task in TASKS for seed in (0, 1)]
    rows += [(MULTI_TASK, "all", 0), (MULTI_TASK, "all", 1), (NO_GAMES, "MNLI", 0)]
    assert sorted(tried) == sorted((*row, lr) for row in rows for lr in (1e-3, 1e-2))
    for name, cell in work.cells.items():
        if "split" in name.key:
            first = work.cells[(name.key.replace("split 1", "split 0"), name.seed)].value  # type: ignore[index]
            assert cell.value["lr"] == first["lr"]
            assert len(cell.value["trials"]) == (2 if name.key.endswith("split 0") else 1)


def test_the_last_row_reads_no_games_and_as_many_tokens():
    ours, theirs = (systems.system_of(row, TINY).recipe for row in (NO_GAMES, LM))
    assert ours.reading.without == ("games",)
    assert replace(ours, reading=theirs.reading) == theirs  # type: ignore[type-var]


def test_without_a_pretraining_without_games_there_is_no_such_row(work: Work):
    settings = replace(TINY, seeds_without_games=0)
    again = gpt_nli_table.run(settings, Work(work.request))
    assert [row[0] for row in again.tables[0].rows] == list(ROWS)
    assert NO_GAMES not in again.configs


def test_there_are_two_figures_each_with_a_caption(result: Result, work: Work):
    assert list(work.figures) == ["accuracy", "seen-words"]
    for svg, caption in work.figures.values():
        assert "<path" in svg
        assert caption.endswith(".")


def test_a_run_that_is_done_computes_nothing_and_says_the_same(result: Result, monkeypatch, work: Work):
    def fails(*_: object) -> dict[str, float]:
        raise AssertionError("computed again")

    monkeypatch.setattr(gpt_nli_table, "measure", fails)
    monkeypatch.setattr(gpt_nli_table, "measure_together", fails)
    again = gpt_nli_table.run(TINY, Work(work.request))
    assert (again.tables, again.claims, again.sweep) == (result.tables, result.claims, result.sweep)


# -- averaging --------------------------------------------------------------------------------------


def test_the_average_is_of_probabilities_and_not_of_votes(monkeypatch, work: Work):
    """Two models weakly prefer label 0, one is sure of label 2: the mean probability is highest for 2."""
    system, task = systems.system_of(ONE, TINY), systems.task_of("MNLI", TINY, 0, 0)
    of = {"weak": [0.5, 0.1, 0.4], "sure": [0.0, 0.0, 1.0]}
    monkeypatch.setattr(measures, "probabilities", lambda solver, way: np.tile(of[solver], (len(way), 1)))
    found = measures.averaged_scores(system, ["weak", "weak", "sure"], task)  # type: ignore[list-item]
    assert set(found) == {"test", "mismatched", "same words"}
    of_label = [np.mean([example.label == label for example in task.test]) for label in range(3)]
    assert found["test"]["accuracy"] == of_label[2] != of_label[0]


def test_probabilities_are_those_of_the_solvers_predictions_in_the_examples_order(work: Work, result: Result):
    system, task = systems.system_of(ONE, TINY), systems.task_of("MNLI", TINY, 0, 0)
    solver, way = system.solver(task, start_of(ONE, work), 5), system.encode(task, task.train[:30])
    found = measures.probabilities(solver, way, batch_size=7)
    assert found.shape == (30, 3)
    np.testing.assert_allclose(found.sum(axis=1), 1, rtol=1e-5)
    _, score = evaluate(solver, way)
    assert way.score(found.argmax(axis=1)) == score  # type: ignore[arg-type]


def test_the_models_of_the_average_differ_in_their_new_layers_and_the_first_is_the_single_one(
    monkeypatch, work: Work, result: Result
):
    solved, averaged = [], []
    solve = measures.solve

    def solve_spy(system, start, task, trials, seed, **options):
        solver, record = solve(system, start, task, trials, seed, **options)
        solved.append((seed, [settings.lr for settings in trials], solver, record))
        return solver, record

    monkeypatch.setattr(measures, "solve", solve_spy)
    monkeypatch.setattr(measures, "averaged_scores", lambda system, solvers, task: averaged.extend(solvers) or {})
    record = measures.measure(ONE, start_of(ONE, work), "SNLI", TINY, 0, 0, "cpu", None)
    assert [(seed, lrs) for seed, lrs, *_ in solved] == [(0, [1e-3, 1e-2]), (1000, [record["lr"]])]
    assert averaged == [solver for *_, solver, _ in solved]
    assert record["scores"] == solved[0][3]["scores"]
    states = [solver.state_dict() for solver in averaged]
    assert (states[0]["mlp.out.weight"] != states[1]["mlp.out.weight"]).any()


# -- several tasks in turn --------------------------------------------------------------------------


def together(work: Work, lr: float = 1e-2, steps: int = 12):
    tasks = {name: systems.task_of(name, TINY, 0, 0) for name in TASKS}
    system = systems.system_of(MULTI_TASK, TINY)
    return system, tasks, start_of(MULTI_TASK, work), Finetuning(lr, steps, look_every=steps)


def test_all_layers_but_the_mlps_are_shared(work: Work, result: Result):
    system, tasks, start, _ = together(work)
    solvers = multi_task.with_shared_layers(system, start, tasks, 0)
    mnli, rte = solvers["MNLI"], solvers["RTE"]
    for part in multi_task.SHARED:
        assert getattr(mnli, part) is getattr(rte, part)
    assert mnli.mlp is not rte.mlp  # type: ignore[attr-defined]
    own = {name.split(".")[0] for name, _ in mnli.named_parameters()} - set(multi_task.SHARED)
    assert own == {"mlp"}


def test_what_one_task_teaches_all_have(work: Work, result: Result, monkeypatch):
    """With only MNLI's turns, the shared layers move for RTE too, but neither its MLP nor the word vectors."""
    system, tasks, start, settings = together(work)
    monkeypatch.setattr(multi_task, "turns", lambda sizes, n_steps, seed: ["MNLI"] * n_steps)
    before = {
        name: s.copy() for name, s in multi_task.with_shared_layers(system, start, tasks, 0)["RTE"].state_dict().items()
    }
    after = multi_task.train_together(system, start, tasks, settings, 0)[0]["RTE"].state_dict()
    moved = {name.split(".")[0] for name in before if (before[name] != after[name]).any()}
    assert moved == {"encoder", "comparison"}


def test_every_task_keeps_the_weights_that_its_own_dev_set_prefers(work: Work, result: Result):
    system, tasks, start, settings = together(work)
    settings = replace(settings, look_every=3)
    solvers, looks = multi_task.train_together(system, start, tasks, settings, 0)
    assert {look["steps"] % 3 for look in looks.values()} == {0}
    for name, task in tasks.items():
        loss, score = evaluate(solvers[name], system.encode(task, task.dev))
        assert (loss, score) == (pytest.approx(looks[name]["loss"], rel=1e-5), looks[name]["score"])


def test_turns_are_in_proportion_to_the_square_root_of_the_sizes():
    drawn = multi_task.turns({"a": 1600, "b": 100}, 5000, seed=0)
    assert len(drawn) == 5000
    assert drawn.count("a") / 5000 == pytest.approx(40 / 50, abs=0.02)
    assert (
        drawn
        == multi_task.turns({"a": 1600, "b": 100}, 5000, seed=0)
        != multi_task.turns({"a": 1600, "b": 100}, 5000, 1)
    )


def test_dev_chooses_the_learning_rate_of_all_tasks_together(work: Work, result: Result, monkeypatch):
    tried = {1e-3: 0.5, 1e-2: 0.6}
    scored = []

    def fake(system, start, tasks, settings, seed, device):
        look = {"steps": 1, "loss": 1.0, "score": tried[settings.lr]}
        return dict.fromkeys(tasks, settings.lr), dict.fromkeys(tasks, look)

    monkeypatch.setattr(measures, "train_together", fake)
    monkeypatch.setattr(measures, "scores", lambda system, solver, task: scored.append(solver) or {})
    record = measures.measure_together(start_of(MULTI_TASK, work), TINY, 0, 0, "cpu", None)
    assert record["lr"] == 1e-2
    assert [trial["dev_score"] for trial in record["trials"]] == [0.5, 0.6]
    assert scored == [1e-2] * len(TASKS)  # test sets are read by the chosen model alone


# -- claims -----------------------------------------------------------------------------------------


def grid(**changes: float) -> Grid:
    """Numbers for which every claim holds, but for changes: row and column → accuracy."""
    found = Grid()
    base = {FIVE: 0.55, ONE: 0.5, MULTI_TASK: 0.52, LM: 0.7, NO_GAMES: 0.6}
    for row, value in base.items():
        for name in COLUMNS:
            if not scores.has(row, name):
                continue
            value_here = 0.51 if (row, name) == (LM, "RTE") else value
            value_here = changes.get(f"{row}, {name}", value_here)
            for seed in range(3 if row != NO_GAMES else 2):
                new = value_here + 0.001 * seed
                found[row, name].append({NEW_WORDS: new, FIRST_SPLIT: new, SEEN: 0.8})
    return found


def test_the_lectures_numbers_reproduce_all_claims():
    verdicts = {claim.id: claim.verdict for claim in judge(grid())}
    assert verdicts == dict.fromkeys(
        ("best-where-plentiful", "loses-on-the-smallest", "average-beats-one"), "reproduced"
    )


@pytest.mark.parametrize(
    ("place", "value", "failing"),
    [
        (f"{MULTI_TASK}, SciTail", 0.75, "best-where-plentiful"),
        (f"{FIVE}, SNLI", 0.71, "best-where-plentiful"),
        (f"{LM}, RTE", 0.6, "loses-on-the-smallest"),
        (f"{ONE}, SNLI", 0.56, "average-beats-one"),
    ],
)
def test_each_claim_can_fail(place: str, value: float, failing: str):
    contradicted = {claim.id for claim in judge(grid(**{place: value})) if claim.verdict == "contradicted"}
    assert contradicted == {failing}


def test_the_row_without_games_is_in_no_claim():
    assert judge(grid(**{f"{NO_GAMES}, MNLI-m": 0.1})) == judge(grid(**{f"{NO_GAMES}, MNLI-m": 0.9}))


def test_same_words_are_asked_for_where_there_are_such_sets():
    assert list(SEEN_WORDS) == ["MNLI-m", "SNLI", "SciTail", "QNLI", "RTE"]
    assert {column.test_set for column in SEEN_WORDS.values()} == {"same words"}


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("seeds", 0, "seeds must be at least 1"),
        ("seeds_without_games", -1, "seeds_without_games must be at least 0"),
        ("lm_lrs", (), "lm_lrs must hold at least one value"),
        ("elmo_lrs", (0.0,), "elmo_lrs must be a finite number above 0"),
    ],
)
def test_bad_settings_are_refused(name: str, value: object, message: str):
    with pytest.raises(ValueError, match=message):
        replace(TINY, **{name: value})  # type: ignore[arg-type]
