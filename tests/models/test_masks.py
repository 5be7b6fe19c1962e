"""Masks: booleans or integers, 0 and 1 only, in every model; and what each model makes of padding."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from minigrad import Tensor, no_grad, ops
from models.attention_classifier import ElmoClassifier, ElmoPairClassifier, max_over_time
from models.bert import BERT, BERTConfig
from models.elmo import BiLSTMConfig, BiLSTMLanguageModel, ELMo, reverse
from models.finetuning import (
    CLSClassifier,
    LastTokenClassifier,
    MultipleChoice,
    SimilarityClassifier,
    SpanExtractor,
    best_spans,
)
from models.finetuning.last_token import last_token
from models.gpt import GPT, GPTConfig
from models.inputs import check_mask, position_numbers, token_mask
from models.lstm_lm import LSTMConfig, LSTMLanguageModel
from models.objectives.causal_lm import causal_lm
from models.objectives.masked_lm import masked_lm
from models.objectives.prefix_lm import prefix_lm, prefix_lm_encoder_decoder
from models.objectives.salient_spans import salient_spans
from models.objectives.span_corruption import sentinel_ids, span_corruption
from models.objectives.span_masking import span_masking
from models.scoring import token_log_probs
from models.t5 import T5, Output, T5Config
from models.t5_decoder import T5Decoder

V = 40
IDS = np.array([[5, 6, 7, 8], [1, 2, 3, 4]])
ONES = np.ones((2, 4), np.int64)
STATES = Tensor(np.random.default_rng(0).standard_normal((2, 4, 3)).astype(np.float32))
SENTINELS = sentinel_ids(V, 5)

gpt = GPT(GPTConfig(V, n_positions=8, d_model=8, n_layers=1, n_heads=2))
bert = BERT(BERTConfig(V, n_positions=8, d_model=8, n_layers=1, n_heads=2))
t5 = T5(T5Config(V, d_model=8, d_ff=8, n_layers=1, n_heads=2))
decoder = T5Decoder(T5Config(V, d_model=8, d_ff=8, n_layers=1, n_heads=2))
elmo = ELMo(BiLSTMLanguageModel(BiLSTMConfig(V, d_model=8, n_layers=1)))
pairs = ElmoPairClassifier(elmo, 4, 2)


def rng() -> np.random.Generator:
    return np.random.default_rng(0)


TAKERS: dict[str, Callable[[Any], Any]] = {
    "attention": lambda mask: ops.attention(*[Tensor(np.ones((2, 1, 4, 3)))] * 3, mask=mask),
    "gpt": lambda mask: gpt(IDS, mask),
    "bert": lambda mask: bert(IDS, mask),
    "t5": lambda mask: t5(IDS, IDS, mask),
    "t5, decoding": lambda mask: t5.decode(IDS, Tensor(np.ones((2, 4, 8), np.float32)), mask),
    "t5, output": lambda mask: Output(t5, IDS, mask),
    "t5, decoder alone": lambda mask: decoder(IDS, mask),
    "prefix lm": lambda mask: decoder(IDS, prefix_mask=mask),
    "lstm": lambda mask: LSTMLanguageModel(LSTMConfig(V, d_model=8))(IDS, mask),
    "elmo's language model": lambda mask: elmo.model(IDS, mask),
    "elmo's loss": lambda mask: elmo.model.loss(IDS, mask),
    "elmo": lambda mask: elmo(IDS, mask),
    "reversal": lambda mask: reverse(IDS, mask),
    "maximum over time": lambda mask: max_over_time(STATES, mask),
    "elmo classifier": lambda mask: ElmoClassifier(elmo, 4, 2)(IDS, mask),
    "elmo pair classifier, one": lambda mask: pairs(IDS, mask, IDS, ONES),
    "elmo pair classifier, other": lambda mask: pairs(IDS, ONES, IDS, mask),
    "[CLS]": lambda mask: CLSClassifier(bert, 8, 2)(IDS, mask),
    "spans": lambda mask: SpanExtractor(bert, 8)(IDS, mask),
    "best spans": lambda mask: best_spans(np.zeros((2, 4)), np.zeros((2, 4)), mask),
    "last token": lambda mask: LastTokenClassifier(gpt, 8, 2)(IDS, mask),
    "last state": lambda mask: last_token(STATES, mask),
    "similarity": lambda mask: SimilarityClassifier(gpt, 8, 2)(IDS, IDS, mask),
    "multiple choice": lambda mask: MultipleChoice(gpt, 8)(IDS[None], np.asarray(mask)[None]),
    "causal lm": lambda mask: causal_lm(IDS, mask),
    "masked lm": lambda mask: masked_lm(IDS, rng(), mask_id=0, vocab_size=V, attention_mask=mask),
    "span masking": lambda mask: span_masking(IDS, rng(), mask_id=0, vocab_size=V, attention_mask=mask),
    "prefix lm's objective": lambda mask: prefix_lm(IDS, rng(), mask),
    "prefix lm's objective, encoder-decoder": lambda mask: prefix_lm_encoder_decoder(IDS, rng(), mask),
    "span corruption": lambda mask: span_corruption(IDS, rng(), sentinels=SENTINELS, attention_mask=mask),
    "salient spans": lambda mask: salient_spans(IDS, [[(0, 1)]] * 2, rng(), sentinels=SENTINELS, attention_mask=mask),
    "log-probabilities": lambda mask: token_log_probs(gpt, IDS, mask),
    "generation, gpt": lambda mask: gpt.generate(IDS, 1, attention_mask=mask),
    "generation, t5": lambda mask: t5.generate(IDS, 1, attention_mask=mask),
    "generation, t5's decoder": lambda mask: decoder.generate(IDS, 1, attention_mask=mask),
}


@pytest.mark.parametrize("taker", TAKERS)
def test_only_zeros_and_ones_that_are_integers_or_booleans_are_a_mask(taker: str):
    call = TAKERS[taker]
    with no_grad():
        call(ONES)
        with pytest.raises(TypeError, match=r"mask must be booleans or integers, 1 where .*got float64"):
            call(np.where(ONES == 1, 0.0, -1e9))  # to be added to scores: would be read as its opposite
        with pytest.raises(TypeError, match=r"mask must be booleans or integers.*got float32"):
            call(ONES.astype(np.float32))
        with pytest.raises(ValueError, match=r"mask must be 1 where .* and 0 elsewhere, got 2"):
            call(ONES * 2)
        with pytest.raises(ValueError, match=r"mask must be 1 where .* and 0 elsewhere, got -1"):
            call(ONES - 2)


@pytest.mark.parametrize("taker", TAKERS)
@pytest.mark.parametrize("shape", [(3, 4), (2, 3), (4,), (2, 4, 1)])
def test_a_mask_of_another_shape_is_named(taker: str, shape: tuple[int, ...]):
    with no_grad(), pytest.raises(ValueError, match=r"mask must have .*shape"):
        TAKERS[taker](np.ones(shape, np.int64))


# -- padding ----------------------------------------------------------------------------------------

RIGHT = np.array([[5, 6, 7, 0, 0], [1, 2, 3, 4, 9]])
RIGHT_MASK = np.array([[1, 1, 1, 0, 0], [1, 1, 1, 1, 1]])
LEFT = np.array([[0, 0, 5, 6, 7], [1, 2, 3, 4, 9]])
LEFT_MASK = np.array([[0, 0, 1, 1, 1], [1, 1, 1, 1, 1]])


@pytest.mark.parametrize("dtype", [np.bool_, np.uint8, np.int8, np.uint64])
@pytest.mark.parametrize("model", [gpt, bert, t5.encode, decoder], ids=["gpt", "bert", "t5", "t5's decoder"])
def test_padding_on_either_side_changes_nothing_whatever_the_dtype(model: Any, dtype: type):
    with no_grad():
        alone = model(np.array([[5, 6, 7]])).data[0]
        left, right = model(LEFT, LEFT_MASK.astype(dtype)), model(RIGHT, RIGHT_MASK.astype(dtype))
    np.testing.assert_allclose(left.data[0, 2:], alone, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(right.data[0, :3], alone, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(left.data[1], right.data[1], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("model", [gpt, bert, t5.encode, decoder], ids=["gpt", "bert", "t5", "t5's decoder"])
def test_a_row_of_padding_alone_is_finite_and_changes_no_other(model: Any):
    mask = np.array([[0, 0, 0, 0, 0], [1, 1, 1, 1, 1]], np.uint8)
    with no_grad():
        out = model(RIGHT, mask).data
        np.testing.assert_allclose(out[1], model(RIGHT, RIGHT_MASK).data[1], rtol=1e-4, atol=1e-5)
    assert np.isfinite(out).all()


def test_positions_are_counted_without_wrapping_around():
    for dtype in (np.uint8, np.int8, np.bool_):
        np.testing.assert_array_equal(
            position_numbers(LEFT_MASK.astype(dtype), 0, 5), [[0, 0, 0, 1, 2], [0, 1, 2, 3, 4]]
        )
    long = np.ones((1, 300), np.int8)
    assert position_numbers(long, 0, 300)[0, -1] == position_numbers(long.astype(np.uint8), 0, 300)[0, -1] == 299


def test_a_mask_comes_back_as_booleans_and_none_as_none_or_everywhere():
    assert check_mask(None, IDS) is None
    for given in (ONES, ONES.astype(np.uint8), ONES == 1, ONES.tolist(), Tensor(ONES)):
        assert check_mask(given, IDS).dtype == np.bool_
    np.testing.assert_array_equal(token_mask(None, IDS), ONES == 1)
    with pytest.raises(ValueError, match=r"shape of ids, \(2, 6\), 2 of them in the cache, got \(2, 4\)"):
        check_mask(ONES, IDS, seen=2)
