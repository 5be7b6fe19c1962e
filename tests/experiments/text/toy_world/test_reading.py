"""Reading: every answer is derived once more from the sentences of the passage, by a parser of its own."""

import re
from collections import Counter
from functools import cache

import pytest

from experiments.text.toy_world.lexicon import CATEGORIES, CATEGORY_OF, HE, PEOPLE, VERBS
from experiments.text.toy_world.parts import PARTS
from experiments.text.toy_world.tasks.reading import Question, questions

ACTIONS = {word for row in VERBS for pole in row.poles for word in pole}
OF_THINGS = {word for category in CATEGORIES for word in (category.name, category.kind)}


@cache
def drawn(part: str, unanswerable: bool) -> list[Question]:
    return questions(0, part, 600, unanswerable)


def facts(passage: str) -> list[dict[str, str]]:
    """Who and what is in each sentence, found by the classes of the words."""
    found = []
    for sentence in passage.removesuffix(".").split(". "):
        words = sentence.split()
        (person,) = (word for word in words if word in PEOPLE)
        (member,) = (word for word in words if word in CATEGORY_OF)
        thing = re.search(rf"\ba ((\w+ )?{member})\b", sentence)[1]
        found.append({"person": person, "member": member, "thing": thing})
    return found


def asked(question: Question) -> str:
    """The word that says what is asked for."""
    (word,) = {*question.question.removesuffix("?").split()} & {*OF_THINGS, "he", "she"}
    return word


def answers(question: Question) -> list[str]:
    """Everything in the passage that fits the question."""
    word = asked(question)
    if word in ("he", "she"):
        return [fact["person"] for fact in facts(question.passage) if (fact["person"] in HE) == (word == "he")]
    of = {fact["thing"]: CATEGORY_OF[fact["member"]] for fact in facts(question.passage)}
    return [thing for thing, category in of.items() if word in (category.name, category.kind)]


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("unanswerable", [False, True])
def test_the_answer_is_the_only_one_and_unanswerable_questions_have_none(part: str, unanswerable: bool):
    for question in drawn(part, unanswerable):
        assert answers(question) == ([question.answer] if question.answer else []), question


@pytest.mark.parametrize("part", PARTS)
def test_answers_are_at_their_offsets_as_whole_words(part: str):
    for question in drawn(part, True):
        if question.answer:
            end = question.start + len(question.answer)
            assert question.passage[question.start : end] == question.answer
            assert not f" {question.passage}"[question.start].isalpha()
            assert not question.passage[end].isalpha()
        else:
            assert question.start == -1


def test_no_passage_has_a_person_or_a_thing_twice_so_there_are_other_candidates():
    for question in drawn("test", True):
        found = facts(question.passage)
        assert len(found) >= 2
        for slot in ("person", "member"):
            assert len({fact[slot] for fact in found}) == len(found), question


def test_the_question_shares_no_word_with_the_passage():
    for question in drawn("test", True) + drawn("train", False):
        shared = set(question.question[:-1].split()) & set(re.findall(r"\w+", question.passage))
        assert shared <= {"a", "the"}, question


def kind(question: Question) -> str:
    word = asked(question)
    return "pronoun" if word in ("he", "she") else "category" if word in {c.name for c in CATEGORIES} else "kind"


def length(question: Question) -> int:
    return question.passage.count(".")


def test_two_of_five_are_unanswerable_or_none_and_neither_kind_nor_length_tells_which():
    assert all(question.answer for part in PARTS for question in drawn(part, False))
    seen = Counter((kind(question), length(question), question.answer == "") for question in drawn("train", True))
    assert {(kind, length) for kind, length, _ in seen} == {
        (kind, length) for kind in ("category", "kind", "pronoun") for length in (2, 3)
    }
    for kind_, length_ in {(kind, length) for kind, length, _ in seen}:
        none, some = seen[kind_, length_, True], seen[kind_, length_, False]
        assert none / (none + some) == pytest.approx(0.4, abs=0.02)


def test_the_words_of_a_question_do_not_tell_the_answers_place():
    """The first sentence is right as often as any other."""
    places = Counter(
        (length(question), question.passage[: question.start].count(".")) for question in drawn("train", False)
    )
    for n in (2, 3):
        of_length = [places[n, place] for place in range(n)]
        assert max(of_length) < 1.35 * sum(of_length) / n, of_length


def test_no_training_passage_has_a_person_a_verb_or_a_thing_of_the_dev_or_test_passages():
    words = {}
    for part in PARTS:
        found = {word for question in drawn(part, True) for word in re.findall(r"\w+", question.passage)}
        words[part] = {word for word in found if word in ACTIONS or word in CATEGORY_OF or word in PEOPLE}
    for one, other in (("train", "dev"), ("train", "test"), ("dev", "test")):
        assert words[one].isdisjoint(words[other])
    assert [len(words[part]) for part in PARTS] == [24 + 24 + 32, 12 + 12 + 16, 12 + 12 + 16]
