"""Templates: a sentence that is written with one is read back with it, slot by slot."""

import pytest

from experiments.text.toy_world.dice import Dice
from experiments.text.toy_world.templates import SLOT, WORDS, first_match, pattern, read, word_class
from experiments.text.toy_world.world import GENRES

TEMPLATES = sorted({template for genre in GENRES.values() for template in genre.TEMPLATES})


@pytest.mark.parametrize("template", TEMPLATES)
def test_any_words_of_the_slots_classes_are_read_back(template: str):
    dice = Dice(0)
    slots = [match[1] + match[2] for match in SLOT.finditer(template)]
    for _ in range(5):
        words = {slot: dice.one(word_class(slot)) for slot in slots}
        sentence = template.format(**words)
        assert read(template, sentence) == words
        assert read(template, f"{sentence} ") is read(template, f"x{sentence}") is None


def test_a_slot_takes_the_words_of_its_class_alone():
    assert read("{person} lives in {city}.", "adam lives in arden.") == {"person": "adam", "city": "arden"}
    assert read("{person} lives in {city}.", "adam lives in adam.") is None
    assert read("{person} lives in {city}.", "adam lives in ardens.") is None
    assert read("{person} lives in {city}.", "adam lives in arden!") is None


def test_a_slot_with_a_number_takes_another_word_and_the_same_slot_the_same():
    assert read("{room} and {room2}.", "attic and hall.") == {"room": "attic", "room2": "hall"}
    assert read("{room} and {room}.", "attic and hall.") is None
    assert read("{room} and {room}.", "attic and attic.") == {"room": "attic"}


def test_a_template_without_slots_matches_itself():
    assert read("everyone should see it.", "everyone should see it.") == {}
    assert read("everyone should see it.", "everyone should see itx") is None  # its full stop is a full stop


@pytest.mark.parametrize("slot", ["planet", "planet2", "", "2"])
def test_a_slot_of_no_class_is_refused(slot: str):
    with pytest.raises(ValueError, match=f"slot '{slot}' must be one of person, .*city"):
        word_class(slot)


def test_a_template_with_a_slot_of_no_class_is_refused():
    with pytest.raises(ValueError, match="slot 'planet' must be one of"):
        pattern("the {planet}.")


def test_a_number_behind_a_slot_does_not_change_its_class():
    assert word_class("city2") is word_class("city") is WORDS["city"]
    assert all(words and len(set(words)) == len(words) for words in WORDS.values())


def test_the_first_template_that_matches_is_found():
    templates = ["the {room}.", "the {noun}.", "{he} {verb} it.", "the {member}."]
    assert first_match(templates, "the poodle.") == ("the {noun}.", {"noun": "poodle"})
    assert first_match(templates, "she found it.") == ("{he} {verb} it.", {"he": "she", "verb": "found"})
    assert first_match(templates, "the end.") is None
    assert first_match([], "the poodle.") is None
