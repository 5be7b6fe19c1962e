"""Fill in the blank: the kinds of things that can be learnt from reconstructing the input.

blank.py         a blank, and how blanks are drawn
clue_before.py   the lecture's seven kinds, for models that read from the left
clue_after.py    the same kinds turned around
skills.py        one skill each, for watching pretraining

Source: the lecture, "What can we learn from reconstructing the input?".
"""

from experiments.text.toy_world.tasks.blanks import clue_after, clue_before, skills
from experiments.text.toy_world.tasks.blanks.blank import Blank, Maker, blanks
from experiments.text.toy_world.tasks.drawing import one_of
from experiments.text.toy_world.world import World

CLUE_BEFORE: dict[str, Maker] = {
    "fact": clue_before.fact,
    "syntax": clue_before.syntax,
    "coreference": clue_before.coreference,
    "topic": clue_before.topic,
    "sentiment": clue_before.sentiment,
    "tracking": clue_before.tracking,
    "number": clue_before.number,
}
CLUE_AFTER: dict[str, Maker] = {
    "fact": clue_after.fact,
    "syntax": clue_after.syntax,
    "coreference": clue_after.coreference,
    "topic": clue_after.topic,
    "sentiment": clue_after.sentiment,
    "tracking": clue_after.tracking,
    "number": clue_after.number,
}
SKILLS: dict[str, Maker] = {
    "category": skills.category,
    "synonym": skills.synonym,
    "antonym": skills.antonym,
    "verb": skills.verb,
    "same person": skills.same_person,
    "same category": skills.same_category,
    "same quality": skills.same_quality,
    "same action": skills.same_action,
    "owner": skills.owner,
    "translation": skills.translation,
}
FACTS = ("fact", "translation")
"""Kinds whose texts state single facts, which documents hold, all of them."""


def draw(world: World, kinds: dict[str, Maker], kind: str, n: int, part: str = "test") -> list[Blank]:
    """`n` blanks of a kind; see `blanks`.

    Raises:
        TypeError or ValueError: as `blanks`, or if kind is not one of kinds.
    """
    return blanks(world, kinds[one_of("kind", kind, list(kinds))], n, part, states_a_fact=kind in FACTS)
