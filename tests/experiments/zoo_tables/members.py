"""A table that asks for every member of a tiny zoo. They are killed in lab/test_zoo_kills.py."""

import dataclasses
from dataclasses import dataclass
from itertools import product
from typing import Any

from experiments.evidence.results import Result
from experiments.lab import zoo
from experiments.lab.recipes import Recipe
from experiments.lab.word_vectors import SkipGramSettings
from experiments.running.contract import Estimate
from experiments.running.work import Work
from tests.experiments.tiny_zoo import TINY

TITLE, LECTURE = "Every member of a zoo", "none"
KEEP_AT = (150, 600)
"""Targets. An encoder gets about 40 in a step, and a decoder 170."""


@dataclass(frozen=True)
class Settings:
    seeds: int


PRESETS = {"quick": Settings(1), "full": Settings(3)}


def estimate(settings: Settings) -> Estimate:
    return Estimate(seconds=10 * settings.seeds, megabytes=100)


def longer(member: Any) -> Any:
    """A member of the tiny zoo with as many steps as it takes to be killed several times."""
    if isinstance(member, Recipe):
        training = dataclasses.replace(member.training, steps=30, probe_every=8, keep_at=KEEP_AT)
        return dataclasses.replace(member, training=training)
    return dataclasses.replace(member, training=SkipGramSettings(3e-3, batch_size=256))


MEMBERS = {name: longer(member) for name, member in TINY.members.items()}


def run(settings: Settings, work: Work) -> Result:
    for seed, (name, member) in product(range(settings.seeds), MEMBERS.items()):
        zoo.pretrained(work, member, seed, name)
    return Result("", [], [])
