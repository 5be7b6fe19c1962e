"""A scene: somebody did something with a thing of some quality. Most genres write about one.

The words for it vary from sentence to sentence: a poodle is also a dog, what is big is also large. From such texts a
model can learn which words mean the same.
"""

from dataclasses import dataclass

from experiments.text.toy_world.dice import Dice
from experiments.text.toy_world.lexicon import (
    ADJECTIVES,
    CATEGORIES,
    DAYS,
    PEOPLE,
    ROOMS,
    VERBS,
    Category,
    Opposites,
    plural,
    pronouns,
)


@dataclass(frozen=True, slots=True)
class Scene:
    """Who, what, of what quality, and what was done; where and when.

    Attributes:
        quality, quality_pole: a row of ADJECTIVES, and which of its two poles is true of the thing.
        action, action_pole: a row of VERBS, and which of its two poles was done.
    """

    person: str
    category: Category
    member: str
    quality: Opposites
    quality_pole: int
    action: Opposites
    action_pole: int
    room: str
    day: str

    def slots(self, dice: Dice) -> dict[str, str]:
        """Words for a template's slots; where there are synonyms, one of them.

        `adjective2` and `verb2` are the other synonym, `opposite` and `opposite_verb` one of the antonyms.
        """
        pole, opposite = self.quality.poles[self.quality_pole], self.quality.poles[1 - self.quality_pole]
        done, undone = self.action.poles[self.action_pole], self.action.poles[1 - self.action_pole]
        first, second = dice.below(2), dice.below(2)
        he, his, him, himself = pronouns(self.person)
        return {
            "person": self.person,
            "he": he,
            "his": his,
            "him": him,
            "himself": himself,
            "category": self.category.name,
            "kind": self.category.kind,
            "did": self.category.did,
            "member": self.member,
            "adjective": pole[first],
            "adjective2": pole[1 - first],
            "opposite": dice.one(opposite),
            "company": self.quality.company[self.quality_pole],
            "verb": done[second],
            "verb2": done[1 - second],
            "opposite_verb": dice.one(undone),
            "reaction": self.action.company[self.action_pole],
            "room": self.room,
            "day": self.day,
        }


def draw_scene(dice: Dice, person: str | None = None, category: Category | None = None) -> Scene:
    """A scene; the person and the category may be given."""
    category = category or dice.one(CATEGORIES)
    return Scene(
        person or dice.one(PEOPLE),
        category,
        dice.one(category.members),
        dice.one(ADJECTIVES),
        dice.below(2),
        dice.one(VERBS),
        dice.below(2),
        dice.one(ROOMS),
        dice.one(DAYS),
    )


def plurals(members: list[str]) -> dict[str, str]:
    """Slots for some members in the plural: `members`, `members2`, …"""
    return {"members" + (str(i + 1) if i else ""): plural(member) for i, member in enumerate(members)}
