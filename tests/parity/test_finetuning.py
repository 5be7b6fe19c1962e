"""Our ways to use a model against transformers' with the same random weights: heads on BERT, T5's batches, and how
likely GPT-2 finds a text."""

import numpy as np
import pytest

from minigrad import IGNORE, nn, ops
from models.bert import BERT, BERTConfig
from models.finetuning import (
    CLSClassifier,
    CLSRegressor,
    LastTokenClassifier,
    SpanExtractor,
    pad_batch,
    shift_right,
    span_loss,
    text_to_text_batch,
)
from models.gpt import GPTConfig
from models.pretrained import bert as bert_checkpoint
from models.pretrained import gpt2 as gpt2_checkpoint
from models.scoring import continuation_log_prob, perplexity, token_log_probs
from models.t5 import T5Config
from tests.parity.test_gpt2 import twins as gpt2_twins
from tests.parity.test_ops import assert_close
from tests.parity.test_t5 import twins as t5_twins
from tests.parity.twins import TOLERANCE, gradients, in_their_layout, make_lively, padded_batch

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")

LENGTHS = [9, 4, 7]


def bert_twins(make, cls: str, seed: int, head: str, pooler: bool = True, **config):
    """Our model on a BERT and theirs, with the same weights; and a function that gives our gradients as theirs."""
    sizes = BERTConfig(vocab_size=40, n_positions=12, d_model=24, n_layers=2, n_heads=3)
    ours = make(BERT(sizes, pooler=pooler, masked_lm=False, next_sentence=False))
    make_lively(ours, seed)
    settings = bert_checkpoint.config_to(ours.model) | config
    settings |= {"attn_implementation": "eager", "classifier_dropout": 0.0}
    settings["pad_token_id"] = None  # or the embedding of token 0 would get no gradient
    del settings["architectures"]
    theirs = getattr(transformers, cls)(transformers.BertConfig(**settings)).eval()
    load(theirs, as_theirs(ours, ours.state_dict(), bert_checkpoint.entries(ours.model), head))
    return ours, theirs


def as_theirs(ours: nn.Module, arrays: dict[str, np.ndarray], entries: list, head: str) -> dict[str, np.ndarray]:
    """Weights or gradients of `model` and `head` under the names that transformers has for them."""
    body = {name.removeprefix("model."): array for name, array in arrays.items()}
    return in_their_layout(body, entries) | {
        name.replace("head", head): array for name, array in arrays.items() if name.startswith("head.")
    }


def load(theirs, weights: dict[str, np.ndarray]) -> None:
    """Copy weights. Those of theirs that ours has not are biases of the head, which change nothing: zero."""
    with torch.no_grad():
        parameters = dict(theirs.named_parameters())
        assert weights.keys() <= parameters.keys()
        for name, parameter in parameters.items():
            parameter.copy_(torch.tensor(weights.get(name, np.zeros(parameter.shape))))


def assert_same_gradients(ours: nn.Module, theirs, entries: list, head: str) -> None:
    found = as_theirs(ours, gradients(ours), entries, head)
    for name, parameter in theirs.named_parameters():
        expected = parameter.grad.numpy()
        if name.endswith("key.bias") or name not in found:  # a softmax takes them out: their gradient is rounding
            assert np.abs(expected).max() < 1e-5
            assert np.abs(found.get(name, expected)).max() < 1e-5
        else:
            assert_close(found[name], expected, TOLERANCE)


def bert_inputs(seed: int, padding: str = "right") -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    ids, attention_mask = padded_batch(LENGTHS, 40, padding, seed)
    token_type_ids = (np.arange(ids.shape[1]) >= np.random.default_rng(seed).integers(1, 4, size=(3, 1))).astype(int)
    return ids, attention_mask, token_type_ids


def as_torch(ids: np.ndarray, attention_mask: np.ndarray, token_type_ids: np.ndarray) -> dict:
    names = ("input_ids", "attention_mask", "token_type_ids")
    return {name: torch.tensor(array) for name, array in zip(names, (ids, attention_mask, token_type_ids), strict=True)}


