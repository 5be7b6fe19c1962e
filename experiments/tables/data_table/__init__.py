"""Data: how much text there is without labels, what is in it, and what is a mixture of domains worth?

The lecture's token counts and its table of Dolma's sources, with the same columns measured on our own text: the
language reference, the docstrings and the code of Python's standard library, and the toy world.

Then one decoder is trained on each of these domains alone and on a mixture of equal parts. All systems read the same
number of windows, the same number of times: a mixture of four domains has a quarter of each domain's text. Each is
measured on the held-out documents of every domain. Learning rates are chosen on another split and another world.

lecture.py    the lecture's figures
domains.py    our text, without duplicates, split into training and held-out documents
counts.py     bytes, documents, words and tokens of our text
systems.py    the decoder, its training, its losses
findings.py   claims and tables
drawings.py   figures

Source: the lecture, "Why unsupervised learning? Why not QA?" and "Pretraining can be massively diverse".
"""

from collections.abc import Sequence
from dataclasses import asdict, replace
from itertools import product

from experiments.evidence.results import Result
from experiments.lab.sweep import SEED, Trial, sweep
from experiments.running.contract import Estimate
from experiments.running.work import Checkpoint, Work
from experiments.tables.data_table import counts, domains, drawings, findings
from experiments.tables.data_table.systems import SYSTEMS, Learner, Settings, final_losses, sample, train, trial

TITLE = "Data: how much there is without labels, and what a mixture of domains is worth"
LECTURE = "Why unsupervised learning? Why not QA?; pretraining can be massively diverse"

PRESETS = {
    "quick": Settings(
        seeds=1,
        learner=Learner(n_windows=2_000, n_held_out=100, passes=1, looks=5, d_model=32, n_layers=2),
        lrs=(0.4,),
    ),
    "full": Settings(seeds=3, learner=Learner(), lrs=(0.1, 0.2, 0.4, 0.8)),
}


def estimate(settings: Settings) -> Estimate:
    """From measurements on one core: 7 s to read the text, 30 GFLOP/s."""
    n_tried = len(settings.lrs) if len(settings.lrs) > 1 else 0
    n_trainings = len(SYSTEMS) * (n_tried + settings.seeds)
    return Estimate(12 + n_trainings * (1 + settings.learner.flops / 3e10), 600)


def run(settings: Settings, work: Work) -> Result:
    """Count, choose learning rates, train on each domain and on the mixture, judge."""
    learner, lrs = settings.learner, settings.learning_rates
    of_sweep = (SEED,) if len(lrs) > 1 else ()
    corpora = {seed: domains.describe(seed) for seed in (*range(settings.seeds), *of_sweep)}
    counted = work.cell("our text", counts.count, settings.vocab_size, corpora[counts.WORLD])

    def tried(system: str, lr: float) -> Sequence[Trial]:
        key, once = f"sweep: {system}, learning rate {lr:.3g}", replace(learner, looks=1)
        trained = work.checkpoint(key, train, system, once, lr, corpora[SEED], SEED, work.device, seed=SEED)
        return [work.cell(f"{key}, losses", trial, trained, seed=SEED)]

    chosen, trials = sweep(dict.fromkeys(SYSTEMS, lrs), tried, better="log_likelihood", then="loss")
    records: dict[str, list[Checkpoint]] = {system: [] for system in SYSTEMS}
    losses: dict[str, list[dict[str, float]]] = {system: [] for system in SYSTEMS}
    written = {}
    for seed, system in product(range(settings.seeds), SYSTEMS):
        key, corpus = f"trained on {system}", corpora[seed]
        trained = work.checkpoint(key, train, system, learner, chosen[system], corpus, seed, work.device, seed=seed)
        records[system].append(trained)
        losses[system].append(work.cell(f"losses: {system}", final_losses, trained, seed=seed))
        if seed == 0:
            written[key] = work.cell(f"text: {system}", sample, trained, learner, seed, work.device, seed=seed)
    grid = findings.grid_of(losses)
    drawings.draw(settings, counted, grid, records, work)
    return Result(
        lecture_says=(
            "Text without labels is orders of magnitude more than any data set with labels: the indexed internet has "
            "ten million times the tokens of SQuAD. And it is diverse: web pages, code, social media, papers, books. "
            "That gives a weak coverage of an enormous range of tasks."
        ),
        tables=[
            findings.gap_table(counted),
            findings.counts_table(counted),
            findings.ratios_table(counted),
            findings.matrix_table(grid, learner),
        ],
        claims=findings.judge(grid),
        configs={
            "decoder": asdict(learner.config),
            "training": asdict(learner) | {"lr": {system: chosen[system] for system in SYSTEMS}},
            "text": {str(seed): corpus for seed, corpus in corpora.items()},
        },
        sweep=trials,
        parameters=dict.fromkeys(SYSTEMS, learner.untrained(0).num_parameters()),
        tokens=dict.fromkeys(SYSTEMS, settings.seeds * learner.tokens),
        flops=dict.fromkeys(SYSTEMS, settings.seeds * learner.flops),
        samples={key: cell["text"] for key, cell in written.items()},
    )
