"""Next-sentence prediction on documents: pairs by hand, labels that lengths do not tell, both losses, and the probe."""

import numpy as np
import pytest

from experiments.lab.document_nsp import (
    DocumentMLMWithNextSentence,
    exchange_second_segments,
    next_sentence_accuracy,
    partners,
)
from experiments.lab.document_objectives import choose_cuts
from experiments.lab.documents import Documents
from experiments.lab.objectives import drawing, n_targets
from minigrad import IGNORE, no_grad
from models.bert import BERT, BERTConfig
from models.objectives.next_sentence import IS_NEXT, IS_RANDOM

PAD, END, CLS, SEP, MASK, START, DOT = 0, 1, 3, 4, 5, 6, 7
VOCAB_SIZE = 20
SPECIAL = (PAD, END, CLS, SEP, MASK, START)


def documents(batch_tokens: int = 200) -> Documents:
    """120 documents of one to three sentences of one to four words, and so of very different lengths."""
    generator, rows = np.random.default_rng(0), []
    for _ in range(120):
        sentences = [
            [*generator.integers(8, 20, generator.integers(1, 5)), DOT] for _ in range(generator.integers(1, 4))
        ]
        rows.append([START, *np.concatenate(sentences).tolist(), END])
    return Documents(np.array([id for row in rows for id in row], np.uint16), START, PAD, batch_tokens, seed=0)


def objective(rate: float = 0.15) -> DocumentMLMWithNextSentence:
    return DocumentMLMWithNextSentence(
        documents(), 0, CLS, SEP, MASK, VOCAB_SIZE, sentence_ends=(DOT,), never_predicted=SPECIAL, rate=rate
    )


def bert() -> BERT:
    return BERT(BERTConfig(VOCAB_SIZE, 32, d_model=8, n_layers=1, n_heads=2), np.random.default_rng(1)).eval()


# -- pairs ------------------------------------------------------------------------------------------


def test_a_partner_is_another_document_that_is_cut_at_the_same_place():
    cuts = np.array([3, 9, 3, 5, 3, 9, 4, 4])  # 9: not cut
    seen = [set() for _ in cuts]
    for seed in range(50):
        partner = partners(cuts, 9, np.random.default_rng(seed))
        assert sorted(partner.tolist()) == list(range(8))
        for own, other in zip(seen, partner.tolist(), strict=True):
            own.add(other)
    assert seen == [{2, 4}, {1}, {0, 4}, {3}, {0, 2}, {5}, {7}, {6}]


def test_second_segments_are_exchanged_by_hand():
    ids = np.array(
        [
            [START, 8, DOT, 9, DOT, END, PAD, PAD],
            [START, 10, DOT, 11, 12, 13, DOT, END],
            [START, 14, 15, DOT, 16, DOT, END, PAD],
            [START, 17, DOT, END, PAD, PAD, PAD, PAD],
        ]
    )
    mask, cuts = (ids != PAD).astype(np.int64), np.array([2, 2, 3, 8])
    found = set()
    for seed in range(40):
        pairs, pairs_mask, labels = exchange_second_segments(ids, mask, cuts, np.random.default_rng(seed))
        np.testing.assert_array_equal(pairs_mask, pairs != PAD)
        np.testing.assert_array_equal(pairs[2:], ids[2:])
        assert labels[2:].tolist() == [IGNORE, IGNORE]  # no other is cut there; and one sentence
        assert pairs[0].tolist() == [
            [START, 8, DOT, 9, DOT, END, PAD, PAD], [START, 8, DOT, 11, 12, 13, DOT, END],
        ][labels[0]]  # fmt: skip
        assert pairs[1].tolist() == [
            [START, 10, DOT, 11, 12, 13, DOT, END], [START, 10, DOT, 9, DOT, END, PAD, PAD],
        ][labels[1]]  # fmt: skip
        found.add(tuple(labels[:2].tolist()))
    assert found == {(0, 0), (0, 1), (1, 0), (1, 1)}


def test_a_second_segment_that_is_the_same_does_follow():
    ids = np.array([[START, 8, DOT, 9, DOT, END], [START, 10, DOT, 9, DOT, END]])
    for seed in range(10):
        pairs, _, labels = exchange_second_segments(
            ids, np.ones_like(ids), np.array([2, 2]), np.random.default_rng(seed)
        )
        np.testing.assert_array_equal(pairs, ids)
        assert labels.tolist() == [IS_NEXT, IS_NEXT]