# -- BERT -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(3))
def test_a_classifier_on_cls(seed: int):
    make = lambda model: CLSClassifier(model, 24, n_labels=4, dropout=0.0)  # noqa: E731
    ours, theirs = bert_twins(make, "BertForSequenceClassification", seed, "classifier", num_labels=4)
    inputs, labels = bert_inputs(seed), np.array([2, 0, 3])
    logits = ours(*inputs)
    loss = ops.cross_entropy(logits, labels)
    loss.backward()
    expected = theirs(**as_torch(*inputs), labels=torch.tensor(labels))
    expected.loss.backward()
    assert_close(logits.data, expected.logits.detach().numpy(), TOLERANCE)
    assert_close(loss.data, expected.loss.detach().numpy(), TOLERANCE)
    assert_same_gradients(ours, theirs, bert_checkpoint.entries(ours.model), "classifier")


@pytest.mark.parametrize("seed", range(3))
def test_a_regressor_on_cls(seed: int):
    make = lambda model: CLSRegressor(model, 24, dropout=0.0)  # noqa: E731
    ours, theirs = bert_twins(make, "BertForSequenceClassification", seed, "classifier", num_labels=1)
    inputs, scores = bert_inputs(seed), np.array([2.6, 0, 5], np.float32)
    predicted = ours(*inputs)
    loss = ops.mse_loss(predicted, scores)
    loss.backward()
    expected = theirs(**as_torch(*inputs), labels=torch.tensor(scores))
    expected.loss.backward()
    assert_close(predicted.data, expected.logits[:, 0].detach().numpy(), TOLERANCE)
    assert_close(loss.data, expected.loss.detach().numpy(), TOLERANCE)
    assert_same_gradients(ours, theirs, bert_checkpoint.entries(ours.model), "classifier")


@pytest.mark.parametrize("padding", ["none", "right"])
@pytest.mark.parametrize("seed", range(3))
def test_span_extraction(seed: int, padding: str):
    make = lambda model: SpanExtractor(model, 24)  # noqa: E731
    ours, theirs = bert_twins(make, "BertForQuestionAnswering", seed, "qa_outputs", pooler=False, num_labels=2)
    inputs, starts, ends = bert_inputs(seed, padding), np.array([3, 0, 5]), np.array([8, 0, 5])
    start_logits, end_logits = ours(*inputs)
    loss = span_loss(start_logits, end_logits, starts, ends)
    loss.backward()
    expected = theirs(**as_torch(*inputs), start_positions=torch.tensor(starts), end_positions=torch.tensor(ends))
    is_token = inputs[1] == 1
    assert_close(start_logits.data[is_token], expected.start_logits.detach().numpy()[is_token], TOLERANCE)
    assert_close(end_logits.data[is_token], expected.end_logits.detach().numpy()[is_token], TOLERANCE)
    if padding == "none":
        their_loss = expected.loss
    else:  # transformers' own loss gives padding a share of the probability
        outside = torch.tensor(~is_token)
        their_loss = (
            torch.nn.functional.cross_entropy(expected.start_logits.masked_fill(outside, -1e9), torch.tensor(starts))
            + torch.nn.functional.cross_entropy(expected.end_logits.masked_fill(outside, -1e9), torch.tensor(ends))
        ) / 2
    their_loss.backward()
    assert_close(loss.data, their_loss.detach().numpy(), TOLERANCE)
    assert_same_gradients(ours, theirs, bert_checkpoint.entries(ours.model), "qa_outputs")


# -- GPT-2 ------------------------------------------------------------------------------------------

GPT_SIZES = GPTConfig(vocab_size=40, n_positions=16, d_model=24, n_layers=2, n_heads=3)


@pytest.mark.parametrize("seed", range(3))
def test_a_classifier_on_the_last_token(seed: int):
    body, _ = gpt2_twins(GPT_SIZES, seed)
    ours = LastTokenClassifier(body, 24, n_labels=3)
    make_lively(ours, seed)
    config = transformers.GPT2Config(
        vocab_size=40, n_positions=16, n_embd=24, n_layer=2, n_head=3, num_labels=3, pad_token_id=0,
        resid_pdrop=0.0, embd_pdrop=0.0, attn_pdrop=0.0, attn_implementation="eager",
    )  # fmt: skip
    theirs = transformers.GPT2ForSequenceClassification(config).eval()
    theirs.score.bias = torch.nn.Parameter(torch.zeros(3))  # theirs has none
    entries = gpt2_checkpoint.entries(GPT_SIZES)
    load(theirs, as_theirs(ours, ours.state_dict(), entries, "score"))
    rng = np.random.default_rng(seed)
    ids, attention_mask = pad_batch([rng.integers(1, 40, size=length).tolist() for length in LENGTHS])
    labels = np.array([2, 0, 1])
    logits = ours(ids, attention_mask)
    loss = ops.cross_entropy(logits, labels)
    loss.backward()
    expected = theirs(torch.tensor(ids), attention_mask=torch.tensor(attention_mask), labels=torch.tensor(labels))
    expected.loss.backward()
    assert_close(logits.data, expected.logits.detach().numpy(), TOLERANCE)
    assert_close(loss.data, expected.loss.detach().numpy(), TOLERANCE)
    assert_same_gradients(ours, theirs, entries, "score")


