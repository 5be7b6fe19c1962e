"""The toy world's tasks: their sets share no text and no words, and the documents hold nothing of them."""

from collections import Counter

import pytest

from experiments.text.toy_world.dice import Dice
from experiments.text.toy_world.lexicon import (
    ADJECTIVES,
    AGREEMENT,
    BAD,
    CATEGORIES,
    GOOD,
    HE,
    HOMOGRAPHS,
    SHE,
    VERBS,
    plural,
)
from experiments.text.toy_world.parts import PARTS, part_of
from experiments.text.toy_world.tasks.example import SAME_WORDS, Example, draw_task
from experiments.text.toy_world.tasks.glue import THOUSANDS, glue, train_sizes
from experiments.text.toy_world.tasks.split import Words, split
from experiments.text.toy_world.tasks.superglue import superglue
from experiments.text.toy_world.vocabulary import words as vocabulary
from experiments.text.toy_world.world import World

from .all_tasks import PAIRS, SEED, TASKS, frame, runs, sentences, sets, task, words

EVERY_TASK = pytest.mark.parametrize("name", TASKS)


@pytest.fixture(scope="module")
def documents() -> list[str]:
    """200,000 words of the text for pretraining."""
    return World(SEED).text(0, 200_000)


# -- the split of the lexicon ------------------------------------------------------------------------


def sizes(of: Words) -> dict[str, int]:
    """How many words of each class a part has."""
    return {
        "he": len(of.he),
        "she": len(of.she),
        **{name: len(members) for name, members in of.members.items()},
        "adjectives": len(of.qualities),
        "verbs": len(of.actions),
        "agreement": len(of.agreement),
        "good": len(of.good),
        "bad": len(of.bad),
        "homographs": len(of.homographs),
    }


