"""Objectives on documents: rows by hand, where documents are cut, what is hidden, and their losses."""

from typing import Any

import numpy as np
import pytest

from experiments.lab.document_objectives import DocumentBiLM, DocumentLM, DocumentMLM, as_segments, choose_cuts
from experiments.lab.documents import Documents
from experiments.lab.objectives import n_targets
from minigrad import IGNORE, no_grad
from models.bert import BERT, BERTConfig
from models.elmo import BiLSTMConfig, BiLSTMLanguageModel
from models.gpt import GPT, GPTConfig

PAD, END, CLS, SEP, MASK, START, DOT, MARK = 0, 1, 3, 4, 5, 6, 7, 8
VOCAB_SIZE = 20
DOCUMENTS = [
    [START, 11, 12, DOT, 13, DOT, END],
    [START, 14, MARK, END],
    [START, 11, DOT, 12, 13, MARK, 14, DOT, 15, DOT, END],
]


def documents(batch_tokens: int = 1000) -> Documents:
    ids = np.array([id for row in DOCUMENTS for id in row], np.uint16)
    return Documents(ids, START, PAD, batch_tokens, seed=0)


def padded(*rows: list[int]) -> tuple[np.ndarray, np.ndarray]:
    length = max(map(len, rows))
    ids = np.array([[*row, *[PAD] * (length - len(row))] for row in rows])
    return ids, np.array([[1] * len(row) + [0] * (length - len(row)) for row in rows])


def masked(**settings: Any) -> DocumentMLM:
    defaults = {
        "cls_id": CLS,
        "sep_id": SEP,
        "mask_id": MASK,
        "vocab_size": VOCAB_SIZE,
        "sentence_ends": (DOT, MARK),
        "never_predicted": (PAD, END, CLS, SEP, MASK, START),
    }
    return DocumentMLM(documents(), 0, **defaults | settings)


# -- segments ---------------------------------------------------------------------------------------


def test_a_document_is_two_segments_by_hand():
    ids, mask = padded(DOCUMENTS[0], DOCUMENTS[1])
    segments, types, segments_mask = as_segments(ids, mask, np.array([3, 7]), CLS, SEP)
    assert segments.tolist() == [[CLS, 11, 12, DOT, SEP, 13, DOT, SEP], [CLS, 14, MARK, SEP, 0, 0, 0, 0]]
    assert types.tolist() == [[0, 0, 0, 0, 0, 1, 1, 1], [0] * 8]
    assert segments_mask.tolist() == [[1] * 8, [1] * 4 + [0] * 4]


def test_every_cut_of_a_document_by_hand():
    ids, mask = padded(DOCUMENTS[2], DOCUMENTS[2], DOCUMENTS[2])
    segments, types, _ = as_segments(ids, mask, np.array([2, 5, 7]), CLS, SEP)
    assert segments.tolist() == [
        [CLS, 11, DOT, SEP, 12, 13, MARK, 14, DOT, 15, DOT, SEP],
        [CLS, 11, DOT, 12, 13, MARK, SEP, 14, DOT, 15, DOT, SEP],
        [CLS, 11, DOT, 12, 13, MARK, 14, DOT, SEP, 15, DOT, SEP],
    ]
    assert types.sum(axis=1).tolist() == [8, 5, 3]
    assert (np.diff(types, axis=1) >= 0).all()


def test_a_document_is_cut_behind_each_sentence_but_the_last_equally_often():
    ids, mask = padded(*DOCUMENTS)
    generator = np.random.default_rng(0)
    cuts = np.array([choose_cuts(ids, mask, (DOT, MARK), generator) for _ in range(3000)])
    assert set(cuts[:, 0].tolist()) == {3}
    assert set(cuts[:, 1].tolist()) == {ids.shape[1]}  # one sentence: no cut
    places, counts = np.unique(cuts[:, 2], return_counts=True)
    assert places.tolist() == [2, 5, 7]
    assert (abs(counts - 1000) < 100).all()  # four standard deviations
    only_dots = np.array([choose_cuts(ids, mask, (DOT,), generator) for _ in range(100)])
    assert set(only_dots[:, 2].tolist()) == {2, 7}


# -- what is read and predicted ---------------------------------------------------------------------


def test_a_language_model_predicts_everything_but_the_first_token_and_padding():
    objective = DocumentLM(documents())
    inputs, labels = objective.batch(0)
    ids, mask = objective.documents.batch(0)
    rows = {tuple(row[row != IGNORE].tolist()) for row in labels}
    assert rows == {tuple(row[1:]) for row in DOCUMENTS}
    np.testing.assert_array_equal(inputs, ids[:, :-1])
    assert n_targets((inputs, labels)) == mask.sum() - 3


def test_both_directions_labels_by_hand():
    objective = DocumentBiLM(documents())
    ids, _, labels = objective.batch(0)
    (row,) = np.flatnonzero((ids == 14).any(axis=1) & ~(ids == 11).any(axis=1))
    nothing = [IGNORE] * 7
    assert labels[0, row].tolist() == [14, MARK, END, IGNORE, *nothing]
    assert labels[1, row].tolist() == [IGNORE, START, 14, MARK, *nothing]
    assert n_targets((labels,)) == 2 * sum(len(each) - 1 for each in DOCUMENTS)


