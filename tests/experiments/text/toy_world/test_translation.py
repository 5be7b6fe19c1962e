"""Translation: every sentence is translated once more, from its English words alone."""

from functools import cache
from itertools import pairwise

import pytest

from experiments.text.toy_world.lexicon import PEOPLE, TRANSLATIONS
from experiments.text.toy_world.parts import PARTS
from experiments.text.toy_world.tasks.translation import ADJECTIVES, NOUNS, VERBS, Translation, translations

EXAMPLES = {
    "norvish": "hunka adam fanta pilvo stuvo.",
    "zamian": "zopu zaru adam zuma ziwi.",
    "ludic": "ludog adam lufon lubig lubir.",
}


@cache
def drawn(language: str, part: str) -> list[Translation]:
    return translations(0, language, part, 2000 if part == "train" else 400)


def translate(language: str, english: str) -> str:
    """By rules on the list of words: no articles, then each language's order."""
    words = [word for word in english.removesuffix(".").split() if word not in ("a", "the", "of")]
    if language == "norvish":
        for i in range(len(words) - 1):
            if words[i] in ADJECTIVES and words[i + 1] in NOUNS:
                words[i : i + 2] = [words[i + 1], words[i]]
    if language == "zamian":
        words.sort(key=lambda word: word not in VERBS)
    return " ".join(TRANSLATIONS[language].get(word, word) for word in words) + "."


@pytest.mark.parametrize("language", TRANSLATIONS)
def test_the_rules_of_this_test_translate_the_example_of_the_docstring(language: str):
    assert translate(language, "the dog of adam found a big bird.") == EXAMPLES[language]


@pytest.mark.parametrize("language", TRANSLATIONS)
@pytest.mark.parametrize("part", PARTS)
def test_translations_are_word_for_word_in_the_order_of_the_language(language: str, part: str):
    for translation in drawn(language, part):
        assert translation.language == language
        assert translation.foreign == translate(language, translation.english)
        assert 4 <= len(translation.foreign.split()) <= 6


def pairs(english: str) -> list[tuple[str, str]]:
    """The adjectives with their nouns."""
    words = english.removesuffix(".").split()
    return [pair for pair in pairwise(words) if pair[0] in ADJECTIVES]


@pytest.mark.parametrize("language", TRANSLATIONS)
def test_test_objects_are_new_combinations_of_words_that_the_training_sentences_have(language: str):
    known = {pair for translation in drawn(language, "train") for pair in pairs(translation.english)}
    objects = {part: {pairs(translation.english)[-1] for translation in drawn(language, part)} for part in PARTS}
    assert known == objects["train"]
    assert [len(objects[part]) for part in PARTS] == [16, 8, 8]
    assert len(set.union(*objects.values())) == 32
    for part in ("dev", "test"):
        for translation in drawn(language, part):
            assert all(pair in known for pair in pairs(translation.english)[:-1])


@pytest.mark.parametrize("language", TRANSLATIONS)
def test_every_word_of_the_test_is_in_training_outputs(language: str):
    outputs = {part: {w for t in drawn(language, part) for w in t.foreign[:-1].split()} for part in PARTS}
    assert outputs["test"] - outputs["train"] == set()
    assert outputs["train"] == {*PEOPLE, *TRANSLATIONS[language].values()}


def test_no_english_sentence_of_the_test_is_a_training_sentence_of_any_language():
    train = {translation.english for language in TRANSLATIONS for translation in drawn(language, "train")}
    assert train.isdisjoint(t.english for language in TRANSLATIONS for part in PARTS[1:] for t in drawn(language, part))


def test_a_language_that_does_not_exist_is_refused():
    with pytest.raises(ValueError, match="language must be one of norvish, zamian, ludic, got 'german'"):
        translations(0, "german", "test", 1)
