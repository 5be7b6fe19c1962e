"""Pairs of texts about one event, and the relation of two words that decides whether the first entails the second.

Both texts speak of the same event, as in SNLI. So what is small is not big (contradiction), and whether what is big is
quick is not known (neutral). One word of the second text, the hypothesis, decides:

    the hypothesis's word       entailment          neutral                contradiction
    an adjective or a verb      a synonym           of another row         an antonym
    a noun                      the same, or a      a poodle, where the    another thing
                                hypernym            first says "a dog"

Behind "not" and "never", entailment and contradiction change places. Whatever the label, the templates of both texts
are drawn in the same way, so that neither text alone tells the label, and their overlap hardly does.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from experiments.text.toy_world.dice import Dice
from experiments.text.toy_world.lexicon import CATEGORIES, HE, plural
from experiments.text.toy_world.scene import Scene
from experiments.text.toy_world.tasks.split import Words

LABELS = ENTAILMENT, NEUTRAL, CONTRADICTION = "entailment", "neutral", "contradiction"
NOT_ENTAILMENT = "not_entailment"
FLIPPED = {ENTAILMENT: CONTRADICTION, CONTRADICTION: ENTAILMENT, NEUTRAL: NEUTRAL}
"""What a relation becomes if its word is negated."""

NEGATED_SHARE = 0.1
REWORDED = 0.1
"""How often a word that does not decide is replaced by its synonym."""
NOUN_SHARE = 1 / 3
"""How often the noun decides."""


@dataclass(frozen=True)
class Frames:
    """Templates of premises, and for each word that may decide, those of hypotheses and of negated hypotheses."""

    premises: tuple[str, ...]
    hypotheses: Mapping[str, tuple[str, ...]]
    negated: Mapping[str, tuple[str, ...]]


def pair(words: Words, dice: Dice, relation: str, frames: Frames) -> tuple[str, str]:
    """A premise and a hypothesis; `relation` is "entailment", "neutral" or "contradiction".

    Besides a scene's slots, templates may have `noun`; those of premises also `categories`, and `person2`, who is of
    the other sex.
    """
    scene = words.scene(dice)
    slots = scene.slots(dice)
    others = [word for word in frames.hypotheses if word != "noun"]
    decides = "noun" if dice.happens(NOUN_SHARE) else dice.one(others)
    negated = dice.happens(NEGATED_SHARE)
    hypothesis = dice.one((frames.negated if negated else frames.hypotheses)[decides])
    if negated:
        relation = FLIPPED[relation]
    changed = {word: slots[f"{word}2"] for word in ("adjective", "verb") if dice.happens(REWORDED)}
    if decides == "noun":
        noun, changed["noun"] = nouns(words, scene, relation, dice)
    else:
        noun, changed["noun"] = dice.one([*entailed_nouns(scene), (scene.category.kind, scene.category.kind)])
        changed[decides] = related(words, dice, scene, slots, decides, relation)
    slots |= {
        "noun": noun,
        "categories": plural(scene.category.name),
        "person2": dice.one(words.she if scene.person in HE else words.he),
    }
    return dice.one(frames.premises).format_map(slots), hypothesis.format_map(slots | changed)


def nouns(words: Words, scene: Scene, relation: str, dice: Dice) -> tuple[str, str]:
    """The nouns of a premise and of a hypothesis. The hypothesis has a member or a category, whatever the relation."""
    member, category = scene.member, scene.category
    if relation == ENTAILMENT:
        return dice.one(entailed_nouns(scene))
    if relation == NEUTRAL:
        return dice.one([(category.name, member), (category.kind, category.name)])
    noun = dice.one((member, category.name, category.kind))
    level = dice.one(("member", "category"))
    if noun == member:
        return noun, other_noun(words, scene, level, dice)
    stranger = dice.one([other for other in CATEGORIES if noun not in (other.name, other.kind)])
    return noun, dice.one(words.members[stranger.name]) if level == "member" else stranger.name


def entailed_nouns(scene: Scene) -> list[tuple[str, str]]:
    """What a premise and an entailed hypothesis call the thing; each level is as likely in the hypothesis."""
    member, category = scene.member, scene.category.name
    return [(member, member), (member, member), (member, category), (category, category)]


def related(words: Words, dice: Dice, scene: Scene, slots: dict[str, str], word: str, relation: str) -> str:
    """An adjective or verb (`word` says which) in a relation to the scene's."""
    if relation == NEUTRAL:
        return words.adjective(dice, scene.quality) if word == "adjective" else words.verb(dice, scene.action)
    if relation == ENTAILMENT:
        return slots[f"{word}2"]
    return slots["opposite" if word == "adjective" else "opposite_verb"]


def other_noun(words: Words, scene: Scene, level: str, dice: Dice) -> str:
    """A noun of the level "member", "category" or "kind" that the thing is not."""
    if level == "member":
        return dice.other(words.members[scene.category.name], scene.member)
    if level == "category":
        return dice.other(CATEGORIES, scene.category).name
    return dice.one([category for category in CATEGORIES if category.kind != scene.category.kind]).kind
