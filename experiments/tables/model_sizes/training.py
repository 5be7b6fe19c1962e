"""The published training runs: the tokens that they read, and the operations that this took.

BERT: a million steps of 256 windows, of 128 tokens in the first 90% of the steps and of 512 in the rest (Devlin et al.
2018, appendix A.2, which also speaks of 128,000 tokens a step, as if all windows had 512: both are computed).
T5: a million steps of 2^11 windows, and for the lecture's table 2^19 steps of 2^7 (Raffel et al. 2020, sections 3.7
and 3.1.2). GPT-3: 300 billion tokens in windows of 2,048 (the lecture; Brown et al. 2020, table 2.1). How many
tokens GPT and GPT-2 read was not published.
"""

from dataclasses import dataclass

from experiments.lab.flops import bert_flops, gpt_flops, t5_flops
from models.sizes import BERT_SIZES, GPT3_SIZES, T5_SIZES

PUBLISHED = {  # Brown et al. 2020, table D.1
    "bert-base": 1.64e20, "bert-large": 5.33e20,
    "t5-small": 1.80e20, "t5-base": 6.60e20, "t5-large": 2.31e21, "t5-3b": 9.00e21, "t5-11b": 3.30e22,
    "gpt3-125m": 2.25e20, "gpt3-350m": 6.41e20, "gpt3-760m": 1.37e21, "gpt3-1.3b": 2.38e21, "gpt3-2.7b": 4.77e21,
    "gpt3-6.7b": 1.20e22, "gpt3-13b": 2.31e22, "gpt3-175b": 3.14e23,
}  # fmt: skip

FULL_LENGTH = ", 512 tokens throughout"


@dataclass(frozen=True)
class TrainingRun:
    """One run of a model. `published` is a published figure for its FLOPs."""

    model: str
    tokens: int
    flops: float
    published: float | None = None


def training_runs() -> dict[str, TrainingRun]:
    """Every run, by its name in the tables."""
    runs = {name: bert_run(name, {128: 900_000, 512: 100_000}, PUBLISHED[name]) for name in BERT_SIZES}
    runs |= {name + FULL_LENGTH: bert_run(name, {512: 1_000_000}) for name in BERT_SIZES}
    runs["t5-base, the lecture's table"] = t5_run("t5-base", windows=2**19 * 2**7)
    runs |= {name: t5_run(name, 1_000_000 * 2**11, PUBLISHED[name]) for name in T5_SIZES}
    return runs | {name: gpt3_run(name, PUBLISHED[name]) for name in GPT3_SIZES}


def bert_run(name: str, steps: dict[int, int], published: float | None = None) -> TrainingRun:
    """`steps`: the length of a window → how many steps of 256 such windows. 15% of the tokens are predicted."""
    tokens = {length: 256 * length * count for length, count in steps.items()}
    flops = sum(bert_flops(BERT_SIZES[name], n, length, predicted=n * 15 // 100) for length, n in tokens.items())
    return TrainingRun(name, sum(tokens.values()), flops, published)


def t5_run(name: str, windows: int, published: float | None = None) -> TrainingRun:
    """The tokens are the inputs, as in the paper.

    A window is 568 tokens of text, of which 15%, 85 tokens in 28 spans, are removed. With a sentinel for each span and
    an end token there are 568 - 85 + 28 + 1 = 512 inputs and 85 + 28 + 1 = 114 outputs.
    """
    inputs, outputs = 512, 114
    flops = t5_flops(T5_SIZES[name], windows * inputs, windows * outputs, inputs, outputs)
    return TrainingRun(name, windows * inputs, flops, published)


def gpt3_run(name: str, published: float) -> TrainingRun:
    """300 billion tokens for each size."""
    config, tokens = GPT3_SIZES[name], 300 * 10**9
    return TrainingRun(name, tokens, gpt_flops(config, tokens, config.n_positions), published)


# -- the time it takes ------------------------------------------------------------------------------

DAY = 86_400  # seconds
BERT_CHIPS, BERT_DAYS = {"bert-base": 16, "bert-large": 64}, 4  # Devlin et al. 2018, appendix A.2
# FLOP/s of a chip in bfloat16: 180 TFLOP/s for the four chips of a board, and Google's documentation of TPU v3.
TPU_PEAKS = {"TPU v2": 45e12, "TPU v3": 123e12}


def bert_rate(one: TrainingRun) -> float:
    """The FLOP/s that each of BERT's chips had to sustain to finish the run in four days."""
    return one.flops / (BERT_CHIPS[one.model] * BERT_DAYS * DAY)
