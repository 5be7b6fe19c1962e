"""The figures: the parameters of each part, and the operations of training."""

from collections.abc import Collection

from matplotlib.figure import Figure as Drawing

from experiments.evidence import figures
from experiments.tables.model_sizes.systems import LECTURE_FIGURES, PARTS
from experiments.tables.model_sizes.training import FULL_LENGTH, TrainingRun
from models.sizes import BERT_SIZES, GPT3_SIZES, GPT_SIZES, T5_SIZES, T5_V1_1_SIZES

FAMILIES: dict[str, Collection[str]] = {
    "BERT": BERT_SIZES,
    "GPT, GPT-2": GPT_SIZES,
    "GPT-3": GPT3_SIZES,
    "T5": T5_SIZES,
    "T5 1.1": T5_V1_1_SIZES,
}
RUNS_TO_EXPLAIN = {
    "bert-large": "128 tokens in 90% of the steps",
    "bert-large" + FULL_LENGTH: "512 tokens in all steps",
    "t5-base, the lecture's table": "the lecture's table",
}
RING = {"marker": "o", "linestyle": "", "markersize": 11, "markerfacecolor": "none", "markeredgecolor": figures.INK}


def draw_parameters(parts: dict[str, dict[str, int]]) -> Drawing:
    """Every size: how many parameters it has, and the share of each part."""
    figure, (left, right) = figures.subplots(1, 2, size=(10.4, 6.2), sharey=True)
    names = [name for sizes in FAMILIES.values() for name in sizes]
    totals = {name: sum(parts[name].values()) for name in names}
    for family, sizes in FAMILIES.items():
        left.plot([totals[name] for name in sizes], [names.index(name) for name in sizes], "o", label=family)
    said = {figure_.model: figure_.parameters for figure_ in LECTURE_FIGURES}
    left.plot(list(said.values()), [names.index(name) for name in said], label="the lecture", **RING)
    for row, name in enumerate(names):
        left.annotate(short(totals[name]), (totals[name], row), (10, -3), textcoords="offset points", fontsize="small")
    left.set(xscale="log", xlabel="parameters", xlim=(4e7, 1e12))
    left.set_yticks(range(len(names)), names, size="small")
    left.invert_yaxis()
    left.legend(loc="upper right")
    start = [0.0] * len(names)
    for part in PARTS[:-1]:  # the norms are too few to be seen
        shares = [100 * parts[name][part] / totals[name] for name in names]
        right.barh(range(len(names)), shares, left=start, label=part, height=0.75)
        start = [a + b for a, b in zip(start, shares, strict=True)]
    right.set(xlabel="% of the parameters", xlim=(0, 100))
    right.grid(axis="y", visible=False)
    right.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=3, fontsize="small")
    return figure


def short(count: int) -> str:
    """`110M`, `1.6B`, `175B`."""
    millions = count / 1e6
    return f"{millions:.0f}M" if millions < 999.5 else f"{millions / 1e3:.{1 if millions < 9_950 else 0}f}B"


def draw_training(runs: dict[str, TrainingRun], counts: dict[str, int]) -> Drawing:
    """Operations of training against parameters."""
    figure, axes = figures.subplots(size=(6.4, 4.4))
    for family, sizes in FAMILIES.items():
        of_family = [one for one in runs.values() if one.model in sizes]
        (dots,) = axes.plot([counts[one.model] for one in of_family], [one.flops for one in of_family], "o")
        if of_family:
            dots.set_label(family)
    published = [one for one in runs.values() if one.published]
    axes.plot(
        [counts[one.model] for one in published],
        [one.published for one in published],
        label="Brown et al. 2020, table D.1",
        **RING,
    )
    for name, label in RUNS_TO_EXPLAIN.items():
        at = (counts[runs[name].model], runs[name].flops)
        axes.annotate(label, at, (8, -3), textcoords="offset points", fontsize="small")
    axes.set(xscale="log", yscale="log", xlabel="parameters", ylabel="FLOPs of training")
    axes.legend(loc="upper left")
    return figure
