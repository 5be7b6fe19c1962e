"""In-context prompts: what looking things up in the examples answers, and what only pretraining can know."""

import re
from collections import Counter

import pytest

from experiments.text.toy_world.lexicon import BAD, COLOURS, GOOD, TRANSLATED, TRANSLATIONS
from experiments.text.toy_world.tasks.in_context import LABELS, MAPPINGS, Prompt, sentiment, translation

LANGUAGE_OF = {foreign: language for language, words in TRANSLATIONS.items() for foreign in words.values()}
TASKS = pytest.mark.parametrize("task", [translation, sentiment])
MAPPING = pytest.mark.parametrize("mapping", MAPPINGS)


def glossary(prompt: Prompt) -> tuple[list[list[str]], str]:
    """The examples of a translation prompt, and the word that is asked for."""
    *examples, query = prompt.text.split(", ")
    return [example.split(" is ") for example in examples], query.removesuffix(" is")


def judgements(prompt: Prompt) -> tuple[list[tuple[str, str]], str]:
    """The adjectives of a sentiment prompt with their labels, and the adjective that is asked about."""
    *examples, query = prompt.text.removesuffix(":").split(". ")
    pairs = [re.fullmatch(r"the \w+ was (\w+)(?:: (\w+))?", example).groups() for example in examples]
    return pairs, re.fullmatch(r"the \w+ was (\w+)", query)[1]


@TASKS
@MAPPING
@pytest.mark.parametrize("labels", LABELS)
def test_prompts_have_as_many_examples_as_asked_for_and_the_same_query(task, mapping: str, labels: str):
    shortest = task(0, 50, 0, mapping)
    for n_examples in (0, 1, 2, 4, 8, 16):
        prompts = task(0, 50, n_examples, mapping, labels)
        parse = glossary if task is translation else judgements
        assert {len(parse(prompt)[0]) for prompt in prompts} == {n_examples}
        for prompt, short in zip(prompts, shortest, strict=True):
            assert prompt.text.endswith(short.text)
            assert prompt.choices == short.choices


@TASKS
@MAPPING
def test_more_examples_begin_with_the_same_ones(task, mapping: str):
    for query, few, many in zip(*(task(0, 50, n_examples, mapping) for n_examples in (0, 4, 16)), strict=True):
        assert many.text.startswith(few.text.removesuffix(query.text))
        assert len(few.text) > len(query.text)


@TASKS
def test_the_same_seed_gives_the_same_prompts(task):
    assert task(1, 20, 4) == task(1, 20, 4)
    assert task(1, 20, 4) != task(2, 20, 4)
    assert task(1, 20, 4, "known") != task(1, 20, 4, "new")


@TASKS
@MAPPING
def test_the_right_choice_is_the_first_and_there_once(task, mapping: str):
    for prompt in task(0, 100, 2, mapping):
        assert prompt.answer == prompt.choices[0]
        assert len(set(prompt.choices)) == len(prompt.choices) == (48 if task is translation else 2)


# -- translation ------------------------------------------------------------------------------------


def test_known_translations_are_those_of_one_language():
    for prompt in translation(0, 300, 8):
        examples, query = glossary(prompt)
        (language,) = {LANGUAGE_OF[foreign] for _, foreign in examples}
        assert all(TRANSLATIONS[language][english] == foreign for english, foreign in examples)
        assert TRANSLATIONS[language][query] == prompt.answer


def test_new_translations_are_consistent_and_none_is_a_known_one():
    for prompt in translation(0, 300, 8, "new"):
        examples, query = glossary(prompt)
        pairs = {(english, foreign) for english, foreign in [*examples, (query, prompt.answer)]}
        assert len({english for english, _ in pairs}) == len({foreign for _, foreign in pairs}) == len(pairs) <= 4
        assert len({LANGUAGE_OF[foreign] for _, foreign in pairs}) == 1
        for english, foreign in pairs:
            assert english in TRANSLATED
            assert TRANSLATIONS[LANGUAGE_OF[foreign]][english] != foreign


