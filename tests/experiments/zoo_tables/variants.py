"""A table that asks for the variants of masked LM. They are killed in lab/test_zoo_kills.py."""

import dataclasses
from itertools import product

from experiments.evidence.results import Result
from experiments.lab import zoo
from experiments.lab.recipes import MaskedLM, MaskedLMAtExactRate, MaskedLMWithNextSentence
from experiments.running.work import Work
from tests.experiments.tiny_zoo import TINY
from tests.experiments.zoo_tables import members
from tests.experiments.zoo_tables.members import LECTURE, PRESETS, Settings, estimate

__all__ = ["LECTURE", "PRESETS", "TITLE", "estimate", "run"]

TITLE = "Variants of masked LM"
EASY = (".", ",", "?", ":", "a", "the")
OBJECTIVES = {
    "80/10/10": MaskedLM(0.25, too_easy=EASY),
    "100/0/0": MaskedLM(0.25, (1.0, 0.0, 0.0), too_easy=EASY),
    "5%": MaskedLMAtExactRate(0.05, too_easy=EASY),
    "50%": MaskedLMAtExactRate(0.5, too_easy=EASY),
    "spans": MaskedLM(0.25, spans=True, too_easy=EASY),
    "next sentence": MaskedLMWithNextSentence(0.25, too_easy=EASY),
}
LONGER = members.longer(TINY.bert)
MEMBERS = {name: dataclasses.replace(LONGER, objective=objective) for name, objective in OBJECTIVES.items()}


def run(settings: Settings, work: Work) -> Result:
    for seed, (name, member) in product(range(settings.seeds), MEMBERS.items()):
        zoo.pretrained(work, member, seed, name)
    return Result("", [], [])
