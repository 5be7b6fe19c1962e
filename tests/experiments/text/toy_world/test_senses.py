"""Senses: the words around a homograph tell its sense; its place and the length of the sentence do not."""

from collections import Counter
from functools import cache

import pytest

from experiments.text.toy_world.lexicon import HOMOGRAPHS
from experiments.text.toy_world.parts import PARTS
from experiments.text.toy_world.tasks.senses import FRAMES, SENSES, Sense, senses

BEFORE_A_VERB = ("they", "not", "will", "we", "i")


@cache
def drawn(part: str) -> list[Sense]:
    return senses(0, part, 400)


@pytest.mark.parametrize("part", PARTS)
def test_the_homograph_is_at_its_place_and_nowhere_else(part: str):
    for sense in drawn(part):
        assert sense.text[sense.start : sense.start + len(sense.homograph)] == sense.homograph
        assert [word for word in sense.text[:-1].split() if word in HOMOGRAPHS] == [sense.homograph]


@pytest.mark.parametrize("part", PARTS)
def test_the_words_around_agree_with_the_sense(part: str):
    for sense in drawn(part):
        before, after = sense.text[: sense.start].split(), sense.text[sense.start :].split()[1:]
        is_people = before[0] == "the" and len(before) == 2 and after[:1] in (["it"], ["the"])  # "the strong lock it"
        assert (before[-1] in BEFORE_A_VERB or is_people) == (sense.sense == "verb"), sense


def accuracy_of(feature: object, seed: int = 0) -> float:
    """How often a rule is right that knows only the feature: the sense that it mostly has in training."""
    counts: dict[object, Counter] = {}
    for sense in senses(seed, "train", 2000):
        counts.setdefault(feature(sense), Counter())[sense.sense] += 1
    test = senses(seed, "test", 400)
    right = [counts[feature(s)].most_common(1)[0][0] == s.sense for s in test if feature(s) in counts]
    assert len(right) > 200
    return sum(right) / len(right)


def word_index(sense: Sense) -> int:
    return len(sense.text[: sense.start].split())


@pytest.mark.parametrize(
    "feature",
    [word_index, lambda sense: len(sense.text.split()), lambda sense: (word_index(sense), len(sense.text.split()))],
    ids=["place", "length", "both"],
)
def test_a_rule_that_knows_place_and_length_is_at_chance(feature: object):
    assert accuracy_of(feature) == pytest.approx(0.5, abs=0.02)


def test_a_rule_that_knows_one_word_is_not_always_right():
    assert accuracy_of(lambda sense: sense.text.split()[0] if word_index(sense) > 1 else "") < 0.9
    assert 0.8 < accuracy_of(lambda sense: sense.text[: sense.start].split()[-1] in BEFORE_A_VERB) < 0.95


def test_homographs_are_of_one_part_and_both_senses_are_as_frequent():
    of_part = {part: Counter(sense.homograph for sense in drawn(part)) for part in PARTS}
    assert [len(of_part[part]) for part in PARTS] == [8, 4, 4]
    assert set().union(*of_part.values()) == set(HOMOGRAPHS)
    for part in PARTS:
        by_sense = Counter((sense.homograph, sense.sense) for sense in drawn(part))
        for homograph in of_part[part]:
            assert by_sense[homograph, "noun"] == by_sense[homograph, "verb"] > 0


def test_homographs_are_dealt_by_the_seed():
    tests = {frozenset(sense.homograph for sense in senses(seed, "test", 160)) for seed in range(4)}
    assert len(tests) > 1


def test_the_two_frames_of_a_pair_have_the_homograph_at_the_same_place():
    for noun, verb in FRAMES:
        places = [[word.startswith("{homograph}") for word in frame.split()] for frame in (noun, verb)]
        assert places[0] == places[1]
        assert sum(places[0]) == 1
    assert SENSES == ("noun", "verb")
