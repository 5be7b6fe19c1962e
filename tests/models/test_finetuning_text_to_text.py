"""Answers that are written: T5's texts, targets and labels; a decoder that goes on with the output."""

import numpy as np
import pytest

from minigrad import IGNORE, ops, optim
from models.finetuning import (
    NO_LABEL,
    continuation_batch,
    output_ids,
    predicted_labels,
    score_as_text,
    score_in_text,
    shift_right,
    task_text,
    text_to_text_batch,
)
from models.gpt import GPT, GPTConfig
from models.sampling import GREEDY
from models.t5 import T5, T5Config
from models.t5_decoder import T5Decoder

EOS = 1


def t5() -> T5:
    config = T5Config(vocab_size=20, d_model=16, d_ff=32, n_layers=1, n_heads=2, n_buckets=8, max_distance=8)
    return T5(config, np.random.default_rng(0))


# -- texts ------------------------------------------------------------------------------------------


def test_a_task_s_texts_stand_behind_their_names():
    # The forms of the paper's figure 1 and appendix D.
    assert task_text("cola", sentence="The course is jumping well.") == "cola sentence: The course is jumping well."
    assert task_text("stsb", sentence1="The rhino grazed.", sentence2="A rhino is grazing.") == (
        "stsb sentence1: The rhino grazed. sentence2: A rhino is grazing."
    )
    assert task_text("mnli", hypothesis="Yes.", premise="No.") == "mnli hypothesis: Yes. premise: No."
    assert task_text("summarize:") == "summarize:"


@pytest.mark.parametrize(
    ("score", "text"), [(2.57, "2.6"), (3.8, "3.8"), (0, "0.0"), (5, "5.0"), (4.89, "4.8"), (4.91, "5.0")]
)
def test_a_score_is_written_to_the_nearest_fifth(score, text):
    assert score_as_text(score) == text
    assert score_in_text(text) == float(text)


@pytest.mark.parametrize("text", ["", "three", "5.1", "-0.2", "nan", "inf", "2.6 2.6", "2,6"])
def test_what_is_no_score_is_none(text):
    assert score_in_text(text) is None


# -- batches ----------------------------------------------------------------------------------------


def test_the_decoder_reads_the_labels_one_step_later():
    labels = np.array([[5, 6, 7, EOS], [8, EOS, IGNORE, IGNORE]])
    np.testing.assert_array_equal(shift_right(labels), [[0, 5, 6, 7], [0, 8, EOS, 0]])
    np.testing.assert_array_equal(shift_right(labels, start_id=3), [[3, 5, 6, 7], [3, 8, EOS, 3]])
    np.testing.assert_array_equal(labels, [[5, 6, 7, EOS], [8, EOS, IGNORE, IGNORE]])


def test_a_batch_has_both_texts_with_an_end_and_padding():
    ids, attention_mask, decoder_ids, labels = text_to_text_batch([[5, 6, 7], [8]], [[9], [10, 11]])
    np.testing.assert_array_equal(ids, [[5, 6, 7, EOS], [8, EOS, 0, 0]])
    np.testing.assert_array_equal(attention_mask, [[1, 1, 1, 1], [1, 1, 0, 0]])
    np.testing.assert_array_equal(decoder_ids, [[0, 9, EOS], [0, 10, 11]])
    np.testing.assert_array_equal(labels, [[9, EOS, IGNORE], [10, 11, EOS]])


def test_other_padding_and_ends_may_be_used():
    ids, _, decoder_ids, labels = text_to_text_batch([[5, 6], [8]], [[9], []], pad_id=3, eos_id=4)
    np.testing.assert_array_equal(ids, [[5, 6, 4], [8, 4, 3]])
    np.testing.assert_array_equal(decoder_ids, [[3, 9], [3, 4]])
    np.testing.assert_array_equal(labels, [[9, 4], [4, IGNORE]])


def test_texts_without_a_partner_are_refused():
    with pytest.raises(ValueError, match="targets must be as many as inputs, 2, got 1"):
        text_to_text_batch([[5], [6]], [[7]])
    with pytest.raises(ValueError, match="outputs must be as many as inputs, 1, got 2"):
        continuation_batch([[5]], [[7], [8]], eos_id=EOS)
    with pytest.raises(ValueError, match="sequences is empty"):
        text_to_text_batch([], [])


def test_padding_of_either_text_does_not_change_the_loss():
    model = t5()
    inputs, targets = [[5, 6, 7], [8], [3, 4]], [[9], [10, 11, 12], [2, 2]]

    def loss(rows: slice) -> float:
        ids, attention_mask, decoder_ids, labels = text_to_text_batch(inputs[rows], targets[rows])
        return ops.cross_entropy(model(ids, decoder_ids, attention_mask), labels).item()

    n_labels = [len(target) + 1 for target in targets]
    alone = [loss(slice(row, row + 1)) for row in range(3)]
    assert loss(slice(3)) == pytest.approx(np.average(alone, weights=n_labels), rel=1e-5)


# -- labels -----------------------------------------------------------------------------------------


