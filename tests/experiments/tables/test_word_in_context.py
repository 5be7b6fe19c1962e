"""Words in context, with a zoo that has learnt next to nothing: it runs, and what does not depend on learning holds."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from experiments.evidence.results import Result
from experiments.lab import worlds, zoo
from experiments.lab.worlds import Reading
from experiments.running.contract import Request
from experiments.running.work import Work
from experiments.tables import word_in_context
from experiments.tables.word_in_context import findings, systems
from experiments.tables.word_in_context.systems import (
    DECODER,
    ELMO,
    ENCODER,
    LARGE_ENCODER,
    RANDOM_ENCODER,
    SYSTEMS,
    UNTRAINED,
    VECTORS,
    Settings,
)
from experiments.text.toy_world.parts import PARTS
from experiments.text.toy_world.tasks.senses import Sense, senses
from experiments.text.toy_world.vocabulary import tokenizer

TINY = Settings(seeds=2, n_sentences=40, zoo=zoo.zoo(Reading(3000), steps=3, small=(8, 1, 2), large=(8, 2, 2)))
SENTENCES = [Sense("they record the dog.", "record", "verb", 5), Sense("the dull record is big.", "record", "noun", 9)]


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Work]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(word_in_context.PRESETS, "quick", TINY)
        patch.setenv("MINIGRAD_CACHE", str(tmp_path_factory.mktemp("work")))
        yield Work(Request("experiments.tables.word_in_context"))
    worlds.text_of.cache_clear()


@pytest.fixture(scope="module")
def result(work: Work) -> Result:
    return word_in_context.run(TINY, work)


def test_every_system_is_measured_in_every_layer_with_every_seed(result: Result, work: Work):
    chosen, accuracy, silhouette = result.tables
    assert [row[0] for row in chosen.rows] == [row[0] for row in accuracy.rows] == list(SYSTEMS)
    layers = {VECTORS: 1, ELMO: 3, DECODER: 2, ENCODER: 2, LARGE_ENCODER: 3}
    for table in (accuracy, silhouette):
        by_system = {str(row[0]): row[1:] for row in table.rows}
        for system, n in layers.items():
            assert [len(entry) if entry else 0 for entry in by_system[system]] == [2] * n + [0] * (3 - n)
    assert {(f"senses: {system}", seed) for system in SYSTEMS for seed in (0, 1)} <= set(work.cells)
    assert list(work.figures) == ["layers", "one-homograph"]


def test_what_does_not_see_the_context_is_at_chance(result: Result):
    """Static vectors, and the embeddings of the others: a token and its place, which are the same for both senses."""
    for row in result.tables[1].rows:
        assert row[1] == [50, 50], row[0]
    assert result.claims[0].verdict == "reproduced"
    assert result.claims[0].effect == 1
    assert result.tables[2].rows[0][1] == [0, 0]  # the silhouette of equal vectors


def test_untrained_systems_need_no_checkpoint(result: Result, work: Work):
    assert {key for key, _ in work.cells if key.startswith("pretraining")} == {
        f"pretraining: {system}" for system in SYSTEMS if system not in UNTRAINED
    }
    assert [result.tokens[system] for system in UNTRAINED] == [0, 0]


def test_a_random_encoder_differs_from_the_trained_one():
    model = systems.load(RANDOM_ENCODER, None, TINY, 1)
    same = TINY.zoo.bert.untrained(1)
    np.testing.assert_array_equal(model.token_embedding.weight.data, same.token_embedding.weight.data)


# -- reading ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("part", PARTS)
def test_the_vector_is_that_of_the_homograph(part: str):
    sentences = senses(0, part, 200)
    for special in (("[CLS]", "[SEP]"), ("[START]", ""), ("[START]", "</s>")):
        ids, attention_mask, places = systems.encode(sentences, *special)
        found = ids[np.arange(len(ids)), places]
        assert found.tolist() == [tokenizer().ids[sentence.homograph] for sentence in sentences]
        assert (attention_mask[np.arange(len(ids)), places] == 1).all()
        assert {int(i) for i in ids[:, 0]} == {tokenizer().ids[special[0]]}


def changes(system: str, one: Sense, other: Sense) -> list[bool]:
    """For each layer, whether the homograph's vector differs between two sentences."""
    model = systems.load(system, None, TINY, 0)
    model.eval()
    return [bool((layer[0] != layer[1]).any()) for layer in SYSTEMS[system].read(model, [one, other])]


