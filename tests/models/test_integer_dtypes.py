"""Ids, labels and masks give the same numbers in every integer dtype, as tensors and as lists.

Every model, objective, loss and way of finetuning is called twice: once with int64, and once with all its ids, labels
and masks in another form. Narrow and unsigned dtypes are where sums and new ids would overflow, and where IGNORE = -100
does not fit.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from minigrad import IGNORE, Tensor, manual_seed, no_grad, ops
from models.attention_classifier import ElmoClassifier, ElmoPairClassifier
from models.beam_search import beam_search
from models.bert import BERT, BERTConfig
from models.elmo import BiLSTMConfig, BiLSTMLanguageModel, ELMo, bidirectional_labels
from models.finetuning import (
    CLSClassifier,
    CLSRegressor,
    LastTokenClassifier,
    MultipleChoice,
    SimilarityClassifier,
    SpanExtractor,
    best_spans_or_none,
    continuation_batch,
    loss_with_language_modelling,
    pad_batch,
    predicted_labels,
    shift_right,
    span_loss,
    text_to_text_batch,
)
from models.generation import WithCache
from models.gpt import GPT, GPTConfig
from models.lstm_lm import LSTMConfig, LSTMLanguageModel
from models.objectives.causal_lm import causal_lm
from models.objectives.masked_lm import masked_lm
from models.objectives.next_sentence import next_sentence
from models.objectives.prefix_lm import prefix_lm, prefix_lm_encoder_decoder
from models.objectives.salient_spans import salient_spans
from models.objectives.span_corruption import corrupted_inputs, restore, sentinel_ids, span_corruption
from models.objectives.span_masking import span_masking
from models.scoring import choice_scores, perplexity, token_log_probs
from models.t5 import T5, T5Config
from models.t5_decoder import T5Decoder
from models.word_vectors import SkipGram, noise_distribution, skip_gram_batches, subsample

V = 120  # the ids of all tests fit into int8
IDS = np.array([[1, 2, 3, 4, 5, 119], [7, 8, 9, 10, 0, 0]])
MASK = np.array([[1, 1, 1, 1, 1, 1], [1, 1, 1, 1, 0, 0]])
LEFT_IDS, LEFT_MASK = IDS[:, ::-1].copy(), MASK[:, ::-1].copy()
CLASSES = np.array([0, 1])

DTYPES = (np.int8, np.uint8, np.int16, np.uint16, np.int32, np.uint32, np.uint64, np.dtype(">i4"))
FORMS: dict[str, Callable[[np.ndarray], Any]] = {
    **{np.dtype(dtype).str: lambda array, dtype=dtype: array.astype(dtype) for dtype in DTYPES},
    "tensor": Tensor,
    "list": lambda array: array.tolist(),
}


def rng() -> np.random.Generator:
    return np.random.default_rng(0)


def small(kind: type, **options: Any) -> Any:
    """A model of that kind, the same every time."""
    manual_seed(0)
    config = {
        GPT: lambda: GPTConfig(V, n_positions=12, d_model=8, n_layers=2, n_heads=2),
        BERT: lambda: BERTConfig(V, n_positions=8, d_model=8, n_layers=1, n_heads=2),
        T5: lambda: T5Config(V, d_model=8, n_layers=1, n_heads=2, d_ff=16),
        T5Decoder: lambda: T5Config(V, d_model=8, n_layers=1, n_heads=2, d_ff=16),
        LSTMLanguageModel: lambda: LSTMConfig(V, d_model=8),
        BiLSTMLanguageModel: lambda: BiLSTMConfig(V, d_model=8),
    }[kind]()
    return kind(config, **options)


def elmo() -> ELMo:
    return ELMo(small(BiLSTMLanguageModel))


Form = Callable[[np.ndarray], Any]

MODELS: dict[str, Callable[[Form], Any]] = {
    "gpt": lambda f: small(GPT)(f(IDS), f(MASK)),
    "gpt, padded on the left": lambda f: small(GPT)(f(LEFT_IDS), f(LEFT_MASK)),
    "bert": lambda f: small(BERT)(f(IDS), f(MASK), f(MASK * (IDS > 3))),
    "bert, padded on the left": lambda f: small(BERT)(f(LEFT_IDS), f(LEFT_MASK)),
    "t5": lambda f: small(T5)(f(IDS), f(IDS[:, :3]), f(MASK)),
    "t5, decoder alone": lambda f: small(T5Decoder)(f(LEFT_IDS), f(LEFT_MASK)),
    "prefix lm": lambda f: small(T5Decoder)(f(IDS), f(MASK), prefix_mask=f(MASK * (IDS < 4))),
    "lstm": lambda f: small(LSTMLanguageModel)(f(IDS), f(MASK)),
    "elmo's language model": lambda f: small(BiLSTMLanguageModel).loss(f(IDS), f(MASK)),
    "elmo": lambda f: elmo()(f(IDS), f(MASK)),
    "elmo classifier": lambda f: ElmoClassifier(elmo(), 4, 2)(f(IDS), f(MASK)),
    "elmo pair classifier": lambda f: ElmoPairClassifier(elmo(), 4, 2)(f(IDS), f(MASK), f(IDS[:, :3]), f(MASK[:, :3])),
    "word vectors": lambda f: SkipGram(V, 8, rng())(f(IDS[0]), f(IDS[1]), f(IDS.T)),
    "generation, gpt": lambda f: small(GPT).generate(f(LEFT_IDS), 6, attention_mask=f(LEFT_MASK), seed=1),
    "generation, t5": lambda f: small(T5).generate(f(IDS), 6, attention_mask=f(MASK), seed=1),
    "generation, prefix lm": lambda f: small(T5Decoder).generate(f(IDS[:1]), 6, seed=1, as_prefix=True),
    "beam search": lambda f: [h.ids for h in beam_search(WithCache(small(GPT)), f(IDS[:1]), 5, n_beams=3)],
}

LOSSES: dict[str, Callable[[Form], Any]] = {
    "cross entropy": lambda f: ops.cross_entropy(Tensor(rng().standard_normal((2, 6, V))), f(IDS)),
    "cross entropy, another index to ignore": lambda f: ops.cross_entropy(
        Tensor(rng().standard_normal((2, 6, V))), f(IDS), ignore_index=0
    ),
    "embedding": lambda f: ops.embedding(f(IDS), Tensor(rng().standard_normal((V, 3)))),
    "attention": lambda f: ops.attention(*[Tensor(rng().standard_normal((2, 1, 6, 4)))] * 3, mask=f(MASK)),
}

OBJECTIVES: dict[str, Callable[[Form], Any]] = {
    "causal lm": lambda f: causal_lm(f(IDS), f(MASK)),
    "bidirectional labels": lambda f: bidirectional_labels(f(IDS), f(MASK)),
    "masked lm": lambda f: masked_lm(
        f(IDS), rng(), mask_id=3, vocab_size=V, attention_mask=f(MASK), special_ids=[1], rate=0.9
    ),
    "masked lm, whole words": lambda f: masked_lm(
        f(IDS), rng(), mask_id=3, vocab_size=V, attention_mask=f(MASK), word_numbers=f(IDS // 2), rate=0.6
    ),
    "span masking": lambda f: span_masking(
        f(IDS), rng(), mask_id=3, vocab_size=V, attention_mask=f(MASK), word_numbers=f(IDS // 2), rate=0.6
    ),
    "prefix lm": lambda f: prefix_lm(f(LEFT_IDS), rng(), f(LEFT_MASK)),
    "prefix lm, encoder-decoder": lambda f: prefix_lm_encoder_decoder(f(IDS), rng(), f(MASK)),
    "span corruption": lambda f: span_corruption(
        f(IDS), rng(), sentinels=f(np.array([118, 117, 116])), attention_mask=f(MASK), eos_id=1
    ),
    "salient spans": lambda f: salient_spans(
        f(IDS), [[(0, 2), (4, 6)], [(1, 3)]], rng(), sentinels=f(np.array([118, 117])), attention_mask=f(MASK)
    ),
    "restoring": lambda f: restore(f(np.array([5, 118, 6])), f(np.array([118, 7, 8, 117])), f(np.array([118, 117]))),
    "next sentence": lambda f: next_sentence(
        [[f(row[:3]), f(row[3:])] for row in IDS], rng(), cls_id=1, sep_id=2, max_length=9
    ),
    "subsampling": lambda f: subsample(f(IDS[1]), 0.1, rng()),
    "noise": lambda f: noise_distribution(f(IDS[1]), V),
    "skip-gram": lambda f: [array for batch in skip_gram_batches(f(IDS[0]), V, 2, 3, 4, rng()) for array in batch],
}

FINETUNING: dict[str, Callable[[Form], Any]] = {
    "padding": lambda f: pad_batch([f(IDS[0]), f(IDS[1, :4])], pad_id=IGNORE),
    "[CLS], classes": lambda f: ops.cross_entropy(
        CLSClassifier(small(BERT), 8, 2, rng(), dropout=0)(f(IDS), f(MASK), f(MASK * (IDS > 3))), f(CLASSES)
    ),
    "[CLS], scores": lambda f: CLSRegressor(small(BERT), 8, rng(), dropout=0)(f(IDS), f(MASK)),
    "spans": lambda f: span_loss(
        *SpanExtractor(small(BERT), 8, rng())(f(IDS), f(MASK)), f(np.array([0, 1])), f(np.array([5, 3]))
    ),
    "best spans": lambda f: best_spans_or_none(*rng().standard_normal((2, 2, 6)), f(MASK)),
    "last token": lambda f: LastTokenClassifier(small(GPT), 8, 2, rng())(f(LEFT_IDS), f(LEFT_MASK)),
    "last token, with language modelling": lambda f: loss_with_language_modelling(
        LastTokenClassifier(small(GPT), 8, 2, rng()), f(IDS), f(MASK), f(CLASSES)
    ),
    "similarity": lambda f: SimilarityClassifier(small(GPT), 8, 2, rng())(f(IDS), f(IDS % 7), f(MASK)),
    "multiple choice": lambda f: MultipleChoice(small(GPT), 8, rng())(
        f(np.stack([IDS, IDS % 7])), f(np.stack([MASK, MASK]))
    ),
    "continuation": lambda f: continuation_batch([f(IDS[0]), f(IDS[1])], [f(IDS[0]), f(IDS[1])], eos_id=111),
    "text to text": lambda f: text_to_text_batch([f(IDS[0]), f(IDS[1])], [f(IDS[0, :2]), f(IDS[1])]),
    "shifted labels": lambda f: shift_right(f(IDS), start_id=119),
    "labels as text": lambda f: predicted_labels(
        f(np.array([[0, 5, 1], [0, 6, 1]])), [f(np.array([6])), f(np.array([5]))]
    ),
    "log-probabilities": lambda f: token_log_probs(small(GPT), f(LEFT_IDS), f(LEFT_MASK)),
    "perplexity": lambda f: perplexity(small(GPT), f(IDS[0]), 4, 2),
    "choices": lambda f: choice_scores(small(GPT), f(IDS[0]), [f(IDS[1]), f(IDS[0, :2])]),
}  # fmt: skip

CALLS = {
    f"{kind}: {name}": call
    for kind, calls in {
        "models": MODELS, "losses": LOSSES, "objectives": OBJECTIVES, "finetuning": FINETUNING,
    }.items()
    for name, call in calls.items()
}  # fmt: skip


def arrays(result: Any) -> list[np.ndarray]:
    """All that a call has returned, as arrays."""
    if isinstance(result, tuple | list):
        return [array for part in result for array in arrays(part)]
    return [result.data if isinstance(result, Tensor) else np.asarray(result)]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("call", CALLS)
def test_every_integer_dtype_gives_the_same_numbers(call: str, form: str):
    with no_grad():
        expected, found = arrays(CALLS[call](np.asarray)), arrays(CALLS[call](FORMS[form]))
    assert [array.dtype for array in found] == [array.dtype for array in expected]
    for ours, theirs in zip(found, expected, strict=True):
        np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize("call", OBJECTIVES)
def test_what_an_objective_makes_of_ids_is_int64(call: str):
    made = arrays(OBJECTIVES[call](lambda array: array.astype(np.uint8)))
    assert {array.dtype for array in made if array.dtype != np.float64} <= {np.dtype(np.int64)}
    assert all(array.dtype == np.int64 for array in made) or call == "noise"


@pytest.mark.parametrize("form", FORMS)
def test_every_integer_dtype_gives_the_same_gradients(form: str):
    gradients = []
    for as_form in (np.asarray, FORMS[form]):
        model = small(GPT)
        ops.cross_entropy(model(as_form(IDS), as_form(MASK)), as_form(IDS)).backward()
        gradients.append([parameter.grad for parameter in model.parameters()])
    for expected, found in zip(*gradients, strict=True):
        np.testing.assert_array_equal(found, expected)


# -- ids that the caller's dtype could not hold -----------------------------------------------------


def test_a_new_token_above_255_is_written_behind_ids_in_uint8():
    wide = np.array([[1, 2]])
    model = GPT(GPTConfig(3000, n_positions=16, d_model=8, n_layers=1, n_heads=2), rng())
    expected = model.generate(wide, 12, seed=3)
    assert expected.max() > 255
    np.testing.assert_array_equal(model.generate(wide.astype(np.uint8), 12, seed=3), expected)
    best = beam_search(WithCache(model), wide, 12)
    assert max(hypothesis.ids.max() for hypothesis in best) > 255
    for ours, theirs in zip(beam_search(WithCache(model), wide.astype(np.uint8), 12), best, strict=True):
        np.testing.assert_array_equal(ours.ids, theirs.ids)


@pytest.mark.parametrize("objective", [masked_lm, span_masking])
def test_a_mask_id_above_255_takes_the_place_of_ids_in_uint8(objective):
    inputs, labels = objective(
        np.full((1, 20), 7, np.uint8), rng(), mask_id=70_000, vocab_size=70_001, replace=(1.0, 0.0, 0.0)
    )
    assert set(inputs[labels != IGNORE].tolist()) == {70_000}


def test_sentinels_above_the_largest_int16_take_the_place_of_ids_in_int16():
    inputs, labels, _ = span_corruption(np.arange(1, 12, dtype=np.int16)[None], rng(), sentinels=sentinel_ids(70_000))
    assert inputs[0, -1] == labels[0, 0] == 69_999
    read = corrupted_inputs(np.array([5, 6], np.int16), np.array([False, True]), sentinel_ids(70_000))
    np.testing.assert_array_equal(read, [5, 69_999])


def test_a_start_id_above_255_stands_before_labels_in_uint8():
    np.testing.assert_array_equal(shift_right(np.array([[5, 6]], np.uint8), start_id=300), [[300, 5]])
