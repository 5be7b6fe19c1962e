"""The experiment on model sizes: every parameter is counted once, every claim can fail."""

from types import SimpleNamespace

import numpy as np
import pytest

from experiments.running.contract import Request
from experiments.running.work import Work
from experiments.tables import model_sizes
from experiments.tables.model_sizes import systems
from experiments.tables.model_sizes.drawings import short
from experiments.tables.model_sizes.findings import Settings, judge, percent
from experiments.tables.model_sizes.systems import (
    FIGURES,
    LECTURE_FIGURES,
    PARTS,
    Figure,
    count_parts,
    megabytes_to_build,
    off,
    part_of,
    rounds_to,
)
from experiments.tables.model_sizes.training import FULL_LENGTH, PUBLISHED, TrainingRun, bert_rate, training_runs
from models.sizes import BERT_SIZES, GPT_SIZES, SIZES, T5_V1_1_SIZES, build

COUNTS = {name: build(config).num_parameters() for name, config in SIZES.items()}
OTHERWISE = {figure.model: build(figure.like).num_parameters() for figure in FIGURES if figure.like}
RUNS = training_runs()


@pytest.fixture(scope="module")
def result(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MINIGRAD_CACHE", str(tmp_path_factory.mktemp("work")))
        return model_sizes.run(Settings(), Work(Request("experiments.tables.model_sizes")))


def test_the_experiment_runs_and_has_every_figure_of_the_lecture(result):
    lecture, paper, training, hardware = result.tables
    assert [row[1] for row in lecture.lecture] == [110, 340, 117, 1500, 220, 770, 3000, 11000, 11000, 175000]
    assert [row[0] for row in lecture.rows] == [figure.model for figure in LECTURE_FIGURES]
    assert len(paper.rows) == 9
    assert [row[0] for row in training.rows] == list(RUNS)
    assert [row[1:3] for row in hardware.rows] == [[16, 4], [64, 4], [16, 4], [64, 4]]
    assert result.parameters == COUNTS
    assert {claim.id: claim.verdict for claim in result.claims} == {
        "within-two-percent": "contradicted",
        "reasons-known": "reproduced",
        "gpt3-compute": "reproduced",
        "bert-time": "reproduced",
        "no-memory": "reproduced",
    }


def test_what_does_not_come_out_is_explained(result):
    explanation = result.claims[0].explanation
    assert "t5.1.1-base has 248 million parameters, the lecture says 220 (+12.5%)" in explanation
    assert "gpt2-xl has 1,558 million parameters, the lecture says 1,500 (+3.8%)" in explanation
    assert explanation.count(";") == 3
    reasons = {row[0]: row[-1] for row in result.tables[0].rows}
    assert all(reasons[figure.model] for figure in LECTURE_FIGURES if abs(off(COUNTS[figure.model], figure)) > 0.02)


# -- parameters -------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["bert-base", "gpt2", "t5-small", "t5.1.1-small"])
def test_the_parts_make_up_the_whole(name):
    parts = count_parts(SIZES[name])
    assert list(parts) == list(PARTS)
    assert sum(parts.values()) == COUNTS[name]


def test_each_part_of_bert_has_what_its_formula_says():
    d, v = 768, 30_522
    assert count_parts(BERT_SIZES["bert-base"]) == {
        "embeddings": (v + 512 + 2) * d,
        "attention": 12 * 4 * (d * d + d),
        "attention to the encoder": 0,
        "feed-forward": 12 * (8 * d * d + 5 * d),
        "output layer, heads": 2 * (d * d + d) + v + 2 * d + 2,  # pooler, masked-LM layer, its bias, next sentence
        "norms": (12 * 2 + 2) * 2 * d,
    }


def test_each_part_of_t5_has_what_its_formula_says():
    d, width, v, layers = 512, 6 * 64, 32_128, 8
    assert count_parts(T5_V1_1_SIZES["t5.1.1-small"]) == {
        "embeddings": v * d + 2 * 32 * 6,
        "attention": 2 * layers * 4 * d * width,
        "attention to the encoder": layers * 4 * d * width,
        "feed-forward": 2 * layers * 3 * d * 1024,
        "output layer, heads": v * d,
        "norms": (layers * 5 + 2) * d,
    }


def test_a_norm_is_a_norm_wherever_it_stands():
    assert part_of("blocks.0.attention_norm.weight") == "norms"
    assert part_of("masked_lm_head.norm.bias") == "norms"
    assert part_of("blocks.0.attention.out.bias") == "attention"
    assert part_of("masked_lm_head.bias") == "output layer, heads"


@pytest.mark.parametrize(
    ("count", "figure", "same"),
    [
        (2.85e9, Figure("", 3e9, 1), True),
        (2.49e9, Figure("", 3e9, 1), False),
        (1.5576e9, Figure("", 1.5e9, 2), False),
        (1.5420e9, Figure("", 1.5e9, 2), True),
        (116.4e6, Figure("", 117e6, 3), False),
        (99.7e6, Figure("", 100e6, 2), True),
    ],
)
def test_a_count_rounds_to_a_figure_or_does_not(count, figure, same):
    assert rounds_to(count, figure) == same


def test_every_figure_that_is_said_to_count_otherwise_comes_out_so_to_its_last_digit():
    assert len(OTHERWISE) == 6
    for figure in FIGURES:
        assert figure.like is None or rounds_to(OTHERWISE[figure.model], figure), figure
    assert OTHERWISE["gpt2-xl"] == COUNTS["gpt2-xl"] - (50_257 - 40_478) * 1600


def test_memory_is_measured(monkeypatch):
    monkeypatch.setattr(systems, "build", lambda config: SimpleNamespace(num_parameters=np.ones(10**6).sum))
    assert megabytes_to_build(GPT_SIZES["gpt"]) == pytest.approx(8, rel=0.1)


# -- training ---------------------------------------------------------------------------------------


def test_the_runs_read_the_published_numbers_of_tokens():
    assert RUNS["bert-large"].tokens == 256 * (900_000 * 128 + 100_000 * 512)
    assert RUNS["bert-large" + FULL_LENGTH].tokens == 1_000_000 * 256 * 512
    assert RUNS["t5-base, the lecture's table"].tokens == 2**35
    assert RUNS["t5-11b"].tokens == pytest.approx(1e12, rel=0.05)
    assert RUNS["gpt3-175b"].tokens == 300 * 10**9
    assert {name for name, one in RUNS.items() if one.published} == PUBLISHED.keys()


def test_a_run_costs_about_six_operations_for_a_parameter_and_token_and_t5s_about_four():
    for name, one in RUNS.items():
        each = one.flops / (COUNTS[one.model] * one.tokens)
        low, high = (3.4, 4.0) if name.startswith("t5") else (5, 7)
        assert low < each < high, name


def test_longer_windows_cost_more():
    short_windows, long_windows = RUNS["bert-large"], RUNS["bert-large" + FULL_LENGTH]
    assert long_windows.flops / long_windows.tokens > short_windows.flops / short_windows.tokens


def test_the_rate_of_berts_chips():
    assert bert_rate(TrainingRun("bert-large", 1, 64 * 4 * 24 * 3600 * 1e12)) == 1e12
    assert bert_rate(TrainingRun("bert-base", 1, 16 * 4 * 24 * 3600 * 2e12)) == 2e12


# -- claims -----------------------------------------------------------------------------------------


def verdicts(counts=COUNTS, otherwise=OTHERWISE, runs=RUNS, megabytes=1.0) -> list[str]:
    """The claims that are contradicted."""
    claims = judge(Settings(), counts, otherwise, runs, megabytes)
    return [claim.id for claim in claims if claim.verdict == "contradicted"]


def test_each_claim_can_fail():
    exact = {**COUNTS, **{figure.model: round(figure.parameters) for figure in LECTURE_FIGURES}}
    assert verdicts(exact) == []
    assert verdicts() == ["within-two-percent"]
    assert verdicts(exact | {"bert-base": round(1.021 * 110e6)}) == ["within-two-percent"]  # still rounds to 110
    assert verdicts(exact | {"bert-base": 116_000_000}) == ["within-two-percent", "reasons-known"]
    assert verdicts(exact | {"bert-base": 104_000_000}) == ["within-two-percent", "reasons-known"]
    assert verdicts(otherwise=OTHERWISE | {"gpt2-xl": 1_560_000_000}) == ["within-two-percent", "reasons-known"]
    assert verdicts(exact, megabytes=1000.0) == ["no-memory"]
    wrong = {"gpt3-175b": TrainingRun("gpt3-175b", 1, 3.0e23, 3.14e23)}
    assert verdicts(exact, runs=RUNS | wrong) == ["gpt3-compute"]
    slow = {"bert-large" + FULL_LENGTH: TrainingRun("bert-large", 1, 1e21)}
    assert verdicts(exact, runs=RUNS | slow) == ["bert-time"]


def test_numbers_are_shown_short():
    assert [short(n) for n in (60_506_624, 999_400_000, 1_557_611_200, 11_135_332_352, 174_604_259_328)] == [
        "61M",
        "999M",
        "1.6B",
        "11B",
        "175B",
    ]
    assert percent(0.1254) == 12.5
    assert str(percent(-0.0001)) == "0.0"
