"""Scenes: their slots are synonyms and antonyms of what was drawn, and everything is drawn."""

from collections import Counter

import pytest

from experiments.text.toy_world.dice import Dice
from experiments.text.toy_world.lexicon import ADJECTIVES, CATEGORIES, DAYS, HE, PEOPLE, ROOMS, SHE, VERBS, pronouns
from experiments.text.toy_world.scene import Scene, draw_scene, plurals

N = 4000


def scenes(seed: int = 0, n: int = N) -> list[Scene]:
    dice = Dice(seed)
    return [draw_scene(dice) for _ in range(n)]


def test_everything_is_drawn_about_equally_often():
    drawn = scenes()
    for name, choices in {
        "person": PEOPLE, "category": CATEGORIES, "quality": ADJECTIVES, "action": VERBS, "room": ROOMS, "day": DAYS,
        "quality_pole": (0, 1), "action_pole": (0, 1),
    }.items():  # fmt: skip
        counts = Counter(choices.index(getattr(scene, name)) for scene in drawn)
        expected = N / len(choices)
        assert counts.keys() == set(range(len(choices))), name
        assert max(abs(count - expected) for count in counts.values()) < 5 * expected**0.5, name
    assert {scene.member for scene in drawn} == {member for category in CATEGORIES for member in category.members}


def test_the_thing_is_a_member_of_its_category():
    assert all(scene.member in scene.category.members for scene in scenes())


def test_the_person_and_the_category_may_be_given():
    scene = draw_scene(Dice(0), "emma", CATEGORIES[3])
    assert (scene.person, scene.category) == ("emma", CATEGORIES[3])


def test_slots_say_what_the_scene_is():
    dice = Dice(1)
    for scene in scenes(2, 500):
        slots = scene.slots(dice)
        quality, action = scene.quality, scene.action
        assert {slots["adjective"], slots["adjective2"]} == set(quality.poles[scene.quality_pole])
        assert slots["opposite"] in quality.poles[1 - scene.quality_pole]
        assert slots["company"] == quality.company[scene.quality_pole]
        assert {slots["verb"], slots["verb2"]} == set(action.poles[scene.action_pole])
        assert slots["opposite_verb"] in action.poles[1 - scene.action_pole]
        assert slots["reaction"] == action.company[scene.action_pole]
        assert (slots["category"], slots["kind"], slots["did"]) == (
            scene.category.name, scene.category.kind, scene.category.did,
        )  # fmt: skip
        assert tuple(slots[name] for name in ("he", "his", "him", "himself")) == pronouns(scene.person)
        assert all(slots[name] == getattr(scene, name) for name in ("person", "member", "room", "day"))


@pytest.mark.parametrize("slot", ["adjective", "opposite", "verb", "opposite_verb"])
def test_either_synonym_may_be_said(slot: str):
    dice, scene = Dice(0), draw_scene(Dice(0))
    counts = Counter(scene.slots(dice)[slot] for _ in range(1000))
    assert len(counts) == 2
    assert min(counts.values()) > 400


def test_men_and_women_are_equally_likely():
    counts = Counter(scene.person in HE for scene in scenes())
    assert len(HE) == len(SHE)
    assert abs(counts[True] - N / 2) < 5 * (N / 4) ** 0.5


def test_plurals_are_slots_with_numbers():
    assert plurals(["dog", "finch", "poppy"]) == {"members": "dogs", "members2": "finches", "members3": "poppies"}
