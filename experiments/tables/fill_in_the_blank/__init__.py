"""Fill in the blank: what does a model learn by reconstructing its input?

The lecture's seven kinds of blanks (a fact, syntax, coreference, topic, sentiment, who is where, a number sequence),
filled in by models that count words, and by models that were pretrained on the toy world's text. In one half of the
blanks the clue comes before the blank, in the other after it, where a model that reads from the left cannot see it.

This table draws the zoo's learning curves: when, along pretraining, each model learns each of the skills on which the
downstream tasks of all tables depend.

systems.py    the settings, and how each system fills in blanks
findings.py   claims, tables and figures

Source: the lecture, "What can we learn from reconstructing the input?".
"""

from itertools import product

from experiments.evidence.results import Result
from experiments.lab import zoo
from experiments.lab.zoo import FULL
from experiments.running.contract import Estimate
from experiments.running.work import Work
from experiments.tables.fill_in_the_blank import findings
from experiments.tables.fill_in_the_blank.systems import COUNTING, PRETRAINED, Settings, count, fill_in, recipe_of

TITLE = "Fill in the blank: what does reconstructing the input teach?"
LECTURE = "What can we learn from reconstructing the input?"

PRESETS = {
    "quick": Settings(seeds=1, n_blanks=100, n_counted=1_000_000, zoo=FULL),
    "full": Settings(seeds=3, n_blanks=400, n_counted=16_000_000, zoo=FULL),
}


def estimate(settings: Settings) -> Estimate:
    """From measurements on two cores, without the zoo's training: writing the text, and filling in the blanks."""
    return Estimate(settings.seeds * (2e-6 * settings.n_counted + 0.02 * settings.n_blanks), 400)


def run(settings: Settings, work: Work) -> Result:
    """Fill in the blanks with every system and every seed's world, judge the claims."""
    starts: findings.Starts = {system: [] for system in PRETRAINED}
    cells: findings.Cells = {system: [] for system in (*COUNTING, *PRETRAINED)}
    for seed, system in product(range(settings.seeds), cells):
        if system in COUNTING:
            accuracies = work.cell(system, count, system, settings, seed, seed=seed)
        else:
            start = zoo.pretrained(work, recipe_of(system, settings), seed, f"pretraining: {system}")
            starts[system].append(start)
            accuracies = work.cell(f"blanks: {system}", fill_in, system, start, settings, seed, seed=seed)
        cells[system].append(accuracies)
    return findings.result(settings, cells, starts, work)