def test_each_class_is_split_into_a_half_and_two_quarters():
    whole = {
        "he": len(HE),
        "she": len(SHE),
        **{category.name: len(category.members) for category in CATEGORIES},
        "adjectives": len(ADJECTIVES),
        "verbs": len(VERBS),
        "agreement": len(AGREEMENT),
        "good": len(GOOD),
        "bad": len(BAD),
        "homographs": len(HOMOGRAPHS),
    }
    parts = split(SEED)
    assert sizes(parts["train"]) == {name: n // 2 for name, n in whole.items()}
    assert sizes(parts["dev"]) == sizes(parts["test"]) == {name: n // 4 for name, n in whole.items()}


def test_the_parts_share_no_words():
    counts = Counter(word for own in split(SEED).values() for word in own.all())
    assert [word for word, n in counts.items() if n > 1] == []


def test_another_seed_splits_otherwise():
    assert split(SEED) == split(SEED)
    first, second = split(SEED)["test"], split(SEED + 1)["test"]
    assert first.members["dog"] != second.members["dog"] or first.members["tree"] != second.members["tree"]
    assert first.qualities != second.qualities


# -- every set of every task -------------------------------------------------------------------------


def forms(of: Words) -> set[str]:
    """The words of a part and the plurals of its things. Verbs such as "is" are also words of many frames."""
    several = {plural(member) for members in of.members.values() for member in members}
    return of.all() - {verb for pair in of.agreement for verb in pair} | several


@EVERY_TASK
def test_a_set_has_only_words_of_its_part(name: str):
    own = {part: forms(split(SEED)[part]) for part in PARTS}
    for title, examples in sets(task(name)).items():
        part = "train" if title == SAME_WORDS else title if title in PARTS else "test"
        used = {word for example in examples for word in words(example.text)}
        assert used & own[part]
        for other in set(PARTS) - {part}:
            assert used & own[other] == set(), (title, other)


@EVERY_TASK
def test_the_hash_of_a_text_is_that_of_its_part(name: str):
    for title, examples in sets(task(name)).items():
        part = title if title in PARTS else "test"
        assert {part_of(example.text) for example in examples} == {part}


@EVERY_TASK
def test_no_text_occurs_twice(name: str):
    counts = Counter(example.text for examples in sets(task(name)).values() for example in examples)
    assert [text for text, n in counts.items() if n > 1] == []


@EVERY_TASK
def test_sizes_are_as_asked_and_labels_are_balanced(name: str):
    drawn = task(name)
    asked = {"train": 300, "dev": 60} | dict.fromkeys(["test", *drawn.further], 120)
    assert {title: len(examples) for title, examples in sets(drawn).items()} == asked
    for examples in sets(drawn).values() if drawn.labels else ():
        counts = Counter(example.label for example in examples)
        assert sorted(counts) == list(range(len(drawn.labels)))
        assert max(counts.values()) - min(counts.values()) <= 1


@EVERY_TASK
def test_every_word_is_in_the_vocabulary(name: str):
    used = {word for examples in sets(task(name)).values() for example in examples for word in words(example.text)}
    assert used - set(vocabulary()) == set()


@EVERY_TASK
def test_the_seed_decides(name: str):
    again, other = TASKS[name](SEED, 300, 60, 120), TASKS[name](SEED + 1, 300, 60, 120)
    assert again == task(name)
    assert sets(other).keys() == sets(again).keys()
    assert all(sets(other)[title] != examples for title, examples in sets(again).items())


@EVERY_TASK
def test_there_are_at_least_four_kinds_of_frames(name: str):
    frames = {frame(example.first) for example in task(name).train}
    assert len(frames) >= 4


def test_mismatched_examples_have_other_frames():
    drawn = task("MNLI")
    own = {frame(example.text) for example in drawn.train}
    assert own.isdisjoint(frame(example.text) for example in drawn.further["mismatched"])


# -- the text for pretraining --------------------------------------------------------------------------


def test_no_pair_and_no_frame_of_a_pair_is_in_the_documents(documents: list[str]):
    neighbours = {run for document in documents for run in runs(document, 5)}
    frames = {frame(run) for run in neighbours}
    assert len(frames) > 1000
    for name in PAIRS:
        texts = {example.text for examples in sets(task(name)).values() for example in examples}
        assert texts & neighbours == set(), name
        assert {frame(text) for text in texts} & frames == set(), name


@pytest.mark.parametrize("name", ["CoLA", "SST-2"])
def test_no_held_out_sentence_is_in_the_documents(name: str, documents: list[str]):
    written = {sentence for document in documents for sentence in sentences(document)}
    assert len(written) > 10_000
    held_out = {
        example.text for title, examples in sets(task(name)).items() if title != "train" for example in examples
    }
    assert held_out & written == set()


def test_no_frame_of_a_review_is_in_the_documents(documents: list[str]):
    written = {frame(sentence) for document in documents for sentence in sentences(document)}
    assert {frame(example.text) for example in task("SST-2").train} & written == set()


# -- sizes ---------------------------------------------------------------------------------------------


def test_training_sets_have_glues_proportions():
    assert train_sizes() == {
        "MNLI": 8000,
        "QQP": 7408,
        "QNLI": 2204,
        "SST-2": 1367,
        "CoLA": 173,
        "STS-B": 116,
        "MRPC": 71,
        "RTE": 51,
    }
    assert train_sizes(400, at_least=10) == {
        "MNLI": 400,
        "QQP": 370,
        "QNLI": 110,
        "SST-2": 68,
        "CoLA": 10,
        "STS-B": 10,
        "MRPC": 10,
        "RTE": 10,
    }
    assert list(THOUSANDS) == list(train_sizes())


def test_each_task_has_that_size_unless_told_otherwise():
    for name, n in train_sizes().items():
        assert len(TASKS[name](SEED, n_dev=0, n_test=0).train) == n


def test_both_suites_hold_all_their_tasks():
    drawn = glue(SEED, 120, 4, 4) | superglue(SEED, 120, 4, 4)
    assert [drawn[name].name for name in drawn] == list(drawn)
    assert {len(each.train) for each in drawn.values()} == {50, 111, 120}
    assert {len(each.test) for each in drawn.values()} == {4}


@pytest.mark.parametrize(
    ("sizes", "error", "message"),
    [
        ((-1, 0, 0), ValueError, "n_train must be at least 0, got -1"),
        ((0, 1.5, 0), TypeError, "n_dev must be an integer"),
        ((0, 0, -3), ValueError, "n_test must be at least 0, got -3"),
        ((50, 0, 0), ValueError, "pets, train: n must be at most about .*, got 50"),
    ],
)
def test_bad_sizes_are_refused(sizes: tuple, error: type[Exception], message: str):
    def make(words: Words, dice: Dice, label: int) -> Example:
        return Example(dice.one(words.members["dog"]), None, label)

    with pytest.raises(error, match=message):
        draw_task("pets", SEED, sizes, make, ("no", "yes"))


def test_a_bad_seed_is_refused():
    with pytest.raises(ValueError, match="seed must be at least 0, got -1"):
        TASKS["MNLI"](-1)