def test_an_encoder_sees_the_words_after_the_homograph_and_a_decoder_does_not():
    after = Sense("they record the cat.", "record", "verb", 5)
    before = Sense("we record the dog.", "record", "verb", 3)
    assert changes(VECTORS, SENTENCES[0], before) == [False]
    assert changes(ENCODER, SENTENCES[0], after) == changes(ENCODER, SENTENCES[0], before) == [False, True]
    assert changes(DECODER, SENTENCES[0], after) == [False, False]
    assert changes(DECODER, SENTENCES[0], before) == [False, True]
    assert changes(ELMO, SENTENCES[0], after) == [False, True, True]


# -- measuring --------------------------------------------------------------------------------------


def test_a_layer_that_knows_the_sense_is_read_without_error():
    """One number of each vector is the sense; in the dev and test sets it is weaker, and the word adds noise."""
    parts = {part: senses(0, part, 40) for part in PARTS}
    rng = np.random.default_rng(0)
    vectors = {}
    for part, sentences in parts.items():
        sense = np.array([1.0 if each.sense == "verb" else -1.0 for each in sentences])
        vectors[part] = np.stack([sense * (2 if part == "train" else 1), *rng.standard_normal((3, 40))], axis=1)
    found = systems.probe(vectors, parts, (0.1,))
    assert (found["accuracy"], found["dev_accuracy"], found["strength"]) == (1, 1, 0.1)
    assert set(found["by_homograph"]) == {each.homograph for each in parts["test"]}
    assert 0 < found["silhouette"] < 1


def test_principal_components_keep_what_lies_in_a_plane():
    rng = np.random.default_rng(0)
    plane = rng.standard_normal((20, 2)) * [3, 1]
    directions = np.linalg.qr(rng.standard_normal((5, 2)))[0].T  # (2, 5)
    points = systems.in_two_dimensions(plane @ directions + 7)
    assert points.shape == (20, 2)
    assert points[:, 0].std() > points[:, 1].std()
    pairs = np.linalg.norm(points[:, None] - points, axis=-1)
    np.testing.assert_allclose(pairs, np.linalg.norm(plane[:, None] - plane, axis=-1), atol=1e-9)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [({"n_sentences": 41}, "n_sentences must be even"), ({"strengths": ()}, "strengths must hold at least one number")],
)
def test_bad_settings_are_refused(wrong: dict[str, Any], message: str):
    with pytest.raises(ValueError, match=message):
        Settings(**({"seeds": 1, "n_sentences": 40, "zoo": TINY.zoo} | wrong))


# -- claims -----------------------------------------------------------------------------------------


def cells_with(accuracies: dict[str, float], static: float = 0.5) -> findings.Cells:
    """Two seeds whose layers have these accuracies; dev chooses the second layer, except of the static vectors."""
    layer = {"silhouette": 0.0, "by_homograph": {"record": static}}
    return {
        system: [
            {"layers": [layer | {"accuracy": 0.5}, layer | {"accuracy": accuracies.get(system, 0.5) + 0.01 * seed}]}
            | {"chosen": int(system != VECTORS)}
            for seed in range(2)
        ]
        for system in SYSTEMS
    }


def test_the_encoder_has_to_beat_its_own_untrained_twin():
    good = {ENCODER: 0.9, LARGE_ENCODER: 0.9, RANDOM_ENCODER: 0.7}
    better = findings.judge(cells_with(good))[1]
    assert better.verdict == "reproduced"
    assert better.effect == pytest.approx(0.2)  # the part that decides
    worse = findings.judge(cells_with(good | {RANDOM_ENCODER: 0.95}))[1]
    assert worse.effect == pytest.approx(-0.05)
    assert worse.verdict == "contradicted"


def test_a_static_vector_that_is_not_at_chance_contradicts_the_claim():
    assert findings.judge(cells_with({}))[0].verdict == "reproduced"
    assert findings.judge(cells_with({}, static=0.6))[0].verdict == "contradicted"
