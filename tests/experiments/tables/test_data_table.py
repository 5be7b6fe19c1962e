"""The data table: the lecture's figures, the claims, and the whole table on a tiny text."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from experiments.evidence.grid import Grid
from experiments.lab.sweep import SEED
from experiments.running.contract import Request
from experiments.running.work import CellName, NotYet, Plan, Work
from experiments.tables import data_table
from experiments.tables.data_table import counts, domains, lecture
from experiments.tables.data_table.domains import (
    CODE,
    DOCSTRINGS,
    DOMAINS,
    REFERENCE,
    held_out_windows,
)
from experiments.tables.data_table.drawings import short
from experiments.tables.data_table.findings import judge
from experiments.tables.data_table.lecture import DOLMA, DOLMA_TOTAL, UNLABELLED
from experiments.tables.data_table.systems import MIXTURE, SYSTEMS, Learner, Settings, loss
from minigrad import ops
from tests.experiments.tiny_domains import tiny_domains

TINY = Learner(n_windows=40, n_held_out=5, context=8, batch_size=4, passes=2, looks=2, d_model=8, n_layers=1)
SETTINGS = Settings(seeds=2, learner=TINY, lrs=(0.1, 0.8), vocab_size=270)

# -- the lecture's figures --------------------------------------------------------------------------


def test_the_gap_is_recomputed():
    assert {name: lecture.gap(tokens) for name, tokens in UNLABELLED.items()} == {
        "DCLM-pool": 4_800_000,
        "internet text, indexed": 10_200_000,
        "internet text, total": 62_000_000,
    }


def test_dolmas_rows_add_up_but_for_the_bytes():
    total = lecture.total("", DOLMA)
    for field in ("documents", "words", "tokens"):
        assert getattr(total, field) == pytest.approx(getattr(DOLMA_TOTAL, field), rel=5e-4)
    assert total.bytes == pytest.approx(11_498.6e9)
    assert DOLMA_TOTAL.bytes == 11_519e9


@pytest.mark.parametrize(
    ("count", "text"), [(40, "40"), (38_000, "38 k"), (1.4e12, "1.4 T"), (9.96e6, "10 M"), (3.1e15, "3,100 T")]
)
def test_counts_are_shortened(count, text):
    assert short(count) == text


# -- losses and claims ------------------------------------------------------------------------------


def test_every_window_has_the_same_weight_in_a_loss():
    model = Learner(d_model=8, n_layers=1, context=4).untrained(0)
    model.load_state_dict({n: a + np.float32(0.1) * np.sin(np.arange(a.size, dtype=np.float32)).reshape(a.shape)
                           for n, a in model.state_dict().items()})  # fmt: skip
    rows = np.random.default_rng(0).integers(0, 256, (5, 5)).astype(np.uint8)
    alone = [ops.cross_entropy(model(row[None, :-1].astype(int)), row[None, 1:].astype(int)).item() for row in rows]
    assert np.ptp(alone) > 0.01
    assert loss(model, rows, at_once=2) == pytest.approx(np.mean(alone), rel=1e-5)


def grid_of(own: float = 1.0, other: float = 3.0, mixture: float = 1.5) -> Grid:
    """Losses of three seeds: on the model's own domain, on others, and of the mixture on all of them."""
    grid = Grid()
    for seed in range(3):
        for system in SYSTEMS:
            for domain in DOMAINS:
                value = mixture if system == MIXTURE else own if system == domain else other
                grid[system, domain].append({"loss": value + 0.001 * seed * (1 + DOMAINS.index(domain))})
    return grid


def test_the_claims_come_out_where_they_should():
    assert {claim.id: claim.verdict for claim in judge(grid_of())} == {
        "ten-million": "reproduced",
        "mixture-at-least-as-good": "reproduced",
        "covers-every-domain": "reproduced",
        "weak-coverage": "reproduced",
    }
    effects = {claim.id: claim.effect for claim in judge(grid_of())}
    assert effects["mixture-at-least-as-good"] == pytest.approx(2.5 - 1.5)
    assert effects["covers-every-domain"] == pytest.approx(3.0 - 1.5)
    assert effects["weak-coverage"] == pytest.approx(1.5 - 1.0)


@pytest.mark.parametrize(
    ("values", "failing"),
    [
        ({"mixture": 2.6}, ["mixture-at-least-as-good"]),
        ({"mixture": 3.5}, ["mixture-at-least-as-good", "covers-every-domain"]),
        ({"mixture": 0.9}, ["weak-coverage"]),
    ],
)
def test_each_claim_can_fail(values, failing):
    assert [claim.id for claim in judge(grid_of(**values)) if claim.verdict == "contradicted"] == failing


def test_one_stranger_that_is_better_is_enough():
    grid = grid_of()
    for measurement in grid[REFERENCE, DOCSTRINGS]:
        measurement["loss"] = 1.2
    assert [claim.id for claim in judge(grid) if claim.verdict == "contradicted"] == ["covers-every-domain"]


