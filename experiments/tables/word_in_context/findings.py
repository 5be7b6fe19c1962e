"""From what is measured in each layer to claims, tables and figures."""

from typing import Any

import numpy as np
from matplotlib.figure import Figure as Drawing

from experiments.evidence import claims, figures
from experiments.evidence.claims import Claim
from experiments.evidence.grid import subtract
from experiments.evidence.results import Result
from experiments.evidence.table import Entry, Table
from experiments.lab import zoo
from experiments.running.work import Checkpoint, Work
from experiments.tables.word_in_context.systems import (
    ENCODER,
    LARGE_ENCODER,
    RANDOM_ENCODER,
    RANDOM_LARGE_ENCODER,
    SYSTEMS,
    UNTRAINED,
    VECTORS,
    Settings,
    configs,
)
from experiments.text.toy_world.tasks.senses import SENSES

Cells = dict[str, list[dict[str, Any]]]
"""System → what `measure` found, for each seed."""

Starts = dict[str, list[Checkpoint]]
"""System → its pretrained checkpoints, one for each seed; none for random weights."""

PAIRS = {ENCODER: RANDOM_ENCODER, LARGE_ENCODER: RANDOM_LARGE_ENCODER}
"""Each pretrained encoder, and the same one with random weights."""


def result(settings: Settings, cells: Cells, starts: Starts, points: dict[str, Any], work: Work) -> Result:
    """The table's whole result."""
    draw(cells, points, work)
    recipes = {system: of_system.recipe(settings) for system, of_system in SYSTEMS.items()}
    return Result(
        lecture_says=(
            "The two words in 'I record the record' are one word to word vectors, and mean different things. "
            "Pretraining a whole model gives each of them a vector of its own, made from its context."
        ),
        tables=[
            chosen_table(cells),
            layer_table(
                cells, "accuracy", "Accuracy in percent of a linear probe on homographs that it never saw", 100
            ),
            layer_table(
                cells, "silhouette", "Silhouette of the two senses, the mean over test homographs", 1, digits=2
            ),
        ],
        claims=judge(cells),
        configs=configs(settings),
        parameters={system: recipe.untrained(0).num_parameters() for system, recipe in recipes.items()},
        tokens={system: zoo.tokens_read(of_seeds) for system, of_seeds in starts.items()},
    )


def at_chosen(cells: Cells, system: str, measure: str) -> list[float]:
    """A measure of the layer that dev chose, a number for each seed."""
    return [float(cell["layers"][cell["chosen"]][measure]) for cell in cells[system]]


def in_layer(cells: Cells, system: str, depth: int, measure: str) -> list[float]:
    """A measure of one layer, a number for each seed."""
    return [float(cell["layers"][depth][measure]) for cell in cells[system]]


def n_layers(cells: Cells, system: str) -> int:
    """How many layers were measured, the embeddings among them."""
    return len(cells[system][0]["layers"])


# -- claims -----------------------------------------------------------------------------------------


def judge(cells: Cells) -> list[Claim]:
    """The lecture's claims."""
    return [
        static_at_chance(cells),
        claims.every(
            "pretrained-encoder-separates",
            "a probe on the pretrained encoder tells the senses of homographs that it never saw better than a probe on "
            "static vectors or on the untrained encoder",
            advantages(cells, "accuracy"),
            unit="accuracy",
        ),
        claims.every(
            "senses-lie-apart",
            "the senses lie further apart in the pretrained encoder than in static vectors or in the untrained encoder",
            advantages(cells, "silhouette"),
            unit="silhouette",
        ),
    ]


def static_at_chance(cells: Cells) -> Claim:
    """With one vector for all of its sentences, half of a homograph's sentences are judged correctly."""
    found = [share for cell in cells[VECTORS] for share in cell["layers"][0]["by_homograph"].values()]
    right = [share == 0.5 for share in found]
    return claims.exact(
        "static-is-at-chance",
        "a static vector cannot separate the senses: the probe's accuracy is exactly 50%, for each test homograph",
        all(right),
        sum(right) / len(right),
        f"{sum(right)} of {len(right)} homographs of all seeds, each with as many nouns as verbs",
        unit="share of homographs at 50%",
    )


