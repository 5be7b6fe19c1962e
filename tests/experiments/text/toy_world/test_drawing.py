"""Drawing: parts by the seed, different examples of one part, and a clear end when there are no more."""

from collections import Counter

import pytest

from experiments.text.toy_world.parts import PARTS, part_of
from experiments.text.toy_world.tasks.drawing import deal, dice_for, draw, one_of


@pytest.mark.parametrize(("shares", "sizes"), [((2, 1, 1), [8, 4, 4]), ((3, 1, 2), [8, 2, 6]), ((1, 1, 1), [5, 5, 6])])
def test_words_are_dealt_to_the_parts_without_rest(shares: tuple[int, int, int], sizes: list[int]):
    words = [f"word{i}" for i in range(16)]
    parts = deal(words, dice_for(0, "a task", "split"), shares)
    assert list(parts) == list(PARTS)
    assert [len(part) for part in parts.values()] == sizes
    assert sorted(word for part in parts.values() for word in part) == sorted(words)
    assert parts == deal(words, dice_for(0, "a task", "split"), shares)
    assert parts != deal(words, dice_for(1, "a task", "split"), shares)


def test_tasks_and_purposes_have_dice_of_their_own():
    first = {
        tuple(dice_for(seed, task, purpose).some(range(1000), 5))
        for seed in (0, 1)
        for task in ("a task", "another")
        for purpose in ("split", *PARTS)
    }
    assert len(first) == 2 * 2 * 4


def test_examples_are_different_and_of_the_part_and_what_is_of_no_use_is_passed_over():
    dice = dice_for(0, "a task", "test")
    asked = Counter()

    def make(i: int) -> str | None:
        asked[i] += 1
        return None if dice.happens(0.5) else str(dice.below(2000))

    found = draw(30, "test", make, str)
    assert len(set(found)) == 30
    assert {part_of(text) for text in found} == {"test"}
    assert sorted(asked) == list(range(30))


def test_it_ends_when_there_are_no_more_examples():
    dice = dice_for(0, "a task", "dev")
    texts = [str(i) for i in range(500)]
    n = sum(part_of(text) == "dev" for text in texts)
    assert len(draw(n, "dev", lambda _: dice.one(texts), str)) == n
    with pytest.raises(ValueError, match=rf"n must be at most .* dev examples, got {n + 1}; only {n} were found"):
        draw(n + 1, "dev", lambda _: dice.one(texts), str)


@pytest.mark.parametrize(("n", "error"), [(-1, ValueError), (2.5, TypeError)])
def test_a_number_that_is_none_is_refused(n: int, error: type[Exception]):
    with pytest.raises(error, match="n must be"):
        draw(n, "dev", str, str)


def test_a_value_that_is_no_choice_is_refused():
    assert one_of("part", "dev", PARTS) == "dev"
    with pytest.raises(ValueError, match="part must be one of train, dev, test, got 'tests'"):
        one_of("part", "tests", PARTS)
