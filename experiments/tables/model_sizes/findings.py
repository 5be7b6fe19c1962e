"""Claims and tables: the published figures beside ours, and the cost of training."""

from dataclasses import dataclass

from experiments.evidence import claims
from experiments.evidence.claims import Claim
from experiments.evidence.table import Entry, Table
from experiments.tables.model_sizes.systems import BLOCKS, LECTURE_FIGURES, PAPER_FIGURES, Figure, off, rounds_to
from experiments.tables.model_sizes.training import (
    BERT_CHIPS,
    BERT_DAYS,
    DAY,
    FULL_LENGTH,
    TPU_PEAKS,
    TrainingRun,
    bert_rate,
)
from minigrad.checks import number, whole_number


@dataclass(frozen=True)
class Settings:
    """`tolerance`: how far off a figure may be, chosen before counting. Nothing here is random."""

    tolerance: float = 0.02
    n_threads: int = 1

    def __post_init__(self) -> None:
        number("tolerance", self.tolerance, at_least=0)
        whole_number("n_threads", self.n_threads, at_least=1)


def judge(
    settings: Settings,
    counts: dict[str, int],
    otherwise: dict[str, int],
    runs: dict[str, TrainingRun],
    megabytes: float,
) -> list[Claim]:
    """The claims about the lecture's figures."""
    gpt3, published = runs["gpt3-175b"].flops, runs["gpt3-175b"].published or 0.0
    share_of_peak = bert_rate(runs["bert-large" + FULL_LENGTH]) / TPU_PEAKS["TPU v2"]
    return [
        *judge_figures(settings, counts, otherwise),
        claims.exact(
            "gpt3-compute",
            f"6ND plus attention gives the published operations of GPT-3's training, within {settings.tolerance:.0%}",
            abs(gpt3 - published) <= settings.tolerance * published,
            100 * (gpt3 / published - 1),
            f"ours {gpt3:.3g}, published {published:.3g} (Brown et al. 2020, table D.1), which leaves attention out",
            unit="% above",
        ),
        claims.exact(
            "bert-time",
            "64 TPU chips can pretrain BERT-large in 4 days",
            share_of_peak < 1,
            100 * share_of_peak,
            "what they have to sustain, of the peak of the slower TPU, v2, if every window has 512 tokens",
            unit="% of the peak",
        ),
        claims.exact(
            "no-memory",
            "GPT-3 can be built and counted in less than a gigabyte of memory",
            megabytes < 1000,
            megabytes,
            f"the most that was allocated; its weights in float32 would take {4 * counts['gpt3-175b'] / 1e9:,.0f} GB",
            unit="MB",
        ),
    ]


def judge_figures(settings: Settings, counts: dict[str, int], otherwise: dict[str, int]) -> list[Claim]:
    """Is every figure of the lecture that of the real model? If not, do we know why?"""
    farthest = max(LECTURE_FIGURES, key=lambda figure: abs(off(counts[figure.model], figure)))
    beyond = [figure for figure in LECTURE_FIGURES if abs(off(counts[figure.model], figure)) > settings.tolerance]
    known = [
        figure
        for figure in beyond
        if rounds_to(counts[figure.model], figure) or (figure.like and rounds_to(otherwise[figure.model], figure))
    ]
    return [
        claims.exact(
            "within-two-percent",
            f"the lecture's numbers of parameters are those of the real models, each within {settings.tolerance:.0%}",
            not beyond,
            100 * abs(off(counts[farthest.model], farthest)),
            f"{len(LECTURE_FIGURES) - len(beyond)} of {len(LECTURE_FIGURES)} are; {farthest.model} is farthest off",
            unit="% off at most",
            explanation="; ".join(explain(figure, counts, otherwise) for figure in beyond),
        ),
        claims.exact(
            "reasons-known",
            "those that are not are rounded, or count what the table says that they count",
            known == beyond,
            len(known),
            "ours, or counted so, rounds to the lecture's figure",
            unit=f"of {len(beyond)} figures",
            explanation="; ".join(explain(figure, counts, otherwise) for figure in beyond if figure not in known),
        ),
    ]


def explain(figure: Figure, counts: dict[str, int], otherwise: dict[str, int]) -> str:
    """A figure that is off, and why."""
    count = counts[figure.model]
    return (
        f"{figure.model} has {count / 1e6:,.0f} million parameters, the lecture says {figure.parameters / 1e6:,.0f} "
        f"({off(count, figure):+.1%}): {reason(figure, otherwise)}"
    )


