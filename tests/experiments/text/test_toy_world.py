"""The toy world: its texts are grammatical and true, and its sentiment task cannot be read off the unlabelled text."""

import re
from collections import Counter
from functools import cache
from itertools import islice, pairwise

import numpy as np
import pytest

from experiments.text.document import Document
from experiments.text.toy_world import encyclopedia
from experiments.text.toy_world.lexicon import CLASSES, HE, OPPOSITE, PARTS, SHE, part, pronoun
from experiments.text.toy_world.recogniser import TEMPLATES, is_consistent, is_grammatical, is_true, sentences
from experiments.text.toy_world.reviews import VERDICTS
from experiments.text.toy_world.sentiment import LABELS, Task, task
from experiments.text.toy_world.templates import SLOT, read
from experiments.text.toy_world.world import SHARES, World

WORLD = World(0)


@cache
def documents(genre: str | None = None) -> list[Document]:
    """600 documents, or those of one genre."""
    return [document for document in islice(WORLD.documents(seed=0), 600) if genre in (None, document.name)]


@cache
def sentiment_task() -> Task:
    return task(seed=0)


# -- the lexicon ------------------------------------------------------------------------------------


def test_every_word_belongs_to_one_class():
    counts = Counter(word for words in CLASSES.values() for word in words)
    assert [word for word, count in counts.items() if count > 1] == []


def test_words_of_a_class_are_not_words_of_the_templates():
    fixed = {word for template in TEMPLATES for word in re.findall("[a-z]+", SLOT.sub("", template))}
    assert fixed.isdisjoint(word for words in CLASSES.values() for word in words)


def test_everybody_has_one_pronoun():
    assert set(HE).isdisjoint(SHE)
    assert sorted(CLASSES["person"]) == sorted(HE + SHE)
    assert [pronoun("adam"), pronoun("alice")] == ["he", "she"]


@pytest.mark.parametrize("polarity", OPPOSITE)
def test_parts_of_the_adjectives_are_disjoint_and_of_equal_size(polarity: str):
    parts = [part(polarity, name) for name in PARTS]
    assert sorted(word for words in parts for word in words) == sorted(CLASSES[polarity])
    assert len({len(words) for words in parts}) == 1


def test_no_text_has_an_a_before_a_vowel():
    slips = [match for document in documents() for match in re.findall(r"\ba [aeiou]\w*", document.text)]
    assert slips == []
    for template in TEMPLATES:  # and no text that has not been drawn could
        for name in re.findall(r"\ba \{([a-z]+)", template):
            assert [word for word in CLASSES[name] if word[0] in "aeiou"] == [], template


# -- documents --------------------------------------------------------------------------------------


def test_the_same_seed_makes_the_same_world_and_the_same_text():
    assert World(3).facts == World(3).facts
    assert World(3).facts != World(4).facts
    assert World(3).text(seed=1, n_words=2000) == World(3).text(seed=1, n_words=2000)
    assert World(3).text(seed=1, n_words=2000) != World(3).text(seed=2, n_words=2000)
    assert World(3).text(seed=1, n_words=2000) != World(4).text(seed=1, n_words=2000)


def test_a_longer_text_begins_with_the_shorter_one():
    short, long = WORLD.text(seed=1, n_words=500), WORLD.text(seed=1, n_words=5000)
    assert long[: len(short)] == short
    assert sum(len(text.split()) for text in short[:-1]) < 500 <= sum(len(text.split()) for text in short)


def test_every_genre_is_written_as_often_as_planned():
    counts = Counter(document.name for document in documents())
    for genre, share in SHARES.items():
        assert counts[genre] / 600 == pytest.approx(share, abs=0.07)


def test_texts_are_lower_case_sentences_with_a_space_between_them():
    for document in documents():
        assert re.fullmatch(r"[a-z ]+\.( [a-z ]+\.)*", document.text), document.text
        assert "  " not in document.text
        assert " ".join(sentences(document.text)) == document.text


def test_every_sentence_of_every_document_is_grammatical():
    wrong = [s for document in documents() for s in sentences(document.text) if not is_grammatical(s)]
    assert wrong == []


def test_sentences_with_their_words_shuffled_are_mostly_not_grammatical():
    rng, found = np.random.default_rng(0), []
    for document in documents()[:150]:
        for sentence in sentences(document.text):
            found.append(is_grammatical(" ".join(rng.permutation(sentence[:-1].split())) + "."))
    assert len(found) > 500
    assert np.mean(found) < 0.05


