"""The figures: token counts, composition, the matrix of losses, learning curves."""

from typing import Any

import numpy as np
from matplotlib.figure import Figure as Drawing

from experiments.evidence import figures
from experiments.evidence.grid import Grid
from experiments.running.work import Checkpoint, Work
from experiments.tables.data_table import lecture
from experiments.tables.data_table.domains import DOMAINS
from experiments.tables.data_table.findings import AVERAGE, means, our_sources
from experiments.tables.data_table.lecture import DOLMA, DOLMA_TOTAL, LABELLED, READ_BY, UNLABELLED, Source
from experiments.tables.data_table.systems import SYSTEMS, Settings, average

COLOURS = dict(zip(SYSTEMS, figures.COLOURS, strict=False))
DARKEST = 1.0
"""The difference, in nats per byte, from which on the heat map has its darkest colour."""
FAR_ABOVE = 1.7
"""How many times the median loss a panel of the learning curves shows."""
SHARES = {"bytes": "UTF-8 bytes", "words": "Unicode words", "tokens": "tokens"}


def draw(
    settings: Settings, counted: dict[str, Any], grid: Grid, records: dict[str, list[Checkpoint]], work: Work
) -> None:
    """The four figures."""
    work.figure(
        "tokens",
        draw_tokens(counted),
        "Tokens with labels, tokens that a model was trained on, and tokens without labels, on a log scale. Ours are "
        "below; the others are the lecture's figures.",
    )
    work.figure(
        "composition",
        draw_composition(our_sources(counted)),
        "What the text consists of: Dolma (the lecture's figures) and ours. The shares depend on the unit.",
    )
    work.figure(
        "matrix",
        draw_matrix(grid),
        "Loss in nats per byte, by the text that was read (rows) and the held-out text (columns). The colour is the "
        "difference from the best of the column; above 1 it is the darkest.",
    )
    work.figure(
        "curves",
        draw_curves(settings, records),
        "Loss on each domain's held-out text along the training, a line for each seed. Models that are far above the "
        "others are named at the top.",
    )


def draw_tokens(counted: dict[str, Any]) -> Drawing:
    """A bar for each count, and an arrow for the gap."""
    ours = sum(numbers["tokens"] for name, numbers in counted["sources"].items() if not name.startswith("toy"))
    labelled = f"{lecture.SQUAD}, fewer than"
    kinds = {
        "with labels": {labelled: LABELLED},
        "read by a model": READ_BY,
        "without labels": {"Dolma": DOLMA_TOTAL.tokens, **UNLABELLED},
        "ours, with labels": {"toy world: QNLI": counted["labelled"]},
        "ours, without labels": {"toy world: the zoo's text": counted["unlabelled"], "standard library": ours},
    }
    names = [name for counts in kinds.values() for name in counts]
    figure, axes = figures.subplots(size=(8.4, 4.0))
    for kind, counts in kinds.items():
        axes.barh([names.index(name) for name in counts], list(counts.values()), label=kind, height=0.7)
    indexed = UNLABELLED[lecture.INDEXED]
    top, row = names.index(labelled), names.index(lecture.INDEXED)
    axes.annotate("", (indexed, top), (LABELLED, top), arrowprops={"arrowstyle": "->", "color": figures.INK})
    axes.plot([indexed, indexed], [top, row - 0.35], linestyle=":", linewidth=1, color=figures.INK)
    times = f"× {lecture.gap(indexed) / 1e6:.1f} million"
    axes.text((LABELLED * indexed) ** 0.5, top - 0.1, times, ha="center", va="bottom", fontsize="small")
    axes.set(xscale="log", xlabel="tokens", xlim=(1e4, 2e16))
    tokens = [short(count) for counts in kinds.values() for count in counts.values()]
    axes.set_yticks(range(len(names)), [f"{name}   {count}" for name, count in zip(names, tokens, strict=True)])
    axes.invert_yaxis()
    axes.grid(axis="y", visible=False)
    axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), fontsize="small")
    return figure