def reason(figure: Figure, otherwise: dict[str, int]) -> str:
    """Why a figure is off, with the count that it agrees with."""
    if figure.like is None:
        return figure.counts
    return f"the figure fits {figure.counts}: {otherwise[figure.model] / 1e6:,.0f} million"


def percent(share: float) -> float:
    """With one decimal, and no -0.0."""
    return round(100 * share, 1) + 0.0


def lecture_table(parts: dict[str, dict[str, int]], otherwise: dict[str, int]) -> Table:
    """The lecture's figures beside ours."""
    columns = ["model", "parameters, millions", "off, %", "in the blocks, millions", "float32, GB", "why it is off"]
    rows: list[list[Entry]] = []
    lecture: list[list[Entry]] = []
    for figure in LECTURE_FIGURES:
        count, blocks = sum(parts[figure.model].values()), sum(parts[figure.model][part] for part in BLOCKS)
        why = reason(figure, otherwise)
        rows.append([figure.model, count / 1e6, percent(off(count, figure)), blocks / 1e6, 4 * count / 1e9, why])
        lecture.append([None, round(figure.parameters / 1e6), None, None, None, None])
    return Table("The lecture's numbers of parameters, and ours", columns, rows, lecture, digits=1)


def paper_table(counts: dict[str, int], otherwise: dict[str, int]) -> Table:
    """The figures of the papers from which the lecture's come."""
    columns = ["model", "the paper, millions", "ours", "off, %", "what the figure fits", "ours, so", "off so, %"]
    rows: list[list[Entry]] = []
    for figure in PAPER_FIGURES:
        count, like = counts[figure.model], otherwise.get(figure.model) if figure.like else None
        so: list[Entry] = [like / 1e6, percent(off(like, figure))] if like else [None, None]
        paper = round(figure.parameters / 1e6)
        rows.append([figure.model, paper, count / 1e6, percent(off(count, figure)), figure.counts, *so])
    return Table(
        "The papers of GPT-2 and T5. All four sizes of GPT-2 come out as the paper has them if the vocabulary is the "
        "first GPT's; T5-large does if, unlike the other sizes, it has an output layer besides the embedding",
        columns, rows, digits=1,
    )  # fmt: skip


def training_table(runs: dict[str, TrainingRun], counts: dict[str, int]) -> Table:
    """The cost of the training runs."""
    columns = ["run", "tokens, billions", "FLOPs", "published", "ours / published"]
    columns += ["FLOPs for a parameter and token", "days at 1 PFLOP/s"]
    rows: list[list[Entry]] = []
    for name, one in runs.items():
        published: list[Entry] = [f"{one.published:.2e}", one.flops / one.published] if one.published else [None, None]
        each = one.flops / (counts[one.model] * one.tokens)
        rows.append([name, one.tokens / 1e9, f"{one.flops:.2e}", *published, each, one.flops / (1e15 * DAY)])
    return Table(
        "What training took. Published: Brown et al. 2020, table D.1. It leaves attention out, and counts 6 operations "
        "for a parameter and token; for T5 half, since a token passes one of two stacks, but not the 0.22 outputs "
        "that come with each input; and for BERT 250 billion tokens, twice as many as the BERT paper",
        columns, rows,
    )  # fmt: skip


def hardware_table(runs: dict[str, TrainingRun]) -> Table:
    """The rate that BERT's chips and days imply."""
    columns = ["run", "chips", "days", "TFLOP/s from each", *(f"% of {chip}'s peak" for chip in TPU_PEAKS)]
    columns += ["days at 10 TFLOP/s"]
    rows: list[list[Entry]] = []
    lecture: list[list[Entry]] = []
    for name, one in runs.items():
        if one.model not in BERT_CHIPS:
            continue
        rate = bert_rate(one)
        shares: list[Entry] = [100 * rate / peak for peak in TPU_PEAKS.values()]
        rows.append([name, BERT_CHIPS[one.model], BERT_DAYS, rate / 1e12, *shares, one.flops / 10e12 / DAY])
        said = (64, 4) if one.model == "bert-large" else (None, None)
        lecture.append([None, *said, None, *[None] * len(TPU_PEAKS), None])
    peaks = ", ".join(f"{chip} {peak / 1e12:.0f}" for chip, peak in TPU_PEAKS.items())
    return Table(
        f"What BERT's hardware had to sustain; which TPU it was, the paper does not say (peaks in TFLOP/s: {peaks}). "
        "At the right the lecture's single GPU, taken to sustain 10 TFLOP/s",
        columns, rows, lecture, digits=1,
    )  # fmt: skip
