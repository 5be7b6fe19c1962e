"""The real models, counted: do the published numbers of parameters come out, and what did training take?

Our own model classes are built in the real configurations, BERT-base to GPT-3, without memory for their weights, and
their parameters are counted. The operations of the published training runs follow from the formula in
`experiments/lab/flops.py`.

systems.py      the figures of the lecture and of the papers, and our counts
training.py     the published training runs
findings.py     claims and tables
drawings.py     figures

Source: the lecture's pages on BERT, T5, GPT, GPT-2 and GPT-3, and "Scaling efficiency". Other sources are named beside
the figures that come from them.
"""

from dataclasses import asdict

from experiments.evidence.results import Result
from experiments.running.contract import Estimate
from experiments.running.work import Work
from experiments.tables.model_sizes import drawings, findings
from experiments.tables.model_sizes.findings import Settings
from experiments.tables.model_sizes.systems import FIGURES, count_parts, megabytes_to_build
from experiments.tables.model_sizes.training import training_runs
from models.sizes import SIZES, build

TITLE = "The real models, counted: parameters, memory, and what training took"
LECTURE = "BERT; T5; GPT, GPT-2 and GPT-3; scaling efficiency"

PRESETS = {"quick": Settings(), "full": Settings()}


def estimate(settings: Settings) -> Estimate:
    """Little: only shapes are computed."""
    return Estimate(3, 200)


def run(settings: Settings, work: Work) -> Result:
    """Count, compute, judge."""
    parts = work.cell("parameters", count_all)
    otherwise = work.cell("counted otherwise", count_otherwise)
    memory = work.cell("memory", measure_memory)
    counts = {name: sum(of_model.values()) for name, of_model in parts.items()}
    runs = training_runs()
    work.figure(
        "parameters",
        drawings.draw_parameters(parts),
        "Left: every size's parameters; rings are the lecture's figures. Right: where the parameters sit (the norms, "
        "less than 0.1%, are left out).",
    )
    work.figure(
        "training",
        drawings.draw_training(runs, counts),
        "Operations of the published training runs against parameters; rings are the figures of Brown et al. (2020).",
    )
    return Result(
        lecture_says=(
            "BERT came in two sizes, of 110 and 340 million parameters; GPT had 117 million, GPT-2 1.5 billion, T5 "
            "220 million to 11 billion, GPT-3 175 billion. Pretraining BERT took 64 TPU chips and four days. The cost "
            "of training goes, roughly, with parameters times tokens."
        ),
        tables=[
            findings.lecture_table(parts, otherwise),
            findings.paper_table(counts, otherwise),
            findings.training_table(runs, counts),
            findings.hardware_table(runs),
        ],
        claims=findings.judge(settings, counts, otherwise, runs, memory["megabytes"]),
        configs={name: asdict(config) for name, config in SIZES.items()},
        parameters=counts,
        tokens={name: one.tokens for name, one in runs.items()},
        flops={name: one.flops for name, one in runs.items()},
    )


def count_all() -> dict[str, dict[str, int]]:
    """Model → part → its parameters."""
    return {name: count_parts(config) for name, config in SIZES.items()}


def count_otherwise() -> dict[str, int]:
    """Model → its parameters, counted in the way that agrees with a figure of the lecture or a paper."""
    return {figure.model: build(figure.like).num_parameters() for figure in FIGURES if figure.like}


def measure_memory() -> dict[str, float]:
    """The memory that building GPT-3 takes."""
    return {"megabytes": megabytes_to_build(SIZES["gpt3-175b"])}