@pytest.mark.parametrize(
    "sentence",
    [
        "alice lives in arden",  # no full stop
        "alice lives in bread.",
        "alice lives in arden. ",
        "it went to the kitchen.",
        "the plot was dull and the music was gripping.",  # both halves must be of one polarity
        "the plot was dull but the music was dull.",
        "",
    ],
)
def test_a_sentence_that_no_template_writes_is_not_grammatical(sentence: str):
    assert not is_grammatical(sentence)


def test_every_template_is_written_and_read_back():
    written = Counter()
    for document in documents():
        for sentence in sentences(document.text):
            written.update(template for template in TEMPLATES if read(template, sentence) is not None)
    assert [template for template in TEMPLATES if not written[template]] == []


# -- the encyclopedia -------------------------------------------------------------------------------


def test_encyclopedia_statements_are_true_and_the_same_with_another_word_are_false():
    rng, n = np.random.default_rng(0), 0
    for document in documents("encyclopedia"):
        for statement in sentences(document.text):
            assert is_true(WORLD, statement) is True, statement
            template = next(t for t in encyclopedia.TEMPLATES if read(t, statement) is not None)
            words = read(template, statement)
            subject = "person" if "person" in words else "city"
            (slot,) = words.keys() - {subject}
            other = rng.choice([word for word in CLASSES[slot] if word != words[slot]])
            assert is_true(WORLD, template.format(**words | {slot: other})) is False
            n += 1
    assert n > 500


def test_an_article_tells_each_fact_about_its_subject_once():
    for document in documents("encyclopedia"):
        found = [read(t, s) for s in sentences(document.text) for t in encyclopedia.TEMPLATES if read(t, s)]
        slots = Counter(slot for words in found for slot in words)
        about_person = "person" in slots
        attributes = encyclopedia.OF_PERSON if about_person else encyclopedia.OF_CITY
        assert slots == dict.fromkeys(attributes, 1) | {"person" if about_person else "city": len(attributes)}


def test_a_sentence_of_another_genre_is_neither_true_nor_false():
    assert is_true(WORLD, "alice went to the kitchen.") is None
    assert is_true(WORLD, "alice lives in bread.") is None


# -- stories ----------------------------------------------------------------------------------------


def test_stories_are_consistent_and_those_with_another_last_room_are_not():
    rng = np.random.default_rng(0)
    for document in documents("story"):
        assert is_consistent(document.text), document.text
        start, _, room = document.text[:-1].rpartition(" ")
        other = rng.choice([name for name in CLASSES["room"] if name != room])
        assert not is_consistent(f"{start} {other}."), document.text
    assert len(documents("story")) > 100


@pytest.mark.parametrize(
    ("story", "consistent"),
    [
        ("adam went to the hall. he took the key. adam walked into the attic. the key is in the attic.", True),
        ("adam went to the hall. he took the key. adam walked into the attic. the key is in the hall.", False),
        ("adam went to the hall. alice went to the attic. she went to the office. alice is in the office.", True),
        ("adam went to the hall. alice went to the attic. he went to the office. adam is in the office.", True),
        ("adam went to the hall. alice went to the attic. he went to the office. alice is in the office.", False),
        ("adam went to the hall. the key is in the hall.", False),  # nobody took it
        ("adam is in the hall.", False),  # he went nowhere
        ("adam went to the hall. she went to the attic.", False),  # who?
    ],
)
def test_a_story_is_followed_through_pronouns_and_carried_things(story: str, consistent: bool):
    assert is_consistent(story) is consistent


def test_what_is_no_story_is_refused():
    with pytest.raises(ValueError, match=r"not a sentence of a story: 'alice lives in arden\.'"):
        is_consistent("alice went to the kitchen. alice lives in arden.")


def test_a_pronoun_goes_on_about_the_person_of_the_sentence_before():
    for document in documents("story"):
        texts = sentences(document.text)
        for before, sentence in pairwise(texts):
            if sentence.split()[0] in ("he", "she"):
                assert pronoun(before.split()[0]) == sentence.split()[0], document.text
                assert before.split()[0] in CLASSES["person"]


# -- reviews ----------------------------------------------------------------------------------------


def judgements(sentence: str) -> list[str]:
    """The polarity of each adjective of a review's sentence, turned around by a negation before it."""
    found, negated = [], False
    for word in sentence[:-1].split():
        negated = negated or word in ("not", "nobody")
        for polarity in OPPOSITE:
            if word in CLASSES[polarity]:
                found.append(OPPOSITE[polarity] if negated else polarity)
                negated = False
    return found