@pytest.mark.parametrize("padding", ["right", "left"])
@pytest.mark.parametrize("seed", range(3))
def test_log_probs_of_tokens(seed: int, padding: str):
    ours, theirs = gpt2_twins(GPT_SIZES, seed)
    ids, attention_mask = padded_batch(LENGTHS, 40, padding, seed)
    log_probs = token_log_probs(ours, ids, attention_mask)
    for row, is_token in enumerate(attention_mask == 1):
        alone = ids[row, is_token]
        expected = their_log_probs(theirs, alone)
        shown = log_probs[row][is_token[1:] & is_token[:-1]]
        assert_close(shown, expected, TOLERANCE)
        whole = continuation_log_prob(ours, [alone[:2].tolist()], [alone[2:].tolist()])
        assert_close(whole, expected[1:].sum(keepdims=True, dtype=np.float64), TOLERANCE)


def their_log_probs(theirs, ids: np.ndarray) -> np.ndarray:
    """log p of each token but the first of one text."""
    with torch.no_grad():
        log_probs = torch.log_softmax(theirs(torch.tensor(ids)[None]).logits[0], dim=-1).numpy()
    return np.take_along_axis(log_probs[:-1], ids[1:, None], axis=-1)[:, 0]


@pytest.mark.parametrize(("max_length", "stride"), [(15, 1), (15, 4), (8, 8), (3, 2), (1, 1)])
def test_perplexity_of_a_text_longer_than_the_model(max_length: int, stride: int):
    """Against the recipe of transformers' documentation: windows that carry loss on their last `stride` tokens only.
    There a window of n tokens reads n - 1 to predict the last; here `max_length` are read."""
    ours, theirs = gpt2_twins(GPT_SIZES, seed=0)
    ids = np.random.default_rng(0).integers(40, size=50)
    nats, previous_end = 0.0, 1
    for begin in range(0, len(ids), stride):
        end = min(begin + max_length + 1, len(ids))
        labels = torch.tensor(ids[None, begin:end]).clone()
        labels[:, : -(end - previous_end)] = IGNORE
        with torch.no_grad():
            loss = theirs(torch.tensor(ids[None, begin:end]), labels=labels).loss.item()
        nats += loss * (end - previous_end)
        previous_end = end
        if end == len(ids):
            break
    assert_close(np.array(perplexity(ours, ids, max_length, stride)), np.exp(nats / 49), TOLERANCE)


# -- T5 ---------------------------------------------------------------------------------------------


def test_the_decoder_reads_and_loses_what_it_does_in_transformers():
    config = T5Config(vocab_size=40, d_model=24, d_ff=30, n_layers=2, n_heads=3)
    ours, theirs = t5_twins(config, seed=0)
    rng = np.random.default_rng(0)
    texts = [[rng.integers(2, 40, size=length).tolist() for length in lengths] for lengths in ([5, 2, 7], [1, 4, 3])]
    ids, attention_mask, decoder_ids, labels = text_to_text_batch(*texts)
    np.testing.assert_array_equal(decoder_ids, theirs._shift_right(torch.tensor(labels)).numpy())
    np.testing.assert_array_equal(shift_right(labels), decoder_ids)
    loss = ops.cross_entropy(ours(ids, decoder_ids, attention_mask), labels)
    expected = theirs(torch.tensor(ids), attention_mask=torch.tensor(attention_mask), labels=torch.tensor(labels))
    assert_close(loss.data, expected.loss.detach().numpy(), TOLERANCE)