# -- the whole table --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """The table's work and result, with two seeds and two learning rates."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MINIGRAD_CACHE", str(tmp_path_factory.mktemp("cache")))
        patch.setattr(domains, "domains", tiny_domains)
        patch.setattr(counts, "domains", tiny_domains)
        patch.setattr(data_table, "PRESETS", {"quick": SETTINGS})
        domains.describe.cache_clear()
        work = Work(Request(data_table.__name__))
        yield work, work.run_table()
        domains.describe.cache_clear()


def test_every_system_is_trained_with_every_seed_and_the_sweep_on_a_world_of_its_own(finished):
    work, result = finished
    trained = {CellName(f"trained on {system}", seed) for system in SYSTEMS for seed in (0, 1)}
    assert trained <= set(work.cells)
    assert {name.seed for name in work.cells if name.key.startswith("sweep")} == {SEED}
    assert len(result.sweep) == len(SYSTEMS) * len(SETTINGS.lrs)
    for system in SYSTEMS:
        rows = [row for row in result.sweep if row["system"] == system]
        best = min(rows, key=lambda row: row["loss"])
        assert result.configs["training"]["lr"][system] == best["learning rate"]
    assert result.tokens == dict.fromkeys(SYSTEMS, 2 * 2 * 40 * 8)


def test_a_cells_losses_are_those_of_the_trained_model_on_held_out_text(finished):
    from minigrad import load_checkpoint, no_grad

    work, result = finished
    matrix = result.tables[-1]
    path = next(path for path in work.seconds if path.name == "record.json" and _is(path, work, "trained on code", 1))
    model = TINY.untrained(1)
    load_checkpoint(path.parent / "model.safetensors", model)
    with pytest.MonkeyPatch.context() as patch, no_grad():
        patch.setattr(domains, "domains", tiny_domains)
        for column, domain in enumerate(DOMAINS, 1):
            expected = loss(model, held_out_windows(1, domain, TINY.context, TINY.n_held_out))
            assert matrix.rows[SYSTEMS.index(CODE)][column][1] == pytest.approx(expected, rel=1e-5)
    assert len({value for row in matrix.rows for entry in row[1:] for value in entry}) > 40


def _is(path: Path, work: Work, key: str, seed: int) -> bool:
    import json

    record = json.loads(path.read_text(encoding="utf-8"))
    return record["key"] == key and record["seed"] == seed


def test_its_tables_and_figures(finished):
    work, result = finished
    gaps, counted, ratios, matrix = result.tables
    assert [row[-1] for row in gaps.rows[:3]] == [4_800_000, 10_200_000, 62_000_000]
    assert [row[-1] for row in gaps.lecture] == [None, 10_000_000, None, None]
    assert [row[0] for row in counted.rows] == [
        *counts.TYPES, "ours, total", *(source.name for source in DOLMA), "Dolma, total",
    ]  # fmt: skip
    assert counted.lecture[-1][2:] == [11_519_000, 4_367_000, 2_318_000, 3_059_000]
    by_hand = [11_519 / 2_318, 3_059 / 2_318, 2_318 / 3_059, 11_519 / 3_059, 2_318e3 / 4_367]
    assert ratios.rows[-1][1:] == pytest.approx(by_hand)
    assert dict(zip(ratios.columns, ratios.lecture[-1], strict=True))["words per token"] == 0.75
    assert [row[0] for row in matrix.rows] == list(SYSTEMS)
    for row in matrix.rows:
        assert row[-1] == pytest.approx(np.mean(row[1:-1], axis=0))
    assert list(work.figures) == ["tokens", "composition", "matrix", "curves"]
    assert all("<svg" in drawing for drawing, _ in work.figures.values())
    assert list(result.samples) == [f"trained on {system}" for system in SYSTEMS]


def test_all_trainings_can_run_at_once(tiny, monkeypatch, tmp_path):
    monkeypatch.setenv("MINIGRAD_CACHE", str(tmp_path))
    monkeypatch.setattr(data_table, "PRESETS", {"quick": replace(SETTINGS, lrs=(0.4,))})
    domains.describe.cache_clear()
    plan = Plan(Request(data_table.__name__))
    with pytest.raises(NotYet):
        plan.run_table()
    domains.describe.cache_clear()
    trainings = {CellName(f"trained on {system}", seed) for system in SYSTEMS for seed in (0, 1)}
    assert set(plan.ready.values()) == trainings | {CellName("our text", None)}


@pytest.mark.parametrize("name", ["n_windows", "n_held_out", "context", "batch_size", "passes", "looks"])
def test_learners_of_nothing_are_refused(name):
    with pytest.raises(ValueError, match=f"{name} must be at least 1, got 0"):
        Learner(**{name: 0})


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"learner": {"n_windows": 42}}, "n_windows must be a multiple of 4, the domains, got 42"),
        ({"learner": {"n_windows": 4}}, "n_windows must be at least batch_size, 8, got 4"),
        ({"lrs": ()}, "lrs must hold at least one learning rate, got none"),
        ({"lrs": (0.4, 0.0)}, "lrs must be"),
        ({"seeds": 0}, "seeds must be at least 1, got 0"),
    ],
)
def test_bad_settings_are_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        Settings(**{"seeds": 1, "lrs": (0.4,), **settings, "learner": Learner(**settings.get("learner", {}))})
