"""Reading: every answer is derived once more from the sentences of the passage, by a parser of its own."""

import re
from collections import Counter
from functools import cache

import pytest

from experiments.text.toy_world.lexicon import CATEGORY_OF, DAYS, PEOPLE, ROOMS, VERBS
from experiments.text.toy_world.parts import PARTS
from experiments.text.toy_world.tasks.reading import Question, questions

MEANING = {
    word: (row, pole) for row, opposites in enumerate(VERBS) for pole in (0, 1) for word in opposites.poles[pole]
}


@cache
def drawn(part: str, unanswerable: bool) -> list[Question]:
    return questions(0, part, 600, unanswerable)


def facts(passage: str) -> list[dict[str, str]]:
    """Who, what, where and when of each sentence, found by the classes of the words."""
    found = []
    for sentence in passage.removesuffix(".").split(". "):
        words = sentence.split()
        (verb,) = (word for word in words if word in MEANING)
        fact = {"who": next(word for word in words if word in PEOPLE), "verb": verb}
        fact["member"] = next(word for word in words if word in CATEGORY_OF)
        fact["thing"] = re.search(rf"\ba ((\w+ )?{fact['member']})\b", sentence)[1]
        fact |= {"where" if word in ROOMS else "when": word for word in words if word in ROOMS + DAYS}
        found.append(fact)
    return found


def answers(question: Question) -> list[str | None]:
    """The answer of each sentence of which the question holds; None if it does not say where or when."""
    words = question.question.removesuffix("?").split()
    (verb,) = (word for word in words if word in MEANING)
    people = [word for word in words if word in PEOPLE]
    categories = [word for word in words if word in {category.name for category in CATEGORY_OF.values()}]
    assert people or categories
    return [
        fact.get({"what": "thing", "which": "thing"}.get(words[0], words[0]))
        for fact in facts(question.passage)
        if MEANING[fact["verb"]] == MEANING[verb]
        and people in ([], [fact["who"]])
        and categories in ([], [CATEGORY_OF[fact["member"]].name])
    ]


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
            # in the sentence that the question is about, also if the words occur in another one
            before = question.passage[: question.start].count(".")
            assert answers(Question(question.passage.split(". ")[before], question.question, "", -1)) == [
                question.answer
            ]
        else:
            assert question.start == -1


def test_the_answer_is_never_the_only_candidate():
    for question in drawn("test", True):
        kind = question.question.split()[0]
        slot = {"what": "member", "which": "member"}.get(kind, kind)
        assert len({fact[slot] for fact in facts(question.passage) if slot in fact}) >= 2, question


def test_the_question_uses_other_words_than_the_passage():
    for question in drawn("test", True) + drawn("train", False):
        shared = set(question.question[:-1].split()) & set(re.findall(r"\w+", question.passage))
        assert shared <= {*PEOPLE, "a", "the"}, question


def test_two_of_five_are_unanswerable_or_none_and_neither_kind_nor_length_tells_which():
    assert all(question.answer for part in PARTS for question in drawn(part, False))
    for features in (
        lambda question: question.question.split()[0],
        lambda question: question.passage.count("."),
        lambda question: "",
    ):
        seen = Counter((features(question), question.answer == "") for question in drawn("train", True))
        for feature in {feature for feature, _ in seen}:
            assert seen[feature, True] / (seen[feature, True] + seen[feature, False]) == 0.4
    assert {question.passage.count(".") for question in drawn("train", True)} == {2, 3, 4}


def test_words_for_what_is_asked_recur_in_the_passage():
    """One word of the question alone seldom tells the sentence: in many passages it is true of several."""
    several = Counter()
    for question in drawn("test", False):
        words = question.question[:-1].split()
        (verb,) = (word for word in words if word in MEANING)
        several["verb"] += sum(MEANING[fact["verb"]] == MEANING[verb] for fact in facts(question.passage)) > 1
        categories = [CATEGORY_OF[fact["member"]].name for fact in facts(question.passage)]
        several["category"] += any(categories.count(word) > 1 for word in words)
        several["person"] += any([fact["who"] for fact in facts(question.passage)].count(word) > 1 for word in words)
    assert min(several.values()) > 0.15 * 600


def test_an_unanswerable_question_mostly_has_its_words_in_the_passage_but_not_in_one_sentence():
    supported = 0
    asked = [question for question in drawn("test", True) if not question.answer]
    for question in asked:
        words = question.question[:-1].split()
        (verb,) = (word for word in words if word in MEANING)
        found = facts(question.passage)
        supported += any(MEANING[fact["verb"]] == MEANING[verb] for fact in found)
        for word in words:
            if word in PEOPLE:
                assert word in {fact["who"] for fact in found}
            if word in {category.name for category in CATEGORY_OF.values()}:
                assert word in {CATEGORY_OF[fact["member"]].name for fact in found}
    assert 0.5 < supported / len(asked) < 0.95


def test_no_training_question_has_a_verb_or_a_thing_of_the_dev_or_test_questions():
    words = {}
    for part in PARTS:
        found = {word for question in drawn(part, True) for word in re.findall(r"\w+", question.text)}
        words[part] = {word for word in found if word in MEANING or word in CATEGORY_OF}
    for one, other in (("train", "dev"), ("train", "test"), ("dev", "test")):
        assert words[one].isdisjoint(words[other])
    assert [len(words[part]) for part in PARTS] == [24 + 32, 12 + 16, 12 + 16]
