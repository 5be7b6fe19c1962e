"""Text, batch and steps vary independently, as RoBERTa's rows need it; a text that is too short is read again."""

from dataclasses import replace

import numpy as np
import pytest

from experiments.lab.documents import Documents
from experiments.lab.recipes import MaskedLM
from experiments.lab.worlds import Reading
from minigrad import IGNORE
from tests.experiments.tiny_zoo import TINY

READING, SEED = Reading(n_tokens=8_000, batch_tokens=400), 100


@pytest.fixture(autouse=True)
def cache(monkeypatch, tmp_path_factory):
    monkeypatch.setenv("MINIGRAD_CACHE", str(tmp_path_factory.getbasetemp() / "passes"))


def batches_of_pass(documents: Documents, current: int) -> list[list[tuple[int, ...]]]:
    """The documents of each batch of a pass."""
    steps = range(current * documents.steps_per_pass, (current + 1) * documents.steps_per_pass)
    batches = [documents.batch(step) for step in steps]
    return [[tuple(row[own == 1].tolist()) for row, own in zip(ids, mask, strict=True)] for ids, mask in batches]


def test_more_text_begins_with_the_less():
    less, more = Reading(2_000).ids(SEED), Reading(20_000).ids(SEED)
    assert len(more) > 9 * len(less)
    np.testing.assert_array_equal(more[: len(less)], less)


@pytest.mark.parametrize("batch_tokens", [100, 400, 1_600, 6_400])
def test_a_batch_of_any_size_reads_the_same_text(batch_tokens):
    small, ours = READING.documents(SEED), replace(READING, batch_tokens=batch_tokens).documents(SEED)
    np.testing.assert_array_equal(ours.ids, small.ids)
    rows = [sorted(row for batch in batches_of_pass(each, 0) for row in batch) for each in (small, ours)]
    assert rows[0] == rows[1]
    sizes = [ours.batch(step)[0].size for step in range(ours.steps_per_pass)]
    assert max(sizes) <= batch_tokens
    assert np.mean(sizes) > 0.75 * batch_tokens


@pytest.mark.parametrize("n_tokens", [8_000, 32_000, 128_000])
def test_a_step_has_the_same_size_whatever_the_text(n_tokens):
    """If a pass has 20 steps or more: the longest documents are a batch that is not full."""
    documents = replace(READING, n_tokens=n_tokens).documents(SEED)
    sizes = [documents.batch(step)[1].sum() for step in range(200)]  # the smallest text is read several times
    assert 0.85 * 400 < np.mean(sizes) <= 400
    assert documents.steps_per_pass * np.mean(sizes) == pytest.approx(n_tokens, rel=0.1)


def test_each_pass_has_other_batches_in_another_order():
    documents = READING.documents(SEED)
    first, second, third = (batches_of_pass(documents, current) for current in range(3))
    rows = [sorted(row for batch in each for row in batch) for each in (first, second, third)]
    assert rows[0] == rows[1] == rows[2]
    batches = [{frozenset(batch) for batch in each} for each in (first, second, third)]
    for one, other in ((0, 1), (1, 2), (0, 2)):
        assert len(batches[one] & batches[other]) < 0.2 * len(first)  # those of the few longest documents
    order = [[len(batch) for batch in each] for each in (first, second, third)]
    assert order[0] != order[1] != order[2]


def test_each_pass_hides_other_tokens_of_a_document_and_cuts_it_elsewhere():
    """RoBERTa's dynamic masking."""
    objective = MaskedLM(0.25)(READING, SEED)
    seen: dict[tuple[int, ...], set[tuple[int, ...]]] = {}
    cuts: dict[tuple[int, ...], set[int]] = {}
    for step in range(4 * objective.documents.steps_per_pass):
        documents, of_documents = objective.documents.batch(step)
        _, _, types, labels = objective.batch(step)
        for document, own, second, hidden in zip(documents, of_documents, types, labels != IGNORE, strict=True):
            key = tuple(document[own == 1].tolist())
            seen.setdefault(key, set()).add(tuple(np.flatnonzero(hidden).tolist()))
            cuts.setdefault(key, set()).add(int(second.sum()))
    assert np.mean([len(each) for each in seen.values()]) > 3.5
    assert np.mean([len(each) for each in cuts.values()]) > 1.4  # many can be cut in one place only


def test_what_a_training_reads_is_counted_in_all_passes():
    one_pass = READING.documents(SEED).steps_per_pass
    recipe = replace(TINY.bert, reading=READING)
    for passes in (1, 3):
        longer = replace(recipe, training=replace(recipe.training, steps=passes * one_pass))
        assert longer.tokens_read(SEED) == passes * len(READING.ids(SEED))
    half = replace(recipe, training=replace(recipe.training, steps=one_pass // 2))
    assert half.tokens_read(SEED) == pytest.approx(len(READING.ids(SEED)) / 2, rel=0.1)


def test_a_text_that_is_smaller_than_one_batch_is_one_batch():
    documents = Reading(500, batch_tokens=100_000).documents(SEED)
    assert documents.steps_per_pass == 1
    rows = [sorted(batches_of_pass(documents, current)[0]) for current in range(2)]
    assert rows[0] == rows[1]