@MAPPING
def test_looking_the_query_up_answers_what_the_docstring_says(mapping: str):
    for n_examples in (1, 2, 4, 8, 16):
        prompts = translation(0, 2000, n_examples, mapping)
        right = sum(dict(map(tuple, glossary(p)[0])).get(glossary(p)[1]) == p.answer for p in prompts)
        assert right / 2000 == pytest.approx(1 - 0.75**n_examples, abs=0.035)


def test_random_labels_are_right_by_chance_only_and_say_the_language():
    for mapping in MAPPINGS:
        right, n = 0, 0
        gold = translation(0, 500, 16, mapping)
        for prompt, correct in zip(translation(0, 500, 16, mapping, "random"), gold, strict=True):
            examples, answers = glossary(prompt)[0], glossary(correct)[0]
            assert [english for english, _ in examples] == [english for english, _ in answers]
            assert len({LANGUAGE_OF[foreign] for _, foreign in [*examples, *answers]}) == 1
            assert len({foreign for _, foreign in [*examples, *answers]}) <= 4
            assert len({foreign for _, foreign in examples}) > 1
            right += sum(one == other for one, other in zip(examples, answers, strict=True))
            n += len(examples)
        assert right / n == pytest.approx(0.25, abs=0.02)


def test_without_labels_only_the_inputs_are_there():
    for prompt, labelled in zip(translation(0, 50, 5, "known", "none"), translation(0, 50, 5), strict=True):
        assert not set(re.findall(r"\w+", prompt.text)) & set(LANGUAGE_OF)
        assert [example for (example,) in glossary(prompt)[0]] == [english for english, _ in glossary(labelled)[0]]


# -- sentiment --------------------------------------------------------------------------------------


def test_known_labels_say_what_the_adjectives_mean():
    label = dict.fromkeys(GOOD, "loved") | dict.fromkeys(BAD, "loathed")
    for prompt in sentiment(0, 300, 16):
        examples, query = judgements(prompt)
        assert all(label[adjective] == said for adjective, said in examples)
        assert label[query] == prompt.answer
        assert len({adjective for adjective, _ in examples} | {query}) == 17


def test_new_labels_are_two_colours_one_for_each_polarity():
    seen = Counter()
    for prompt in sentiment(0, 300, 16, "new"):
        examples, query = judgements(prompt)
        means: dict[bool, set[str]] = {True: set(), False: set()}
        for adjective, said in [*examples, (query, prompt.answer)]:
            means[adjective in GOOD].add(said)
        (good,), (bad,) = means[True], means[False]
        assert good != bad
        assert {good, bad} == set(prompt.choices) <= set(COLOURS)
        seen[good] += 1
    assert set(seen) == set(COLOURS)


@MAPPING
def test_labels_are_balanced_and_random_ones_are_right_half_of_the_time(mapping: str):
    gold, drawn = (sentiment(0, 500, 16, mapping, labels) for labels in ("gold", "random"))
    pairs = [
        (said, other)
        for correct, prompt in zip(gold, drawn, strict=True)
        for (_, said), (_, other) in zip(judgements(correct)[0], judgements(prompt)[0], strict=True)
    ]
    assert sum(said == other for said, other in pairs) / len(pairs) == pytest.approx(0.5, abs=0.03)
    assert all(len({said for _, said in judgements(prompt)[0]}) == 2 for prompt in drawn)
    assert sum(judgements(prompt)[1] in GOOD for prompt in gold) / 500 == pytest.approx(0.5, abs=0.07)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((0, -1, 1), "n must be at least 0, got -1"),
        ((0, 1, 17), "n_examples must be at least 0 and at most 16, got 17"),
        ((-1, 1, 1), "seed must be at least 0, got -1"),
        ((0, 1, 1, "old"), "mapping must be one of known, new, got 'old'"),
        ((0, 1, 1, "new", "wrong"), "labels must be one of gold, random, none, got 'wrong'"),
    ],
)
@TASKS
def test_what_cannot_be_is_refused(task, arguments: tuple, message: str):
    with pytest.raises(ValueError, match=message):
        task(*arguments)
