"""What is compared: the settings, and the variants of masked language modelling."""

from dataclasses import dataclass, replace
from functools import cache

from experiments.lab.extractive_qa import QuestionTask, version_1
from experiments.lab.pretraining import CutShort
from experiments.lab.recipes import (
    MaskedLM,
    MaskedLMAtExactRate,
    MaskedLMWithNextSentenceAtExactRate,
    Recipe,
)
from experiments.lab.solving import Budget
from experiments.lab.worlds import Reading
from experiments.lab.zoo import MASKED_LM, Zoo
from experiments.text.toy_world.tasks.example import Task
from experiments.text.toy_world.tasks.judgements import cola
from minigrad.checks import whole_number

RATE, EASY = 0.25, MASKED_LM.too_easy
BASE, ONLY_MASKS = "80/10/10", "100/0/0"
NEXT_SENTENCE = "with next-sentence prediction"
SPANS = "contiguous spans"
RANDOM = "random weights"
"""The floor. No claim uses it."""

NOT_READ = ("games", "numbers", "glossaries", "lists", "encyclopedia", "homographs", "dialogues")
"""Genres that the variants' text leaves out: nothing that is measured here asks for what they teach. Of the others, a
step then has 2.4 times as much."""

RATES = {0.05: "rate 5%", RATE: BASE, 0.5: "rate 50%"}
"""Masking rate → the variant. The first and the last are the ends of the range."""

VARIANTS: dict[str, MaskedLM] = {
    BASE: MaskedLMAtExactRate(RATE, too_easy=EASY),
    ONLY_MASKS: MaskedLMAtExactRate(RATE, (1.0, 0.0, 0.0), too_easy=EASY),
    NEXT_SENTENCE: MaskedLMWithNextSentenceAtExactRate(RATE, too_easy=EASY),
    SPANS: MaskedLMAtExactRate(RATE, spans=True, too_easy=EASY),
    **{name: MaskedLMAtExactRate(rate, too_easy=EASY) for rate, name in RATES.items() if rate != RATE},
}
"""Each differs from the first in one thing."""

SYSTEMS = (*VARIANTS, RANDOM)
COLA, READING = "CoLA", "reading"
SCORES = {COLA: "CoLA", READING: "question answering, F1"}
"""What is measured: one of GLUE's tasks, and span-extraction question answering. After so few steps GLUE's other tasks
are out of reach: SST-2, QQP and MNLI were at chance or little above it in trials."""
N_LOOKS = 6
"""How often finetuning looks at dev."""
LOOKS = 12
"""How often the probes are evaluated along pretraining."""


@dataclass(frozen=True)
class Settings:
    """What a preset decides.

    Attributes:
        splits: how often each task is drawn, with other words and examples.
        steps, reading: of the variants' pretraining. The steps are the first of the zoo's schedule.
        finetuning: for each of `SCORES`.
    """

    seeds: int
    splits: int
    steps: int
    reading: Reading
    finetuning: dict[str, Budget]
    zoo: Zoo
    n_dev: int = 300
    n_test: int = 900
    n_threads: int = 1

    def __post_init__(self) -> None:
        for name in ("seeds", "splits", "steps", "n_dev", "n_test", "n_threads"):
            whole_number(name, getattr(self, name), at_least=1)
        if set(self.finetuning) != set(SCORES):
            raise ValueError(f"finetuning must name {', '.join(SCORES)}, got {', '.join(self.finetuning)}")


def recipe_of(system: str, settings: Settings) -> Recipe:
    """How a system is pretrained: as the zoo's large encoder, with another objective and text, and all of them for the
    first steps of its schedule. Of random weights only the size matters."""
    large = settings.zoo.bert_large
    if system == RANDOM:
        return large
    training = CutShort(**vars(large.training), stop=settings.steps)
    training = replace(training, probe_every=max(settings.steps // LOOKS, 1), keep_at=())
    return replace(large, objective=VARIANTS[system], reading=settings.reading, training=training)


def sentences_of(settings: Settings, draw: int) -> Task:
    """CoLA, drawn with the words and examples of a seed."""
    return _sentences(draw, settings.finetuning[COLA].n_train, settings.n_dev, settings.n_test)


def questions_of(settings: Settings, draw: int) -> QuestionTask:
    """Questions about passages, all with an answer, as in SQuAD 1.1."""
    return _questions(draw, settings.finetuning[READING].n_train, settings.n_dev, settings.n_test)


# All variants are finetuned on the same draws.
_sentences = cache(cola)
_questions = cache(version_1)
