"""Numbers of parameters: the figures of the lecture and the papers, and the counts of our model classes."""

import tracemalloc
from collections import Counter
from dataclasses import dataclass, replace

from models.sizes import GPT_SIZES, T5_SIZES, Config, build

PARTS = ("embeddings", "attention", "attention to the encoder", "feed-forward", "output layer, heads", "norms")
BLOCKS = ("attention", "attention to the encoder", "feed-forward", "norms")


@dataclass(frozen=True)
class Figure:
    """A published number of parameters, and its number of significant digits.

    If it is off, `counts` says what it seems to count, and `like` is the configuration with that many parameters.
    """

    model: str
    parameters: float
    digits: int
    counts: str = ""
    like: Config | None = None


def with_gpt_vocabulary(name: str) -> Config:
    """A GPT-2 with the smaller vocabulary of the first GPT."""
    return replace(GPT_SIZES[name], vocab_size=GPT_SIZES["gpt"].vocab_size)


GPT_VOCABULARY = "the first GPT's vocabulary, 40,478 in place of 50,257 tokens"
ONE_DIGIT, TWO_DIGITS = "it is rounded to one digit", "it is rounded to two digits"

LECTURE_FIGURES = (
    Figure("bert-base", 110e6, 2),
    Figure("bert-large", 340e6, 2),
    Figure("gpt", 117e6, 3),
    Figure("gpt2-xl", 1.5e9, 2, GPT_VOCABULARY, with_gpt_vocabulary("gpt2-xl")),
    Figure("t5.1.1-base", 220e6, 2, "version 1.0, without an output layer of its own", T5_SIZES["t5-base"]),
    Figure("t5.1.1-large", 770e6, 2),
    Figure("t5.1.1-xl", 3e9, 1, ONE_DIGIT),
    Figure("t5.1.1-xxl", 11e9, 2),
    Figure("t5-11b", 11e9, 2, TWO_DIGITS),
    Figure("gpt3-175b", 175e9, 3),
)

# Radford et al. 2019, table 2 (the authors' repository says since that these are wrong); Raffel et al. 2020, sections
# 3.1.1 and 3.7.
PAPER_FIGURES = (
    Figure("gpt2", 117e6, 3, GPT_VOCABULARY, with_gpt_vocabulary("gpt2")),
    Figure("gpt2-medium", 345e6, 3, GPT_VOCABULARY, with_gpt_vocabulary("gpt2-medium")),
    Figure("gpt2-large", 762e6, 3, GPT_VOCABULARY, with_gpt_vocabulary("gpt2-large")),
    Figure("gpt2-xl", 1542e6, 4, GPT_VOCABULARY, with_gpt_vocabulary("gpt2-xl")),
    Figure("t5-small", 60e6, 1),
    Figure("t5-base", 220e6, 2),
    Figure("t5-large", 770e6, 2, "an output layer of its own", replace(T5_SIZES["t5-large"], tied_head=False)),
    Figure("t5-3b", 2.8e9, 2),
    Figure("t5-11b", 11e9, 2, TWO_DIGITS),
)
FIGURES = (*LECTURE_FIGURES, *PAPER_FIGURES)


def off(count: float, figure: Figure) -> float:
    """How far the count is above the figure, as a share of the figure."""
    return count / figure.parameters - 1


def rounds_to(count: float, figure: Figure) -> bool:
    """Whether the count, rounded to as many digits as the figure has, equals the figure."""
    digits = figure.digits - 1
    return f"{count:.{digits}e}" == f"{figure.parameters:.{digits}e}"


def part_of(name: str) -> str:
    """The part of the model, one of PARTS, that a parameter of this name belongs to."""
    modules = name.split(".")[:-1]
    if any(module.endswith("norm") for module in modules):
        return "norms"
    if "cross_attention" in modules:
        return "attention to the encoder"
    if "attention" in modules:
        return "attention"
    if modules[-1] in ("up", "gate", "down"):
        return "feed-forward"
    if modules[-1].endswith("embedding") or modules[-1] == "table":  # the table of T5's position bias
        return "embeddings"
    return "output layer, heads"


def count_parts(config: Config) -> dict[str, int]:
    """How many parameters each part of the model has."""
    parts = Counter(dict.fromkeys(PARTS, 0))
    for name, parameter in build(config).named_parameters():
        parts[part_of(name)] += parameter.size
    return dict(parts)


def megabytes_to_build(config: Config) -> float:
    """The most memory that Python and NumPy allocate while the model is built and counted."""
    tracemalloc.start()
    build(config).num_parameters()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return peak / 1e6