def test_a_review_is_of_the_polarity_of_its_verdict_but_for_the_first_half_of_a_contrast():
    seen = Counter()
    for document in documents("review"):
        opening, *rest = sentences(document.text)
        assert judgements(opening) == []
        (polarity,) = [name for name in VERDICTS for verdict in VERDICTS[name] if verdict in rest]
        assert rest[0] in VERDICTS[polarity] or rest[-1] in VERDICTS[polarity]
        seen[polarity] += 1
        for sentence in rest:
            if sentence not in VERDICTS[polarity]:
                first = OPPOSITE[polarity] if " but " in sentence else polarity
                n_judged = sum(word in CLASSES["aspect"] for word in sentence[:-1].split())
                assert judgements(sentence) == [first, polarity][-n_judged:], document.text
    assert min(seen.values()) / sum(seen.values()) > 0.4


def test_two_aspects_stand_in_the_order_of_the_lexicon():
    n = 0
    for document in documents("review"):
        for sentence in sentences(document.text):
            aspects = [CLASSES["aspect"].index(word) for word in sentence[:-1].split() if word in CLASSES["aspect"]]
            assert aspects == sorted(set(aspects)), sentence
            n += len(aspects) == 2
    assert n > 100


# -- the sentiment task -----------------------------------------------------------------------------


def test_the_same_seed_gives_the_same_task():
    assert task(seed=1) == task(seed=1)
    assert task(seed=1) != task(seed=2)
    assert task(seed=1, n_train=16).train == task(seed=1).train[:16]


def test_parts_have_the_sizes_asked_for_and_balanced_labels():
    small = task(seed=0, n_train=10, n_dev=6, n_test=4)
    assert [len(small.train), len(small.dev), len(small.test)] == [10, 6, 4]
    for name in PARTS:
        labels = [example.label for example in getattr(sentiment_task(), name)]
        for n in (2, 16, len(labels)):
            assert Counter(labels[:n]) == {0: n // 2, 1: n // 2}


@pytest.mark.parametrize("name", PARTS)
def test_labels_are_the_polarity_of_both_judgements(name: str):
    examples = getattr(sentiment_task(), name)
    for example in examples:
        assert judgements(example.text) == [LABELS[example.label]] * 2, example.text
        assert is_grammatical(example.text)


def words_of(name: str) -> list[set[str]]:
    """The adjectives of each example of a part."""
    adjectives = set(CLASSES["good"] + CLASSES["bad"])
    return [set(re.findall("[a-z]+", example.text)) & adjectives for example in getattr(sentiment_task(), name)]


@pytest.mark.parametrize("name", ["dev", "test"])
def test_dev_and_test_use_the_training_words_and_a_third_of_their_own(name: str):
    known = set().union(*words_of("train"))
    own = {word for polarity in OPPOSITE for word in part(polarity, name)}
    assert known == {word for polarity in OPPOSITE for word in part(polarity, "train")}
    assert set().union(*words_of(name)) == known | own
    assert known.isdisjoint(own)
    shares = Counter(example.n_new for example in getattr(sentiment_task(), name))
    for n_new, share in ((0, 0.25), (1, 0.5), (2, 0.25)):  # a little less of the first: some were training examples
        assert shares[n_new] / shares.total() == pytest.approx(share, abs=0.12)


@pytest.mark.parametrize("name", PARTS)
def test_the_number_of_new_words_is_that_of_adjectives_no_training_example_has(name: str):
    known = {word for polarity in OPPOSITE for word in part(polarity, "train")}
    for example in getattr(sentiment_task(), name):
        words = [word for word in re.findall("[a-z]+", example.text) if word in CLASSES["good"] + CLASSES["bad"]]
        assert example.n_new == sum(word not in known for word in words), example


def test_no_text_occurs_twice():
    texts = [example.text for name in PARTS for example in getattr(sentiment_task(), name)]
    assert len(texts) == 1024 + 200 + 400
    assert len(set(texts)) == len(texts)


@cache
def unlabelled_text() -> str:
    return "\n".join(WORLD.text(seed=0, n_words=200_000))


def test_no_example_occurs_in_a_document():
    documents_sentences = set(sentences(unlabelled_text()))
    assert len(documents_sentences) > 10_000
    for name in PARTS:
        for example in getattr(sentiment_task(), name):
            assert example.text not in documents_sentences


def test_every_adjective_of_the_task_occurs_in_the_unlabelled_text():
    counts = Counter(re.findall("[a-z]+", unlabelled_text()))
    assert min(counts[word] for name in PARTS for polarity in OPPOSITE for word in part(polarity, name)) > 50