def advantages(cells: Cells, measure: str) -> dict[str, list[float]]:
    """Each pretrained encoder minus what it is compared with, in the layers that dev chose, seed by seed."""
    return {
        f"{system}, over {other}": subtract(at_chosen(cells, system, measure), at_chosen(cells, other, measure))
        for system, untrained in PAIRS.items()
        for other in (VECTORS, untrained)
    }


# -- tables -----------------------------------------------------------------------------------------


def chosen_table(cells: Cells) -> Table:
    """A row for each system: the layer that dev chose, and what was found in it."""
    rows: list[list[Entry]] = [
        [
            system,
            [float(cell["chosen"]) for cell in cells[system]],
            [100 * value for value in at_chosen(cells, system, "accuracy")],
            at_chosen(cells, system, "silhouette"),
        ]
        for system in cells
    ]
    caption = (
        "Noun or verb? Homographs that the probe never saw, in the layer that dev chose (0: the embeddings). "
        "Chance is 50%"
    )
    return Table(caption, ["system", "layer", "probe accuracy, %", "silhouette"], rows, digits=2)


def layer_table(cells: Cells, measure: str, caption: str, scale: float, digits: int = 1) -> Table:
    """Systems × layers."""
    depths = range(max(n_layers(cells, system) for system in cells))
    rows: list[list[Entry]] = [[system, *layer_entries(cells, system, measure, scale, len(depths))] for system in cells]
    return Table(
        caption, ["system", *(f"layer {depth}" if depth else "embeddings" for depth in depths)], rows, [], digits
    )


def layer_entries(cells: Cells, system: str, measure: str, scale: float, width: int) -> list[Entry]:
    """A row's entries; None where the system has no such layer."""
    found: list[Entry] = [
        [scale * value for value in in_layer(cells, system, depth, measure)] for depth in range(n_layers(cells, system))
    ]
    return found + [None] * (width - len(found))


# -- figures ----------------------------------------------------------------------------------------


def draw(cells: Cells, points: dict[str, Any], work: Work) -> None:
    """What is found layer by layer, and one homograph's vectors."""
    work.figure(
        "layers",
        draw_layers(cells),
        "Left: the accuracy of a linear probe on homographs that it never saw, in each layer, the mean over seeds "
        "(dotted: chance). Right: the silhouette of the two senses. Layer 0 holds the embeddings.",
    )
    work.figure(
        "one-homograph",
        draw_points(points, cells[ENCODER][0]["chosen"]),
        f"'{points['homograph']}' in sentences as a noun and as a verb: its vectors in the small encoder (seed 0), in "
        "two dimensions (principal components). Among the embeddings only the place in the sentence makes a "
        "difference, and each point is many sentences with either sense. On the right is the layer that dev chose.",
    )


def draw_layers(cells: Cells) -> Drawing:
    """Two axes, a line for each system."""
    figure, axes = figures.subplots(1, 2, size=(9.6, 3.8))
    measures = (("accuracy", "probe accuracy"), ("silhouette", "silhouette"))
    for axis, (measure, label) in zip(axes, measures, strict=True):
        for number, system in enumerate(cells):
            values = [np.mean(in_layer(cells, system, depth, measure)) for depth in range(n_layers(cells, system))]
            style = "o:" if system in UNTRAINED else "o-"
            axis.plot(values, style, markersize=4, color=figures.COLOURS[number], label=system)
        axis.axhline(0.5 if measure == "accuracy" else 0.0, linestyle=":", linewidth=1, color=figures.INK)
        axis.set(xlabel="layer", ylabel=label)
        axis.set_xticks(range(max(n_layers(cells, system) for system in cells)))
    axes[1].legend(fontsize="x-small", loc="upper left", bbox_to_anchor=(1.0, 1.0))
    return figure


def draw_points(points: dict[str, Any], chosen: int) -> Drawing:
    """The embeddings, and the chosen layer: a point for each sentence."""
    figure, axes = figures.subplots(1, 2, size=(7.6, 3.4))
    senses = np.array(points["senses"])
    for axis, depth in zip(axes, (0, chosen), strict=True):
        places = np.array(points["points"][depth])  # (N, 2)
        for number, sense in enumerate(SENSES):
            own = places[senses == sense]
            axis.scatter(*own.T, s=(30, 10)[number], color=figures.COLOURS[number], label=sense)
        axis.set(title=f"layer {depth}" if depth else "embeddings", xticks=[], yticks=[])
    axes[1].legend(fontsize="small")
    return figure