@pytest.mark.parametrize("whole_batch", [False, True])
def test_everything_that_may_be_hidden_is_hidden_at_rate_one_and_nothing_else(whole_batch):
    never = (PAD, END, CLS, SEP, MASK, START, DOT, 11)
    objective = masked(rate=1.0, replace=(1.0, 0.0, 0.0), never_predicted=never, whole_batch=whole_batch)
    for step in range(5):
        inputs, mask, types, labels = objective.batch(step)
        hidden = labels != IGNORE
        whole = np.where(hidden, labels, inputs)
        np.testing.assert_array_equal(hidden, (mask == 1) & ~np.isin(whole, never))
        assert (inputs[hidden] == MASK).all()
        assert (inputs[~hidden] != MASK).all()
        assert types.shape == mask.shape == inputs.shape
        seen = sorted(
            row[(own == 1) & ~np.isin(row, (CLS, SEP))].tolist() for row, own in zip(whole, mask, strict=True)
        )
        assert seen == sorted(row[1:-1] for row in DOCUMENTS)


def test_spans_hide_easy_words_but_no_special_token_and_predict_the_same_words():
    settings = {"rate": 1.0, "replace": (1.0, 0.0, 0.0), "never_predicted": (PAD, END, CLS, SEP, MASK, START, DOT)}
    n_dots = 0
    for step in range(5):
        tokens, mask, _, labels = masked(**settings).batch(step)  # cut at the same places
        spans, _, _, of_spans = masked(**settings, spans=True).batch(step)
        np.testing.assert_array_equal(of_spans, labels)
        special = np.isin(tokens, (CLS, SEP, PAD))
        np.testing.assert_array_equal(spans[special], tokens[special])
        n_dots += ((spans == MASK) & (tokens == DOT)).sum()
        assert set(spans[(mask == 1) & ~special].tolist()) == {MASK, DOT}  # the last of a segment is left
    assert n_dots > 0


def test_the_rate_is_of_what_may_be_hidden():
    _, _, _, labels = masked(rate=0.4).batch(0)
    counts = sorted((labels != IGNORE).sum(axis=1).tolist())
    assert counts == [max(round(0.4 * n), 1) for n in sorted(len(row) - 2 for row in DOCUMENTS)] == [1, 2, 4]


@pytest.mark.parametrize("spans", [False, True])
@pytest.mark.parametrize("rate", [0.05, 0.15, 0.25, 0.4, 0.5])
def test_the_rate_of_a_whole_batch_is_exact(rate, spans):
    """16 tokens may be hidden, of which one document has 9."""
    counts = set()
    for step in range(30):
        _, _, _, labels = masked(rate=rate, spans=spans, whole_batch=True).batch(step)
        assert (labels != IGNORE).sum() == round(rate * 16)
        counts.add(tuple(sorted((labels != IGNORE).sum(axis=1).tolist())))
    assert len(counts) > 1 or rate == 0.05


def test_a_masked_batch_is_a_pure_function_of_the_step_and_the_seed():
    one, two = masked(), masked()
    two.batch(7)
    for ours, theirs in zip(one.batch(3), two.batch(3), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    batches = [masked(rate=0.5).batch(step)[0].tolist() for step in range(8)]
    assert len({str(batch) for batch in batches}) == 8  # one pass is one step here: each pass hides other tokens


# -- losses -----------------------------------------------------------------------------------------


def mean_loss(logits: np.ndarray, labels: np.ndarray) -> float:
    """- mean log p(label), at the positions with a label."""
    logits = logits.astype(np.float64)
    log_probs = logits - np.log(np.exp(logits).sum(axis=-1, keepdims=True))
    return float(
        np.mean([-log_probs[place][labels[place]] for place in zip(*np.nonzero(labels != IGNORE), strict=True)])
    )


def test_the_loss_of_a_language_model_is_the_mean_over_its_targets():
    model = GPT(GPTConfig(VOCAB_SIZE, 16, d_model=8, n_layers=1, n_heads=2), np.random.default_rng(1))
    objective = DocumentLM(documents())
    batch = objective.batch(0)
    with no_grad():
        assert objective.loss(model, *batch).item() == pytest.approx(mean_loss(model(batch[0]).numpy(), batch[1]), 1e-5)


def test_the_loss_of_both_directions_is_their_mean():
    model = BiLSTMLanguageModel(BiLSTMConfig(VOCAB_SIZE, 8), np.random.default_rng(1))
    objective = DocumentBiLM(documents())
    ids, mask, labels = objective.batch(0)
    with no_grad():
        forward, backward = model(ids, mask)
        expected = (mean_loss(forward.numpy(), labels[0]) + mean_loss(backward.numpy(), labels[1])) / 2
        assert objective.loss(model, ids, mask, labels).item() == pytest.approx(expected, 1e-5)


def test_the_loss_of_an_encoder_is_the_mean_over_what_is_hidden():
    model = BERT(BERTConfig(VOCAB_SIZE, 16, d_model=8, n_layers=1, n_heads=2), np.random.default_rng(1)).eval()
    objective = masked(rate=0.4)
    inputs, mask, types, labels = objective.batch(0)
    assert types.any()
    with no_grad():
        logits = model.masked_lm_logits(model(inputs, mask, types)).numpy()
        assert objective.loss(model, inputs, mask, types, labels).item() == pytest.approx(
            mean_loss(logits, labels), 1e-5
        )
        alike = objective.loss(model, inputs, mask, np.zeros_like(types), labels).item()
    assert alike != pytest.approx(mean_loss(logits, labels), 1e-5)  # the model is told which segment it reads