def test_half_of_the_labels_are_random_and_lengths_do_not_tell_which():
    ours, lengths = objective(), {IS_NEXT: [], IS_RANDOM: []}
    for step in range(40 * ours.documents.steps_per_pass):
        _, mask, types, labels = ours.pairs(step, drawing(0, step))
        for label, own in lengths.items():
            second = types[labels == label].sum(axis=1)
            own.extend(zip((mask[labels == label].sum(axis=1) - second).tolist(), second.tolist(), strict=True))
    n_next, n_random = len(lengths[IS_NEXT]), len(lengths[IS_RANDOM])
    n = n_next + n_random
    n_same = abs(n_random - n / 2)
    assert n > 1500
    assert n_same < 4 * np.sqrt(n / 4) + 0.01 * n  # a same second segment now and then
    for part in (0, 1):
        means = [np.mean([each[part] for each in own]) for own in lengths.values()]
        deviation = np.std([each[part] for own in lengths.values() for each in own])
        assert abs(means[0] - means[1]) < 4 * deviation * np.sqrt(1 / n_next + 1 / n_random)
    totals = [np.std([sum(each) for each in own]) for own in lengths.values()]
    assert totals[0] == pytest.approx(totals[1], rel=0.1)


def test_every_pair_is_a_document_and_the_end_of_one_that_is_cut_at_the_same_place():
    ours = objective()
    for step in range(20):
        ids, mask = ours.documents.batch(step)
        cuts = choose_cuts(ids, mask, (DOT,), drawing(0, step))
        pairs, pairs_mask, types, labels = ours.pairs(step, drawing(0, step))
        ends = {
            (int(cut), tuple(row[cut + 1 : own.sum() - 1].tolist()))
            for row, own, cut in zip(ids, mask, cuts, strict=True)
        }
        for row, own, second, cut, document in zip(pairs, pairs_mask, types, cuts, ids, strict=True):
            if cut == ids.shape[1]:
                assert not second.any()
                continue
            assert row[: cut + 2].tolist() == [CLS, *document[1 : cut + 1].tolist(), SEP]
            behind = row[second == 1].tolist()
            assert behind[-1] == SEP
            assert (int(cut), tuple(behind[:-1])) in ends
            assert own.sum() == cut + 2 + second.sum()
        assert set(labels[cuts == ids.shape[1]].tolist()) <= {IGNORE}


# -- both tasks -------------------------------------------------------------------------------------


def test_tokens_are_hidden_in_all_rows_and_labels_come_last():
    inputs, mask, _, next_labels, labels = batch = objective(rate=1.0).batch(2)
    assert n_targets(batch) == (labels != IGNORE).sum() > 0
    assert (labels != IGNORE).any(axis=1).all()
    assert set(next_labels.tolist()) == {IS_NEXT, IS_RANDOM, IGNORE}
    whole = np.where(labels == IGNORE, inputs, labels)
    np.testing.assert_array_equal(labels != IGNORE, (mask == 1) & ~np.isin(whole, SPECIAL))
    for again, before in zip(objective(rate=1.0).batch(2), batch, strict=True):
        np.testing.assert_array_equal(again, before)


def test_the_loss_is_the_sum_of_both():
    ours, model = objective(), bert()
    inputs, mask, types, next_labels, labels = ours.batch(0)
    with no_grad():
        hidden = model(inputs, mask, types)
        expected = mean_loss(model.masked_lm_logits(hidden).numpy(), labels)
        expected += mean_loss(model.next_sentence_logits(hidden).numpy(), next_labels)
        assert ours.loss(model, inputs, mask, types, next_labels, labels).item() == pytest.approx(expected, 1e-5)
        without = ours.loss(model, inputs, mask, types, np.full_like(next_labels, IGNORE), labels).item()
    assert without == pytest.approx(mean_loss(model.masked_lm_logits(hidden).numpy(), labels), 1e-5)


def mean_loss(logits: np.ndarray, labels: np.ndarray) -> float:
    """- mean log p(label), at the positions with a label."""
    log_probs = logits - np.log(np.exp(logits.astype(np.float64)).sum(axis=-1, keepdims=True))
    return float(-np.mean(np.take_along_axis(log_probs, labels.clip(0)[..., None], -1)[..., 0][labels != IGNORE]))


# -- the probe --------------------------------------------------------------------------------------


def test_the_accuracy_is_of_the_labelled_pairs_of_some_steps_with_nothing_hidden():
    ours, model = objective(rate=1.0), bert()
    right = []
    for step in (2, 5):
        ids, mask, types, labels = ours.pairs(step, drawing(0, step))
        assert not (ids == MASK).any()
        with no_grad():
            answers = model.next_sentence_logits(model(ids, mask, types)).numpy().argmax(axis=1)
        right += [answer == label for answer, label in zip(answers, labels, strict=True) if label != IGNORE]
    assert 0 < np.mean(right) < 1
    assert next_sentence_accuracy(ours, (2, 5))(model) == pytest.approx(np.mean(right))


def test_a_probe_without_a_label_is_refused():
    with pytest.raises(ValueError, match=r"steps must hold a pair with a label, got none in \(3,\)"):
        next_sentence_accuracy(objective(), (3,))  # documents of one sentence
