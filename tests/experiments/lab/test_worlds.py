"""A seed's world as models read it: its text, its tokenizer, its task; and models while they are evaluated."""

import numpy as np
import pytest

from experiments.lab.probes import evaluating, look
from experiments.lab.worlds import Reading, sentiment_of, text_of
from experiments.text.toy_world import sentiment
from experiments.text.toy_world.world import World
from minigrad import is_grad_enabled
from models.gpt import GPT, GPTConfig
from tokenizer.formats.gpt2_files import END_OF_TEXT

READING = Reading(n_tokens=320, batch_size=2, context=16, vocab_size=290)


def test_the_text_has_a_token_to_predict_each_one_from():
    text = READING.of(3)
    assert text.ids.shape == (321,)
    assert text.tokenizer.decode(text.ids[:60].tolist()).startswith(f"{END_OF_TEXT} {World(3).text(0, 1)[0][:20]}")
    windows = READING.windows(3)
    assert len(windows.rows) == 20  # ten steps of two rows read all of it
    np.testing.assert_array_equal(np.sort(windows.rows[:, 1:].ravel()), np.sort(text.ids[1:]))


def test_a_text_is_made_once_and_differs_between_worlds():
    assert READING.of(3) is text_of(320, 290, 3) is Reading(320, 4, 8, 290).of(3)
    assert READING.of(4).ids.tolist() != READING.of(3).ids.tolist()


@pytest.mark.parametrize("name", ["n_tokens", "batch_size", "context", "vocab_size"])
def test_a_reading_of_nothing_is_refused(name):
    with pytest.raises(ValueError, match=f"{name} must be at least 1, got 0"):
        Reading(**{"n_tokens": 320, name: 0})


def test_the_task_is_that_of_the_world_in_the_tokens_of_its_text():
    task, expected = sentiment_of(READING, 6, 4, 8, seed=3), sentiment.task(3, 6, 4, 8)
    assert [len(part) for part in (task.train, task.dev, task.test)] == [6, 4, 8]
    assert task.train.labels.tolist() == [example.label for example in expected.train]
    assert task.n_new.tolist() == [example.n_new for example in expected.test]
    ids = task.test.ids[0][task.test.attention_mask[0] == 1].tolist()
    assert READING.of(3).tokenizer.decode(ids) == f"{END_OF_TEXT} {expected.test[0].text}"


@pytest.mark.parametrize("training", [True, False])
def test_a_model_is_evaluated_without_gradients_and_dropout_and_then_is_as_before(training):
    model = GPT(GPTConfig(7, 8, d_model=8, n_layers=1, n_heads=2)).train(training)
    with evaluating(model):
        assert (is_grad_enabled(), model.training, model.dropout.training) == (False, False, False)
    assert (is_grad_enabled(), model.training, model.dropout.training) == (True, training, training)
    assert look(model, {"is training": lambda model: model.training}) == {"is training": 0.0}
