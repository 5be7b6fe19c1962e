"""The real models, counted: do the published numbers of parameters come out, and what did training take?

Our own model classes are built in the real configurations, BERT-base to GPT-3, without memory for their weights, and
their parameters are counted. The operations of the published training runs follow from the formula in
`experiments/flops.py`.

parameters.py   the figures of the lecture and of the papers, and our counts
training.py     the published training runs
findings.py     claims and tables
drawings.py     figures

Source: the lecture's pages on BERT, T5, GPT, GPT-2 and GPT-3, and "Scaling efficiency". What is not in the lecture
is named where it stands.
"""

from dataclasses import asdict

from experiments.experiment import Estimate
from experiments.model_sizes import drawings, findings
from experiments.model_sizes.findings import Settings
from experiments.model_sizes.parameters import FIGURES, count_parts, megabytes_to_build
from experiments.model_sizes.training import training_runs
from experiments.results import Result
from experiments.runner import Run
from models.sizes import SIZES, build

NAME = "model_sizes"
TITLE = "The real models, counted: parameters, memory, and what training took"
LECTURE = "BERT; T5; GPT, GPT-2 and GPT-3; scaling efficiency"

PRESETS = {"quick": Settings(), "full": Settings()}


def estimate(settings: Settings) -> Estimate:
    """Shapes are all that is made."""
    return Estimate(3, 200)


def run(settings: Settings, run: Run) -> Result:
    """Count, compute, judge."""
    parts = run.cell("parameters", lambda: {name: count_parts(config) for name, config in SIZES.items()})
    otherwise = run.cell(
        "counted otherwise",
        lambda: {figure.model: build(figure.like).num_parameters() for figure in FIGURES if figure.like},
    )
    memory = run.cell("memory", lambda: {"megabytes": megabytes_to_build(SIZES["gpt3-175b"])})
    counts = {name: sum(of_model.values()) for name, of_model in parts.items()}
    runs = training_runs()
    run.figure(
        "parameters",
        drawings.draw_parameters(parts),
        "Left: every size's parameters; rings are the lecture's figures. Right: where the parameters sit (the norms, "
        "less than 0.1%, are left out).",
    )
    run.figure(
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
