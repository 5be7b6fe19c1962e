"""What belongs to train, dev and test: shares near what they should be, and values that never change."""

from collections import Counter

import pytest

from experiments.text.toy_world.parts import PARTS, is_held_out, part_of

from .written import SEEDS, written

N = 64_000


def test_a_thirty_second_is_test_and_as_much_is_dev():
    counts = Counter(part_of(f"text {n}.") for n in range(N))
    assert counts.keys() == set(PARTS)
    for part in ("test", "dev"):
        assert counts[part] == pytest.approx(N / 32, abs=4 * (N / 32 * 31 / 32) ** 0.5)  # four standard deviations


def test_so_it_is_among_sentences_that_differ_in_a_word():
    texts = {sentence for seed in SEEDS for sentences in written("situations", seed) for sentence in sentences}
    counts = Counter(map(part_of, texts))
    for part in ("test", "dev"):
        assert counts[part] == pytest.approx(len(texts) / 32, abs=4 * (len(texts) / 32) ** 0.5)


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("", "test"),
        ("adam found a big dog.", "train"),
        ("the poodle was small.", "train"),
        ("text 16.", "dev"),
        ("text 17.", "test"),
        ("ü", "train"),
    ],
)
def test_a_text_belongs_to_the_same_part_on_every_machine(text: str, part: str):
    assert part_of(text) == part


def first(part: str, template: str = "text {}.") -> str:
    return next(text for n in range(1000) if part_of(text := template.format(n)) == part)


@pytest.mark.parametrize("part", ["test", "dev"])
def test_a_document_with_a_sentence_of_a_test_is_held_out(part: str):
    train = first("train")
    assert is_held_out([first(part)])
    assert is_held_out([train, first(part)])
    assert not is_held_out([train])
    assert not is_held_out([])


@pytest.mark.parametrize("part", ["test", "dev"])
def test_a_document_with_a_pair_of_a_test_is_held_out(part: str):
    train = [f"text {n}." for n in range(200) if part_of(f"text {n}.") == "train"]
    one, two = next((a, b) for a in train for b in train if a != b and part_of(f"{a} {b}") == part)
    three = next(text for text in train if not is_held_out([text, one]) and not is_held_out([two, text]))
    assert is_held_out([one, two])
    assert is_held_out([three, one, two])
    between = next(t for t in train if not is_held_out([one, t]) and not is_held_out([t, two]))
    assert not is_held_out([one, between, two])  # they are not next to each other