def test_a_text_counts_as_a_label_only_to_the_letter():
    label_ids = [[5, 6], [5], [7, 8, 9]]
    outputs = np.array(
        [
            [0, 5, 6, EOS, 0],
            [0, 5, EOS, 0, 0],
            [0, 7, 8, 9, EOS],
            [0, 5, 5, EOS, 0],  # more than a label
            [0, 7, 8, EOS, 0],  # less than one
            [0, EOS, 5, EOS, 0],  # nothing, whatever comes later
            [0, 5, 6, 9, 9],  # no end in sight
        ]
    )
    labels = predicted_labels(outputs, label_ids)
    np.testing.assert_array_equal(labels, [0, 1, 2, NO_LABEL, NO_LABEL, NO_LABEL, NO_LABEL])
    np.testing.assert_array_equal(predicted_labels(outputs[:, :3], label_ids), [0, 1, -1, -1, -1, -1, 0])


def test_an_output_s_text_ends_before_eos():
    assert output_ids([0, 5, 6, EOS, 0]) == [5, 6]
    assert output_ids([0, 5, 6]) == [5, 6]
    assert output_ids([0, EOS]) == []
    assert output_ids([0, 5, 9, 6], eos_id=9) == [5]


def test_labels_with_the_same_ids_are_refused():
    with pytest.raises(ValueError, match=r"label_ids must differ from each other, got \[\[5\], \[6\], \[5\]\]"):
        predicted_labels(np.array([[0, 5]]), [[5], [6], [5]])


def test_t5_learns_to_write_labels_and_the_gradient_reaches_every_weight():
    model = t5()
    inputs, labels, label_ids = [[3, 6], [6, 4], [5, 3, 6], [6, 4, 5]], np.array([0, 1, 0, 1]), [[8], [9, 10]]
    ids, attention_mask, decoder_ids, targets = text_to_text_batch(inputs, [label_ids[label] for label in labels])
    optimizer = optim.Adam(model.parameters(), lr=1e-2)
    for step in range(100):
        loss = ops.cross_entropy(model(ids, decoder_ids, attention_mask), targets)
        loss.backward()
        if step == 0:
            assert all(parameter.grad is not None and np.any(parameter.grad) for parameter in model.parameters())
        optimizer.step()
        optimizer.zero_grad()
    assert loss.item() < 0.05
    outputs = model.generate(ids, 4, GREEDY, attention_mask=attention_mask)
    np.testing.assert_array_equal(predicted_labels(outputs, label_ids), labels)


# -- a decoder that goes on with the output ---------------------------------------------------------


def test_only_the_output_carries_a_loss():
    ids, attention_mask, labels, prefix_mask = continuation_batch([[5, 6, 7], [8]], [[9], [10, 11, 12]], EOS, pad_id=2)
    np.testing.assert_array_equal(ids, [[5, 6, 7, 9], [8, 10, 11, 12]])
    np.testing.assert_array_equal(labels, [[IGNORE, IGNORE, 9, EOS], [10, 11, 12, EOS]])
    np.testing.assert_array_equal(prefix_mask, [[1, 1, 1, 0], [1, 0, 0, 0]])
    np.testing.assert_array_equal(attention_mask, [[1, 1, 1, 1], [1, 1, 1, 1]])
    ids, attention_mask, labels, _ = continuation_batch([[5, 6], [8]], [[9], []], EOS, pad_id=2)
    np.testing.assert_array_equal(ids, [[5, 6, 9], [8, 2, 2]])
    np.testing.assert_array_equal(attention_mask, [[1, 1, 1], [1, 0, 0]])
    np.testing.assert_array_equal(labels, [[IGNORE, 9, EOS], [EOS, IGNORE, IGNORE]])


def test_an_empty_input_is_refused():
    with pytest.raises(ValueError, match="inputs must have at least one token each"):
        continuation_batch([[5], []], [[6], [7]], EOS)


@pytest.mark.parametrize("as_prefix", [False, True])
def test_a_decoder_learns_to_go_on_with_the_output(as_prefix):
    inputs, outputs = [[3, 4, 5], [6, 7, 5], [5, 3, 7, 5]], [[4, 3], [7, 6], [7, 3]]
    ids, attention_mask, labels, prefix_mask = continuation_batch(inputs, outputs, EOS)
    if as_prefix:
        config = T5Config(vocab_size=20, d_model=16, d_ff=32, n_layers=1, n_heads=2, n_buckets=8, max_distance=8)
        model = T5Decoder(config, np.random.default_rng(0))
        kwargs = {"prefix_mask": prefix_mask}
    else:
        config = GPTConfig(vocab_size=20, n_positions=8, d_model=16, n_layers=2, n_heads=2)
        model = GPT(config, np.random.default_rng(0))
        kwargs = {}
    optimizer = optim.Adam(model.parameters(), lr=1e-2)
    for _ in range(100):
        loss = ops.cross_entropy(model(ids, attention_mask, **kwargs), labels)
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    assert loss.item() < 0.05
    for text, output in zip(inputs, outputs, strict=True):
        options = {"as_prefix": True} if as_prefix else {}
        written = model.generate(np.array([text]), 3, GREEDY, **options)
        assert written[0, len(text) :].tolist() == [*output, EOS]
