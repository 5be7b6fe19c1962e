"""A world: its facts, and documents that hold nothing of the test and dev sets."""

import re
from collections import Counter
from functools import cache
from itertools import islice, pairwise

import pytest

from experiments.text.document import Document
from experiments.text.toy_world.genres.encyclopedia import OF_CITY, OF_PERSON, stated
from experiments.text.toy_world.lexicon import CITIES, PEOPLE
from experiments.text.toy_world.parts import is_held_out, part_of
from experiments.text.toy_world.recogniser import sentences
from experiments.text.toy_world.world import ALL_OF_IT, GENRES, SHARES, World

from .written import N_DOCUMENTS, SEEDS, accepted, written

WORLD = World(0)
N = 24_000


@cache
def documents() -> list[Document]:
    return list(islice(WORLD.documents(seed=5), N))


# -- facts --------------------------------------------------------------------------------------------------


def test_everybody_and_every_city_has_every_attribute():
    assert WORLD.facts.keys() == {*PEOPLE, *CITIES}
    for subjects, attributes in ((PEOPLE, OF_PERSON), (CITIES, OF_CITY)):
        for subject in subjects:
            assert WORLD.facts[subject].keys() == attributes.keys()
            assert all(value in attributes[name] for name, value in WORLD.facts[subject].items())


def test_another_seed_makes_other_facts():
    assert World(3).facts == World(3).facts
    pairs = [(subject, name) for subject, facts in World(3).facts.items() for name in facts]
    equal = [pair for pair in pairs if World(3).facts[pair[0]][pair[1]] == World(4).facts[pair[0]][pair[1]]]
    assert len(equal) < len(pairs) / 4  # each value is one of eight or more


def test_facts_are_stated_again_and_again_and_nothing_else_is():
    texts = [
        sentence for document in documents() if document.name == "encyclopedia" for sentence in sentences(document.text)
    ]
    counts = Counter(statement for text in texts if (statement := stated(text)) is not None)
    facts = {(subject, name, value) for subject, facts in WORLD.facts.items() for name, value in facts.items()}
    assert counts.keys() <= facts
    assert len(counts) > 0.97 * len(facts)  # 12,000 documents state most of them
    assert counts.total() / len(facts) > 4


# -- documents ----------------------------------------------------------------------------------------------


def test_the_same_seed_gives_the_same_documents():
    def first(world: int, seed: int) -> list[Document]:
        return list(islice(World(world).documents(seed), 100))

    assert first(3, 1) == first(3, 1)
    assert first(3, 1) != first(3, 2)
    assert first(3, 1) != first(4, 1)
    assert {document.text for document in first(3, 1)}.isdisjoint(
        document.text for document in first(3, 2) if document.name == "situations"
    )


def test_two_streams_of_documents_do_not_disturb_each_other():
    one, two = WORLD.documents(1), WORLD.documents(2)
    mixed = [next(stream) for _ in range(50) for stream in (one, two)]
    assert mixed[::2] == list(islice(WORLD.documents(1), 50))


def test_no_document_has_a_sentence_or_a_pair_of_a_test_or_dev_set():
    n = 0
    for document in documents():
        if document.name not in ALL_OF_IT:
            found = sentences(document.text)
            texts = [*found, *(" ".join(pair) for pair in pairwise(found))]
            assert [text for text in texts if part_of(text) != "train"] == []
            n += len(texts)
    assert n > 2 * N


@pytest.mark.parametrize("genre", GENRES)
def test_without_the_rule_there_would_be_some(genre: str):
    assert any(is_held_out(texts) for texts in written(genre, 0))


@pytest.mark.parametrize("genre", ALL_OF_IT)
def test_of_genres_that_state_single_facts_nothing_is_held_out(genre: str):
    held_out = [
        document for document in documents() if document.name == genre and is_held_out(sentences(document.text))
    ]
    assert len(held_out) > 10


def kept(genre: str) -> float:
    """The share of a genre's drafts that are not held out."""
    drafts = [texts for seed in SEEDS for texts in written(genre, seed)]
    return 1.0 if genre in ALL_OF_IT else sum(not is_held_out(texts) for texts in drafts) / len(drafts)


def test_genres_are_drafted_as_often_as_their_shares_say():
    assert SHARES.keys() == GENRES.keys()
    assert sum(SHARES.values()) == pytest.approx(1)
    weights = {genre: share * kept(genre) for genre, share in SHARES.items()}
    counts = Counter(document.name for document in documents())
    for genre, weight in weights.items():
        share = weight / sum(weights.values())
        sampling = 4 * (share * (1 - share) / N) ** 0.5
        of_kept = 4 * share * (0.2 / (len(SEEDS) * N_DOCUMENTS)) ** 0.5  # `kept` is itself an estimate, of about 0.75
        assert counts[genre] / N == pytest.approx(share, abs=sampling + of_kept), genre


def test_a_genre_can_be_left_out_or_be_the_only_one():
    without = {genre: share for genre, share in SHARES.items() if genre != "games"}
    counts = Counter(document.name for document in islice(WORLD.documents(0, without), 2000))
    assert counts.keys() == without.keys()
    assert {document.name for document in islice(WORLD.documents(0, {"lists": 0.1}), 20)} == {"lists"}


def test_texts_are_sentences_in_lower_case_with_a_space_between_them():
    for document in documents():
        assert re.fullmatch(r"[a-z0-9,.:? ]+\.", document.text), document.text
        assert " ".join(document.text.split()) == document.text


def test_documents_are_accepted_by_the_recogniser():
    wrong = [document for document in documents()[:1000] if not accepted(document.name, sentences(document.text))]
    assert wrong == []


# -- text ---------------------------------------------------------------------------------------------------


def test_a_text_has_the_words_that_were_asked_for_and_not_a_document_more():
    texts = WORLD.text(seed=1, n_words=2000)
    assert sum(len(text.split()) for text in texts[:-1]) < 2000 <= sum(len(text.split()) for text in texts)
    assert texts == [document.text for document in islice(WORLD.documents(1), len(texts))]
    assert len(WORLD.text(1, 1)) == 1


def test_a_longer_text_begins_with_the_shorter_one():
    short, long = WORLD.text(seed=1, n_words=500), WORLD.text(seed=1, n_words=5000)
    assert long[: len(short)] == short


@pytest.mark.parametrize("seed", [-1, 1.5, "a", True, None])
def test_a_seed_is_a_whole_number_of_at_least_0(seed: object):
    for call in (World, lambda seed: next(WORLD.documents(seed)), lambda seed: WORLD.text(seed, 5)):
        with pytest.raises((TypeError, ValueError), match="seed must be"):
            call(seed)


@pytest.mark.parametrize("n_words", [0, -5, 2.5, "all"])
def test_a_text_has_at_least_a_word(n_words: object):
    with pytest.raises((TypeError, ValueError), match="n_words must be"):
        WORLD.text(0, n_words)
