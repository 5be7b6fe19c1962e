"""Every objective meets its model in the one loop: batches depend on the step alone, losses on the targets."""

from pathlib import Path

import numpy as np
import pytest

from experiments.lab import training
from experiments.lab.objectives import (
    CausalLM,
    MaskedLM,
    MaskedLMWithNextSentence,
    PrefixLM,
    PrefixLMEncoderDecoder,
    SpanCorruption,
    n_targets,
)
from experiments.lab.pretraining import Pretraining, pretrain
from experiments.lab.windows import Windows
from experiments.running.progress import Bar
from minigrad import IGNORE, nn, no_grad
from models.bert import BERT, BERTConfig
from models.gpt import GPT, GPTConfig
from models.objectives.next_sentence import next_sentence
from models.objectives.span_corruption import sentinel_ids
from models.t5 import T5, T5Config
from models.t5_decoder import T5Decoder

V, MASK, CLS, SEP = 30, 19, 18, 17
IDS = np.random.default_rng(0).integers(0, 16, size=600)
ROWS = Windows(IDS, context=12, batch_size=4, seed=1)
MASKED = MaskedLM(ROWS, seed=2, mask_id=MASK, vocab_size=V, special_ids=(CLS, SEP), rate=0.3)


def pairs() -> MaskedLMWithNextSentence:
    """Sentences of eight documents, in pairs."""
    documents = [[IDS[50 * d + 5 * s : 50 * d + 5 * s + 5].tolist() for s in range(6)] for d in range(8)]
    arrays = next_sentence(documents, np.random.default_rng(3), cls_id=CLS, sep_id=SEP, max_length=20)
    return MaskedLMWithNextSentence(MASKED, *arrays, batch_size=4)


def bert() -> BERT:
    return BERT(BERTConfig(V, 20, d_model=8, n_layers=1, n_heads=2, dropout=0.0), np.random.default_rng(4))


def t5() -> T5:
    return T5(T5Config(V, 8, 16, 1, n_heads=2, dropout=0.0), np.random.default_rng(4))


def t5_decoder() -> T5Decoder:
    return T5Decoder(T5Config(V, 8, 16, 1, n_heads=2, dropout=0.0), np.random.default_rng(4))


def gpt() -> GPT:
    return GPT(GPTConfig(V, 12, d_model=8, n_layers=1, n_heads=2, dropout=0.0), np.random.default_rng(4))


OBJECTIVES = {
    "causal LM": (CausalLM(ROWS), gpt),
    "masked LM": (MASKED, bert),
    "span masking": (MaskedLM(ROWS, 2, MASK, V, rate=0.3, spans=True), bert),
    "masked LM with next sentence": (pairs(), bert),
    "span corruption": (SpanCorruption(ROWS, 2, sentinel_ids(V, 8), density=0.3), t5),
    "prefix LM": (PrefixLM(ROWS, 2), t5_decoder),
    "prefix LM, encoder-decoder": (PrefixLMEncoderDecoder(ROWS, 2), t5),
}


@pytest.mark.parametrize("name", OBJECTIVES)
def test_a_batch_depends_on_its_step_alone(name):
    objective, _ = OBJECTIVES[name]
    in_order = [objective.batch(step) for step in range(4)]
    for step in (3, 0, 2):
        for again, before in zip(objective.batch(step), in_order[step], strict=True):
            np.testing.assert_array_equal(again, before)
    assert any(not np.array_equal(a, b) for a, b in zip(in_order[0], in_order[1], strict=True))


@pytest.mark.parametrize("name", OBJECTIVES)
def test_labels_come_last_and_only_targets_carry_loss(name):
    objective, make = OBJECTIVES[name]
    batch = objective.batch(0)
    assert 0 < n_targets(batch) == (batch[-1] != IGNORE).sum()
    assert batch[-1].ndim == 2
    loss = objective.loss(make(), *batch).item()
    chance = np.log(V) + (np.log(2) if len(batch) == 5 else 0)
    assert abs(loss - chance) < 1.5  # a model that knows nothing


@pytest.mark.parametrize("name", OBJECTIVES)
def test_a_killed_run_resumes_with_the_same_bits(name, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    objective, make = OBJECTIVES[name]
    settings = Pretraining(steps=5, lr=1e-2, probe_every=2)

    def train(folder: Path, kill_at: int | None = None) -> tuple[nn.Module, dict]:
        model, count = make(), iter(range(100))

        def probe(model: nn.Module) -> float:
            if next(count) == kill_at:
                raise KeyboardInterrupt
            return float(abs(model.parameters()[0].data).sum())

        with Bar(5, "test") as bar:
            return model, pretrain(model, objective, settings, folder, bar, {"size": probe})

    whole, record = train(tmp_path / "whole")
    monkeypatch.setattr(training, "SECONDS_BETWEEN_CHECKPOINTS", 0.0)
    with pytest.raises(KeyboardInterrupt):
        train(tmp_path / "killed", kill_at=1)
    resumed, resumed_record = train(tmp_path / "killed")
    assert resumed_record == record
    assert [row["steps"] for row in record["probes"]] == [2, 4, 5]
    for name, array in whole.state_dict().items():
        np.testing.assert_array_equal(resumed.state_dict()[name], array)


def test_masked_lm_computes_the_loss_of_the_chosen_places():
    model, batch = bert(), MASKED.batch(0)
    inputs, labels = batch
    with no_grad():
        logits = model.masked_lm_logits(model(inputs)).numpy().astype(np.float64)
    logprobs = logits - np.log(np.exp(logits).sum(axis=-1, keepdims=True))
    rows, columns = np.nonzero(labels != IGNORE)
    expected = -logprobs[rows, columns, labels[rows, columns]].mean()
    assert MASKED.loss(model, *batch).item() == pytest.approx(expected, rel=1e-5)
