"""The finetuning loop and its evaluation."""

import numpy as np
import pytest

from experiments.lab.finetuning import Encoded, FinetuneSettings, encode, evaluate, finetune
from experiments.lab.windows import END_OF_TEXT
from experiments.text.toy_world.sentiment import Example
from models.finetuning import LastTokenClassifier
from models.gpt import GPT, GPTConfig
from tokenizer import ByteLevelBPE

TOKENIZER = ByteLevelBPE.train(["good bad film " * 20], 270, special_tokens=[END_OF_TEXT])
EXAMPLES = [Example("good film", 1), Example("bad", 0), Example("good good film", 1), Example("bad film film", 0)]


def classifier(seed: int = 0) -> LastTokenClassifier:
    config = GPTConfig(TOKENIZER.vocab_size, n_positions=16, d_model=16, n_layers=1, n_heads=2)
    return LastTokenClassifier(GPT(config, np.random.default_rng(seed)), 16, 2, np.random.default_rng(seed))


def test_examples_begin_with_the_end_of_text_token_and_are_padded_on_the_right():
    encoded = encode(TOKENIZER, EXAMPLES)
    for row, example in enumerate(EXAMPLES):
        ids = encoded.ids[row][encoded.attention_mask[row] == 1]
        assert TOKENIZER.decode(ids.tolist()) == f"{END_OF_TEXT} {example.text}"
        assert (np.diff(encoded.attention_mask[row]) <= 0).all()
    assert encoded.labels.tolist() == [1, 0, 1, 0]


def test_some_examples_have_no_more_padding_than_they_need():
    encoded = encode(TOKENIZER, EXAMPLES)
    short = encoded[np.array([1])]
    assert len(short) == 1
    assert short.attention_mask.all()
    assert short.ids.shape[1] < encoded.ids.shape[1]
    assert encoded[slice(0, 2)].labels.tolist() == [1, 0]


def test_finetuning_learns_the_examples_and_the_same_seed_gives_the_same_bits():
    encoded = encode(TOKENIZER, EXAMPLES)
    first, second = classifier(), classifier()
    for each in (first, second):
        finetune(each, encoded, FinetuneSettings(steps=30, batch_size=2), lr=1e-2, seed=3)
    loss, accuracy = evaluate(first, encoded)
    assert accuracy == 1
    assert loss < 0.1
    for name, array in first.state_dict().items():
        np.testing.assert_array_equal(second.state_dict()[name], array)


def test_every_example_is_seen_once_in_each_pass(monkeypatch: pytest.MonkeyPatch):
    encoded = encode(TOKENIZER, EXAMPLES)
    seen: list[list[int]] = []
    real = Encoded.__getitem__

    def watched(self: Encoded, rows: np.ndarray | slice) -> Encoded:
        seen.append(list(rows))
        return real(self, rows)

    monkeypatch.setattr(Encoded, "__getitem__", watched)
    finetune(classifier(), encoded, FinetuneSettings(steps=4, batch_size=2), lr=1e-3, seed=0)
    assert sorted(seen[0] + seen[1]) == sorted(seen[2] + seen[3]) == [0, 1, 2, 3]


def test_evaluation_in_batches_is_the_mean_over_all_examples():
    encoded, model = encode(TOKENIZER, EXAMPLES), classifier(1)
    logits = model(encoded.ids, encoded.attention_mask).data
    log_probs = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
    expected = -log_probs[np.arange(4), encoded.labels].mean()
    for batch_size in (1, 3, 4, 100):
        loss, accuracy = evaluate(model, encoded, batch_size)
        assert loss == pytest.approx(expected, rel=1e-5)
        assert accuracy == (logits.argmax(axis=1) == encoded.labels).mean()
