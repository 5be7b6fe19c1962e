"""Words in context: "I record the record".

A homograph is one spelling with two senses, here a noun and a verb. A static vector is the same for both. A pretrained
model gives a word a vector for each sentence that it occurs in: do these vectors tell the senses apart, and in which
layer? A linear probe learns the senses of some homographs and is tested on others, which it never saw. The silhouette
says how far apart the senses are without any training.

systems.py    the settings, how each system reads a sentence, and what is measured
findings.py   claims, tables and figures

Sources: the lecture, "I record the record"; Peters et al. 2018, "Deep contextualized word representations", section
5.3.
"""

from itertools import product

from experiments.evidence.results import Result
from experiments.lab import zoo
from experiments.lab.zoo import FULL
from experiments.running.contract import Estimate
from experiments.running.work import Checkpoint, Work
from experiments.tables.word_in_context import findings
from experiments.tables.word_in_context.systems import ENCODER, SYSTEMS, UNTRAINED, Settings, measure, picture

TITLE = "Words in context: which sense does a word have here?"
LECTURE = "I record the record"

PRESETS = {
    "quick": Settings(seeds=1, n_sentences=200, zoo=FULL),
    "full": Settings(seeds=3, n_sentences=400, zoo=FULL),
}


def estimate(settings: Settings) -> Estimate:
    """From the numbers of sentences and layers, without the zoo's training."""
    return Estimate(settings.seeds * (5 + 0.05 * settings.n_sentences), 400)


def run(settings: Settings, work: Work) -> Result:
    """Measure every layer of every system in every seed's world, judge the claims."""
    cells: findings.Cells = {system: [] for system in SYSTEMS}
    starts: findings.Starts = {system: [] for system in SYSTEMS}
    for seed, (system, of_system) in product(range(settings.seeds), SYSTEMS.items()):
        start: Checkpoint | None = None  # random weights
        if system not in UNTRAINED:
            recipe = of_system.recipe(settings)
            start = zoo.pretrained(work, recipe, seed, f"pretraining: {system}")
            starts[system].append(start)
        cells[system].append(work.cell(f"senses: {system}", measure, system, start, settings, seed, seed=seed))
    points = work.cell("picture", picture, starts[ENCODER][0], settings, 0, seed=0)
    return findings.result(settings, cells, starts, points, work)
