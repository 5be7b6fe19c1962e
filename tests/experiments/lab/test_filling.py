"""Filling in blanks: each way against a computation by hand, one blank at a time and without padding."""

from dataclasses import replace

import numpy as np
import pytest

from experiments.lab.filling import accuracy_of, at_the_mask, correct, from_both_sides, from_the_left
from experiments.lab.probes import look
from experiments.text.toy_world.lexicon import CITIES
from experiments.text.toy_world.tasks.blanks import CLUE_AFTER, CLUE_BEFORE, Blank, draw
from experiments.text.toy_world.vocabulary import CLS, EOS, MASK, SEP, START, tokenizer
from experiments.text.toy_world.world import World
from minigrad import no_grad
from tests.experiments.tiny_zoo import TINY

IDS = tokenizer().ids
BLANKS = [
    Blank("adam lives in", ".", tuple(CITIES[:2])),
    Blank("", "saw himself in the mirror .", ("adam", "alice")),
    Blank("adam has a big poodle. the", "is in the attic.", ("dog", "tree", "bird")),
]


def row(text: str) -> np.ndarray:
    return np.array([[IDS[word] for word in text.split()]])


def texts(blank: Blank) -> tuple[str, str]:
    """Before and after, with a space before each mark."""
    return blank.before.replace(".", " ."), blank.after.replace(".", " .")


@pytest.mark.parametrize("name", ["gpt", "lstm"])
def test_from_the_left_by_hand(name):
    model = getattr(TINY, name).untrained(1).eval()
    with no_grad():
        found = from_the_left(model, BLANKS)
        for logits, blank in zip(found, BLANKS, strict=True):
            expected = model(row(f"{START} {texts(blank)[0]}")).numpy()[0, -1]
            np.testing.assert_allclose(logits, expected, atol=1e-5)
        turned = from_the_left(model, [replace(blank, after="the dog .") for blank in BLANKS])
    np.testing.assert_array_equal(turned, found)  # what comes after is not read


def test_from_both_sides_by_hand():
    model = TINY.elmo.untrained(1).eval()
    with no_grad():
        for logits, blank in zip(from_both_sides(model, BLANKS), BLANKS, strict=True):
            before, after = texts(blank)
            forward, backward = model(row(f"{START} {before}"))[0], model(row(f"{after} {EOS}"))[1]
            np.testing.assert_allclose(logits, forward.numpy()[0, -1] + backward.numpy()[0, 0], atol=1e-5)


def test_at_the_mask_by_hand():
    model = TINY.bert.untrained(1).eval()
    with no_grad():
        for logits, blank in zip(at_the_mask(model, BLANKS), BLANKS, strict=True):
            before, after = texts(blank)
            ids = row(f"{CLS} {before} {MASK} {after} {SEP}")
            (place,) = np.flatnonzero(ids[0] == IDS[MASK])
            expected = model.masked_lm_logits(model(ids)).numpy()[0, place]
            np.testing.assert_allclose(logits, expected, atol=1e-4)


@pytest.mark.parametrize(("name", "fill"), [("elmo", from_both_sides), ("bert", at_the_mask)])
def test_the_others_read_what_comes_after(name, fill):
    model = getattr(TINY, name).untrained(1).eval()
    with no_grad():
        found, turned = fill(model, BLANKS), fill(model, [replace(blank, after="the dog .") for blank in BLANKS])
    assert (abs(found - turned).max(axis=1) > 1e-3).all()


def test_right_is_the_word_with_the_highest_logit_among_the_choices():
    logits = np.zeros((3, tokenizer().vocab_size))
    logits[:, IDS["the"]] = 9  # is no choice
    logits[0, IDS[CITIES[0]]] = 1
    logits[2, IDS["bird"]] = 1  # in the second row, both are equal: the model does not know
    assert correct(logits, BLANKS).tolist() == [True, False, False]


def test_a_model_with_random_weights_is_at_chance():
    found: dict[int, list[float]] = {}
    world = World(100)
    for kinds, kind in ((CLUE_BEFORE, "sentiment"), (CLUE_BEFORE, "tracking"), (CLUE_AFTER, "tracking")):
        blanks = draw(world, kinds, kind, 150, "dev")
        n_choices = len(blanks[0].choices)
        for member in (TINY.gpt, TINY.bert, TINY.elmo, TINY.lstm):
            probe = accuracy_of(member.fill, blanks)
            found.setdefault(n_choices, []).append(look(member.untrained(3), {"accuracy": probe})["accuracy"])
    assert sorted(found) == [2, 3]
    for n_choices, accuracies in found.items():
        assert np.mean(accuracies) == pytest.approx(1 / n_choices, abs=0.06)
        assert min(accuracies) > 0