def short(count: float) -> str:
    """`53 k`, `16 M`, `300 B`, `3.1 T`; above a thousand trillions `3,100 T`."""
    for scale, letter in ((1e12, "T"), (1e9, "B"), (1e6, "M"), (1e3, "k")):
        if count >= scale:
            value = count / scale
            return f"{value:,.0f} {letter}" if value >= 9.95 else f"{value:.1f} {letter}"
    return f"{count:.0f}"


def draw_composition(ours: tuple[Source, ...]) -> Drawing:
    """Each source's share of bytes, words and tokens."""
    figure, axes = figures.subplots(1, 2, size=(10.4, 4.4))
    for axis, title, sources in zip(axes, ("Dolma", "ours"), (DOLMA, ours), strict=True):
        places = np.arange(len(sources))
        for k, (field, label) in enumerate(SHARES.items()):
            counts = np.array([getattr(source, field) for source in sources])
            bars = axis.barh(places + (k - 1) * 0.27, 100 * counts / counts.sum(), height=0.25, label=label)
            axis.bar_label(bars, fmt="%.2g", padding=2, fontsize=6.5)
        axis.set_yticks(places, [source.name for source in sources])
        axis.invert_yaxis()
        axis.grid(axis="y", visible=False)
        axis.set(title=title, xlabel="%")
    axes[-1].legend(loc="lower right")
    return figure


def draw_matrix(grid: Grid) -> Drawing:
    """The losses as a heat map."""
    columns, values = (*DOMAINS, AVERAGE), means(grid)
    losses = np.array([[values[name, column] for column in columns] for name in SYSTEMS])
    excess = losses - losses.min(axis=0)
    figure, axes = figures.subplots(size=(7.2, 3.8))
    mesh = axes.pcolormesh(excess, cmap="viridis_r", vmin=0, vmax=DARKEST)
    for (row, column), loss in np.ndenumerate(losses):
        dark = excess[row, column] > 0.5 * DARKEST
        weight = "bold" if excess[row, column] == 0 else "normal"
        colour = "#ffffff" if dark else "#101010"
        axes.text(column + 0.5, row + 0.5, f"{loss:.2f}", ha="center", va="center", color=colour, weight=weight)
    axes.set_xticks(np.arange(len(columns)) + 0.5, columns)
    axes.set_yticks(np.arange(len(SYSTEMS)) + 0.5, SYSTEMS)
    axes.invert_yaxis()
    axes.grid(visible=False)
    axes.tick_params(length=0)
    axes.set(xlabel="held-out text", ylabel="trained on")
    figure.colorbar(mesh, ax=axes, extend="max", label="nats per byte above the best")
    return figure


def draw_curves(settings: Settings, records: dict[str, list[Checkpoint]]) -> Drawing:
    """The held-out losses along the training, an axis for each domain and for their average."""
    figure, axes = figures.subplots(2, 3, size=(10.4, 5.6), sharex=True)
    *of_domains, of_average, legend = axes.ravel()
    learner = settings.learner
    for axis, domain in zip((*of_domains, of_average), (*DOMAINS, AVERAGE), strict=True):
        last = dict.fromkeys(records, 0.0)
        for system, checkpoints in records.items():
            for k, trained in enumerate(checkpoints):
                looks = trained.record["probes"]
                thousands = [look["steps"] * learner.batch_size * learner.context / 1e3 for look in looks]
                losses = [average(look) if domain == AVERAGE else look[domain] for look in looks]
                last[system] += losses[-1] / len(checkpoints)
                label = system if k == 0 else None
                axis.plot(thousands, losses, linewidth=1.2, color=COLOURS[system], label=label)
        highest = FAR_ABOVE * float(np.median(list(last.values())))
        for system in (system for system, loss in last.items() if loss > highest):
            text = f"{system}: {last[system]:.1f} in the end"
            axis.text(0.98, 0.98, text, color=COLOURS[system], ha="right", va="top", transform=axis.transAxes)
            axis.set_ylim(top=highest)
        axis.set(title=domain)
        axis.tick_params(labelbottom=True)
    for axis in (axes[1, 0], axes[1, 1]):
        axis.set(xlabel="thousands of bytes read")
    for axis in axes[:, 0]:
        axis.set(ylabel="nats per byte")
    legend.set_axis_off()
    handles, labels = of_average.get_legend_handles_labels()
    legend.legend(handles, labels, title="trained on", loc="center")
    return figure
