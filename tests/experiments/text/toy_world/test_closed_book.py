"""Closed-book questions: the answers are the world's facts, and nothing about a test fact is in finetuning."""

import re
from collections import Counter

import pytest

from experiments.text.toy_world.genres.encyclopedia import OF_CITY, OF_PERSON, TEMPLATES
from experiments.text.toy_world.lexicon import CITIES, PEOPLE
from experiments.text.toy_world.parts import PARTS
from experiments.text.toy_world.tasks.closed_book import QUESTION_SETS, QUESTIONS, Question, questions
from experiments.text.toy_world.world import World

WORLD = World(3)
CUES = {
    "city": ("live", "home", "lives", "in which city"),
    "job": ("job", "work", "works"),
    "instrument": ("play", "plays", "instrument"),
    "colour": ("wear", "wears", "colour"),
    "country": ("country",),
    "river": ("river",),
}


def every(question_set: str) -> list[Question]:
    return [question for part in PARTS for question in questions(WORLD, question_set, part)]


@pytest.mark.parametrize("question_set", QUESTION_SETS)
def test_answers_are_the_facts_of_the_subject_and_attribute_that_the_text_names(question_set: str):
    for question in every(question_set):
        (subject,) = set(re.findall(r"\w+", question.text)) & {*PEOPLE, *CITIES}
        attributes = OF_PERSON if subject in PEOPLE else OF_CITY
        (attribute,) = (
            name for name in attributes if any(re.search(rf"\b{cue}\b", question.text) for cue in CUES[name])
        )
        assert (question.subject, question.attribute) == (subject, attribute)
        assert question.answer == WORLD.facts[subject][attribute]
        assert question.answer in attributes[attribute]


def test_answers_are_those_of_the_given_world():
    other = [question for part in PARTS for question in questions(World(4), "one", part)]
    assert {(q.subject, q.attribute) for q in other} == {(q.subject, q.attribute) for q in every("one")}
    assert {q.text: q.answer for q in other} != {q.text: q.answer for q in every("one")}


@pytest.mark.parametrize("question_set", QUESTION_SETS)
def test_half_of_the_subjects_are_asked_about_in_training_and_none_in_two_parts(question_set: str):
    subjects = {part: {question.subject for question in questions(WORLD, question_set, part)} for part in PARTS}
    assert [len(subjects[part] & {*PEOPLE}) for part in PARTS] == [24, 8, 16]
    assert [len(subjects[part] & {*CITIES}) for part in PARTS] == [10, 3, 7]
    assert set.union(*subjects.values()) == {*PEOPLE, *CITIES}


def test_the_parts_are_drawn_by_the_seed_and_are_the_same_for_all_question_sets():
    def subjects(seed: int, question_set: str) -> set[str]:
        return {question.subject for question in questions(World(seed), question_set, "test")}

    assert subjects(3, "one") == subjects(3, "several") == subjects(3, "paraphrased")
    assert subjects(3, "one") != subjects(4, "one")
    assert questions(World(3), "several", "test") == questions(WORLD, "several", "test")


def templates(question_set: str, part: str) -> Counter:
    """How often each template is used."""
    found = questions(WORLD, question_set, part)
    return Counter(re.sub(rf"\b{question.subject}\b", "_", question.text) for question in found)


def test_one_template_or_several_and_in_the_test_the_same():
    for part in PARTS:
        assert len(templates("one", part)) == 6
        assert len(templates("several", part)) == 18
    assert templates("several", "train").keys() == templates("several", "test").keys()
    assert set(templates("one", "train")) < set(templates("several", "train"))


def test_paraphrased_questions_have_no_template_of_the_training_questions():
    train, dev, test = (set(templates("paraphrased", part)) for part in PARTS)
    assert train == set(templates("several", "train"))
    assert [len(dev), len(test)] == [6, 12]
    assert not train & dev
    assert not train & test
    assert not dev & test


def test_paraphrases_use_words_of_the_training_questions_or_of_the_text():
    text = set(re.findall(r"\w+", " ".join(WORLD.text(seed=0, n_words=200_000))))
    for part in ("dev", "test"):
        for attribute, ways in QUESTIONS.items():
            trained = set(re.findall(r"\w+", " ".join(ways[:3])))
            for question in questions(WORLD, "paraphrased", part):
                if question.attribute == attribute:
                    assert set(re.findall(r"\w+", question.text)) <= trained | text, question


def test_no_question_is_in_the_text_or_can_be():
    text = "\n".join(WORLD.text(seed=0, n_words=200_000))
    for question_set in QUESTION_SETS:
        assert [question.text for question in every(question_set) if question.text in text] == []
    assert not any(template.endswith("?") for template in TEMPLATES)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("two", "test"), "question_set must be one of one, several, paraphrased, got 'two'"),
        (("one", "all"), "part must be one of train, dev, test, got 'all'"),
    ],
)
def test_what_is_no_set_or_part_is_refused(arguments: tuple[str, str], message: str):
    with pytest.raises(ValueError, match=message):
        questions(WORLD, *arguments)
