"""Summaries: each is derived once more from the words of the document."""

import re
from collections import Counter
from functools import cache

import pytest

from experiments.text.toy_world.lexicon import ASPECTS, BAD, GOOD, HE, PEOPLE, ROOMS, SHE, THINGS, WORKS
from experiments.text.toy_world.parts import PARTS
from experiments.text.toy_world.tasks.summarisation import Summary, reviews, stories


@cache
def told(part: str) -> list[Summary]:
    return stories(0, part, 500)


@cache
def reviewed(part: str) -> list[Summary]:
    return reviews(0, part, 500)


def outcome(document: str) -> dict[str, list[str]]:
    """For each person the last room and the things, in order of appearance."""
    room: dict[str, str] = {}
    things: dict[str, list[str]] = {}
    for sentence in document.removesuffix(".").split(". "):
        first, *words = sentence.split()
        person = first
        if first in ("he", "she"):
            (person,) = (name for name in room if name in (HE if first == "he" else SHE))
        if words[-1] in ROOMS:
            room[person] = words[-1]
            things.setdefault(person, [])
        else:
            things[person].append(words[-1])
    return {person: [room[person], *things[person]] for person in room}


@pytest.mark.parametrize("part", PARTS)
def test_the_summary_of_a_story_says_where_everybody_is_and_with_what(part: str):
    for summary in told(part):
        found = re.findall(r"\w+", summary.summary)
        expected = [[person, *words] for person, words in outcome(summary.document).items()]
        assert [word for word in found if word in PEOPLE + ROOMS + THINGS] == [word for row in expected for word in row]


def test_summaries_of_stories_are_sentences():
    is_in = r"\w+ is in the \w+( with the \w+( and the \w+)?)?"
    assert all(re.fullmatch(rf"{is_in}( and {is_in})?\.", summary.summary) for summary in told("test"))


def test_stories_are_of_one_person_or_two_with_things_or_without_and_move_on():
    counts = Counter()
    for summary in told("train"):
        people = outcome(summary.document)
        counts[f"{len(people)} people"] += 1
        counts["nothing taken"] += all(len(words) == 1 for words in people.values())
        counts["the first room is not the last"] += any(
            person_room not in summary.summary
            for person_room in re.findall(r"(?:went to|walked into) (the \w+)", summary.document)
        )
    assert min(counts.values()) > 0.1 * 500
    assert counts["the first room is not the last"] > 0.6 * 500


def test_nobody_ends_a_story_where_they_end_one_of_another_part():
    ends = {part: {(p, w[0]) for s in told(part) for p, w in outcome(s.document).items()} for part in PARTS}
    assert min(len(pairs) for pairs in ends.values()) > 50
    for one, other in (("train", "dev"), ("train", "test"), ("dev", "test")):
        assert ends[one].isdisjoint(ends[other])


@pytest.mark.parametrize("part", PARTS)
def test_the_summary_of_a_review_says_what_was_thought_and_about_which_aspect_it_is_very_decided(part: str):
    for summary in reviewed(part):
        opening, *judgements = summary.document.removesuffix(".").split(". ")
        reviewer = opening.split()[0]
        work = opening.split()[-1]
        (aspect,) = re.findall(r"very \w+ (\w+)", summary.document)
        votes = [judgement.split(" but ")[-1] for judgement in judgements]  # what comes after "but" counts
        polarities = {word in GOOD for vote in votes for word in vote.split() if word in GOOD + BAD}
        assert len(polarities) == 1
        others = [judgement.split(" but ")[0] for judgement in judgements if " but " in judgement]
        assert polarities.isdisjoint(word in GOOD for other in others for word in other.split() if word in GOOD + BAD)
        verb = "loved" if polarities == {True} else "loathed"
        assert summary.summary == f"{reviewer} {verb} the {work}, especially the {aspect}."
        assert work in WORKS
        assert aspect in ASPECTS


def test_half_of_the_reviews_are_good_and_none_states_its_verdict():
    for part in PARTS:
        assert sum("loved" in summary.summary for summary in reviewed(part)) == 250
        assert not any(re.search("loved|loathed|again|everyone|nobody", summary.document) for summary in reviewed(part))


def test_no_training_review_has_an_adjective_of_the_dev_or_test_reviews():
    used = {part: {w for s in reviewed(part) for w in s.document.split() for w in [w.strip(".")]} for part in PARTS}
    adjectives = {part: used[part] & {*GOOD, *BAD} for part in PARTS}
    assert [len(adjectives[part]) for part in PARTS] == [16, 8, 8]
    assert len(set.union(*adjectives.values())) == 32


def test_the_document_is_its_sentences_and_the_ending_the_last_two():
    for summary in told("dev"):
        assert summary.document.count(".") == len(summary.sentences) >= 2
        assert summary.document.endswith(summary.ending)
        assert summary.ending.count(".") == 2
