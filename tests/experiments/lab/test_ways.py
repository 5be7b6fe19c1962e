"""Every way to use a model learns a tiny task in the one loop, is scored by its metric, and repeats to the bit."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from experiments.lab.finetuning import Finetuning, evaluate, finetune
from experiments.lab.metrics import accuracy, f1
from experiments.lab.ways import (
    BothOrders,
    BothOrdersScore,
    CLSScore,
    CLSToken,
    Continuation,
    LastToken,
    LastTokenScore,
    OneText,
    SpanExtraction,
    TextToText,
    TwoTexts,
    TwoTextsScore,
    Way,
)
from experiments.lab.ways.texts import padded_on_the_left
from minigrad import nn, no_grad, ops
from models.attention_classifier import ElmoClassifier, ElmoPairClassifier
from models.bert import BERT, BERTConfig
from models.elmo import BiLSTMConfig, BiLSTMLanguageModel, ELMo
from models.finetuning import (
    CLSClassifier,
    CLSRegressor,
    GPTInputs,
    LastTokenClassifier,
    MultipleChoice,
    SimilarityClassifier,
    SpanExtractor,
    before_eos,
    loss_with_language_modelling,
    pad_batch,
)
from models.gpt import GPT, GPTConfig
from models.lstm_lm import LSTMConfig, LSTMLanguageModel
from models.sampling import GREEDY
from models.t5 import T5, T5Config
from models.t5_decoder import T5Decoder

V, D = 12, 16
PAD, EOS, CLS, SEP = 0, 1, 2, 3
GOOD, BAD = 4, 5  # the word that decides; the others are 6 … 11
N = 24
RNG = np.random.default_rng(0)
WORDS = [RNG.integers(6, V, size=RNG.integers(1, 5)).tolist() for _ in range(N)]
LABELS = np.arange(N) % 2
TEXTS = [[GOOD if label else BAD, *words] for label, words in zip(LABELS, WORDS, strict=True)]
IDS, MASK = pad_batch(TEXTS)


def gpt() -> GPT:
    return GPT(GPTConfig(V, 16, d_model=D, n_layers=1, n_heads=2, dropout=0.0), np.random.default_rng(1))


def bert() -> BERT:
    return BERT(BERTConfig(V, 16, d_model=D, n_layers=1, n_heads=2, dropout=0.0), np.random.default_rng(1))


def t5_config() -> T5Config:
    return T5Config(V, D, 32, 1, n_heads=2, dropout=0.0, tied_head=False)


def head() -> np.random.Generator:
    return np.random.default_rng(2)


def last_token(**changes: Any) -> LastToken:
    return LastToken(IDS, MASK, LABELS, **changes)


def choices() -> LastToken:
    """Which of two texts has the good word?"""
    pairs = [[[GOOD, *words], [BAD, *words]][:: -1 if label else 1] for words, label in zip(WORDS, LABELS, strict=True)]
    ids, mask = pad_batch([text for pair in pairs for text in pair])
    return LastToken(ids.reshape(N, 2, -1), mask.reshape(N, 2, -1), LABELS)


def both_orders() -> BothOrders:
    """Is the good word in one of the two? The texts of a pair are as long in either order."""
    one = [[GOOD if label else BAD, SEP, *words] for label, words in zip(LABELS, WORDS, strict=True)]
    other = [[*words, SEP, GOOD if label else BAD] for label, words in zip(LABELS, WORDS, strict=True)]
    return BothOrders(pad_batch(one)[0], *pad_batch(other), LABELS)


CLS_IDS, CLS_MASK = pad_batch([[CLS, *text, SEP] for text in TEXTS])
TYPES = np.zeros_like(CLS_IDS)


def spans(threshold: float | None = None) -> SpanExtraction:
    """The answer begins at the good word and ends at the bad one; without a threshold there always is one."""
    rng = np.random.default_rng(3)
    rows, starts, ends = [], [], []
    for i in range(N):
        before, inside, after = (rng.integers(6, V, size=n).tolist() for n in rng.integers(1, 4, size=3))
        if threshold is not None and i % 3 == 0:
            rows.append([CLS, SEP, *before, *inside, *after, SEP])
            starts.append(0)
            ends.append(0)
        else:
            rows.append([CLS, SEP, *before, GOOD, *inside, BAD, *after, SEP])
            starts.append(2 + len(before))
            ends.append(starts[-1] + 1 + len(inside))
    ids, mask = pad_batch(rows)
    context = (mask == 1) & (ids != SEP) & (ids != CLS)
    return SpanExtraction(ids, mask, np.zeros_like(ids), context, np.array(starts), np.array(ends), threshold=threshold)


# Pairs: do both texts have the same first word? And numbers: how alike they are.
FIRST = [[GOOD, *words[:2]] for words in WORDS]
SECOND = [[GOOD if label else BAD, *words[1:]] for label, words in zip(LABELS, WORDS, strict=True)]
SCORES = (2 * LABELS - 1 + 0.3 * np.array([len(words) - 2.5 for words in WORDS])).astype(np.float32)
START, DELIM, EXTRACT = V, V + 1, V + 2
PAIRS = pad_batch([GPTInputs(START, DELIM, EXTRACT).entailment(*pair) for pair in zip(FIRST, SECOND, strict=True)])
SWAPPED = pad_batch([GPTInputs(START, DELIM, EXTRACT).entailment(*pair) for pair in zip(SECOND, FIRST, strict=True)])
SEGMENTS = pad_batch([[CLS, *one, SEP, *other, SEP] for one, other in zip(FIRST, SECOND, strict=True)])
SEGMENT_IDS = pad_batch([[0] * (len(a) + 2) + [1] * (len(b) + 1) for a, b in zip(FIRST, SECOND, strict=True)])[0]


def gpt_with_new_tokens() -> GPT:
    return GPT(GPTConfig(V + 3, 16, d_model=D, n_layers=1, n_heads=2, dropout=0.0), np.random.default_rng(1))


def elmo(frozen: bool) -> ELMo:
    return ELMo(BiLSTMLanguageModel(BiLSTMConfig(V, D, n_layers=1), np.random.default_rng(1)), frozen)


def lstm() -> LSTMLanguageModel:
    return LSTMLanguageModel(LSTMConfig(V, D, n_layers=1), np.random.default_rng(1))


ANSWERS = [[7, 8] if label else [9] for label in LABELS]
WAYS: dict[str, tuple[Callable[[], Way], Callable[[], nn.Module]]] = {
    "last token": (last_token, lambda: LastTokenClassifier(gpt(), D, 2, head())),
    "last token and language modelling": (
        lambda: last_token(lm_weight=0.5),
        lambda: LastTokenClassifier(gpt(), D, 2, head()),
    ),
    "multiple choice": (choices, lambda: MultipleChoice(gpt(), D, head())),
    "both orders": (both_orders, lambda: SimilarityClassifier(gpt(), D, 2, head())),
    "[CLS]": (
        lambda: CLSToken(CLS_IDS, CLS_MASK, TYPES, LABELS),
        lambda: CLSClassifier(bert(), D, 2, head(), dropout=0.1),
    ),
    "[CLS], score": (
        lambda: CLSScore(CLS_IDS, CLS_MASK, TYPES, (2 * LABELS - 1).astype(np.float32)),
        lambda: CLSRegressor(bert(), D, head(), dropout=0.1),
    ),
    "last token, pairs": (
        lambda: LastToken(*PAIRS, LABELS),
        lambda: LastTokenClassifier(gpt_with_new_tokens(), D, 2, head()),
    ),
    "last token, score of pairs": (
        lambda: LastTokenScore(*PAIRS, SCORES),
        lambda: LastTokenClassifier(gpt_with_new_tokens(), D, 1, head()),
    ),
    "last token of an LSTM": (last_token, lambda: LastTokenClassifier(lstm(), D, 2, head())),
    "both orders, score": (
        lambda: BothOrdersScore(PAIRS[0], *SWAPPED, SCORES),
        lambda: SimilarityClassifier(gpt_with_new_tokens(), D, 1, head()),
    ),
    "[CLS], pairs": (
        lambda: CLSToken(*SEGMENTS, SEGMENT_IDS, LABELS),
        lambda: CLSClassifier(bert(), D, 2, head(), dropout=0.1),
    ),
    "[CLS], score of pairs": (
        lambda: CLSScore(*SEGMENTS, SEGMENT_IDS, SCORES),
        lambda: CLSRegressor(bert(), D, head(), dropout=0.1),
    ),
    "ELMo, one text": (
        lambda: OneText(IDS, MASK, LABELS),
        lambda: ElmoClassifier(elmo(frozen=True), D, 2, head()),
    ),
    "ELMo, two texts": (
        lambda: TwoTexts(*pad_batch(FIRST), *pad_batch(SECOND), LABELS),
        lambda: ElmoPairClassifier(elmo(frozen=True), D, 2, head()),
    ),
    "BiLSTM, two texts": (
        lambda: TwoTexts(*pad_batch(FIRST), *pad_batch(SECOND), LABELS),
        lambda: ElmoPairClassifier(elmo(frozen=False), D, 2, head()),
    ),
    "ELMo, score of two texts": (
        lambda: TwoTextsScore(*pad_batch(FIRST), *pad_batch(SECOND), SCORES),
        lambda: ElmoPairClassifier(elmo(frozen=True), D, 1, head()),
    ),
    "spans": (spans, lambda: SpanExtractor(bert(), D, head())),
    "spans or none": (lambda: spans(threshold=0.0), lambda: SpanExtractor(bert(), D, head())),
    "text to text": (lambda: TextToText(TEXTS, ANSWERS, 4), lambda: T5(t5_config(), np.random.default_rng(1))),
    "continuation": (lambda: Continuation(TEXTS, ANSWERS, 4, eos_id=EOS), gpt),
    "continuation of a prefix": (
        lambda: Continuation(TEXTS, ANSWERS, 4, eos_id=EOS, as_prefix=True),
        lambda: T5Decoder(t5_config(), np.random.default_rng(1)),
    ),
}
HARDER = {"text to text": 160, "continuation of a prefix": 160}  # steps


@pytest.mark.parametrize("name", WAYS)
def test_every_way_learns_a_tiny_task_and_the_same_seed_gives_the_same_bits(name):
    make_examples, make_model = WAYS[name]
    examples, first, second = make_examples(), make_model(), make_model()
    assert evaluate(first, examples)[1] < 0.8
    settings = Finetuning(lr=1e-2, steps=HARDER.get(name, 80), batch_size=8)
    records = [finetune(model, examples, settings, seed=3) for model in (first, second)]
    assert records[0] == records[1]
    for key, array in first.state_dict().items():
        assert array.tobytes() == second.state_dict()[key].tobytes(), key
    assert evaluate(first, examples)[1] > 0.85
    assert records[0]["losses"][-1] < records[0]["losses"][0]


@pytest.mark.parametrize("name", WAYS)
def test_a_batch_has_the_examples_that_are_asked_for_and_no_more_padding(name):
    make_examples, make_model = WAYS[name]
    examples, model = make_examples(), make_model().eval()
    whole = examples.batch(slice(0, N))
    assert len(examples) == N
    assert {len(array) for array in whole} == {N}
    shortest = int(np.argmin([len(words) for words in WORDS]))
    one = examples.batch(np.array([shortest]))
    assert one[0].shape[-1] <= whole[0].shape[-1]
    assert one[-1].shape[0] == 1
    with no_grad():
        losses = [examples.loss(model, *examples.batch(np.array([i]))).item() for i in range(4)]
        together = examples.loss(model, *examples.batch(np.arange(4))).item()
    if not name.startswith(("text", "continuation", "last token and")):  # their means are over tokens
        assert together == pytest.approx(np.mean(losses), rel=1e-4)


@pytest.mark.parametrize("name", [name for name in WAYS if name not in ("text to text", "continuation of a prefix")])
def test_an_answer_does_not_depend_on_the_batch(name):
    make_examples, make_model = WAYS[name]
    examples, model = make_examples(), make_model().eval()
    with no_grad():
        _, together = examples.answer(model, *examples.batch(slice(0, 6)))
        alone = [examples.answer(model, *examples.batch(np.array([i])))[1] for i in range(6)]
    for one, (other,) in zip(together, alone, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4)


def test_the_metric_gets_predictions_and_labels_in_the_order_of_the_examples():
    examples = last_token(metric=f1)
    predicted = np.roll(LABELS, 1)
    assert examples.score(predicted) == f1(predicted, LABELS) == 0
    assert last_token(metric=accuracy).score(LABELS) == 1


# -- batches by hand --------------------------------------------------------------------------------


def test_a_pair_for_the_decoder_is_one_sequence_without_more_padding_than_its_batch_needs():
    pairs = [([6, 7], [8]), ([9], [10]), ([6, 7, 8], [9, 10, 11])]
    layout = GPTInputs(START, DELIM, EXTRACT)
    examples = LastToken(*pad_batch([layout.entailment(*pair) for pair in pairs]), np.array([1, 0, 1]))
    ids, mask, labels = examples.batch(np.array([1, 0]))
    assert ids.tolist() == [[START, 9, DELIM, 10, EXTRACT, PAD], [START, 6, 7, DELIM, 8, EXTRACT]]
    assert mask.tolist() == [[1, 1, 1, 1, 1, 0], [1] * 6]
    assert labels.tolist() == [0, 1]


def test_a_pair_for_the_encoder_is_one_sequence_in_two_segments():
    ids, mask = pad_batch([[CLS, 6, 7, SEP, 8, SEP], [CLS, 9, SEP, 10, SEP], [CLS, 6, SEP, 7, 8, 9, 10, SEP]])
    types = pad_batch([[0, 0, 0, 0, 1, 1], [0, 0, 0, 1, 1], [0, 0, 0, 1, 1, 1, 1, 1]])[0]
    examples = CLSToken(ids, mask, types, np.array([1, 0, 1]))
    batch = examples.batch(np.array([1, 0]))
    assert [array.tolist() for array in batch] == [
        [[CLS, 9, SEP, 10, SEP, PAD], [CLS, 6, 7, SEP, 8, SEP]],
        [[1, 1, 1, 1, 1, 0], [1] * 6],
        [[0, 0, 0, 1, 1, 0], [0, 0, 0, 0, 1, 1]],
        [0, 1],
    ]
    model = CLSClassifier(bert(), D, 2, head(), dropout=0.0)
    logits = model(batch[0], attention_mask=batch[1], token_type_ids=batch[2])
    assert examples.loss(model, *batch).item() == ops.cross_entropy(logits, batch[3]).item()
    without_segments = model(batch[0], attention_mask=batch[1])
    assert examples.loss(model, *batch).item() != ops.cross_entropy(without_segments, batch[3]).item()


def test_two_texts_that_are_read_apart_have_a_length_and_a_mask_each():
    one, other = pad_batch([[6, 7], [8], [9, 10, 11, 6]]), pad_batch([[7], [8, 9, 10], [11] * 5])
    examples = TwoTexts(*one, *other, np.array([1, 0, 1]))
    batch = examples.batch(np.array([1, 0]))
    assert [array.tolist() for array in batch] == [
        [[8, PAD], [6, 7]],
        [[1, 0], [1, 1]],
        [[8, 9, 10], [7, PAD, PAD]],
        [[1, 1, 1], [1, 0, 0]],
        [0, 1],
    ]
    model = ElmoPairClassifier(elmo(frozen=True), D, 2, head(), dropout=0.0)
    alone = [
        model(np.array([a]), np.ones((1, len(a)), bool), np.array([b]), np.ones((1, len(b)), bool)).numpy()[0]
        for a, b in (([8], [8, 9, 10]), ([6, 7], [7]))
    ]
    np.testing.assert_allclose(model(*batch[:-1]).numpy(), alone, rtol=1e-4, atol=1e-6)


def test_a_frozen_elmo_changes_only_above_its_language_model():
    examples = OneText(IDS, MASK, LABELS)
    for frozen in (True, False):
        model = ElmoClassifier(elmo(frozen), D, 2, head())
        before = {name: array.copy() for name, array in model.state_dict().items()}
        finetune(model, examples, Finetuning(lr=1e-2, steps=4, batch_size=8), seed=0)
        still = {name for name, array in model.state_dict().items() if (array == before[name]).all()}
        language_model = {name for name in before if name.startswith("elmo.model.")}
        assert still == (language_model if frozen else set())


SCORED = ["last token, score of pairs", "both orders, score", "[CLS], score of pairs", "ELMo, score of two texts"]


@pytest.mark.parametrize("name", SCORED)
def test_the_loss_of_numbers_is_the_mean_squared_error_and_the_answer_is_the_number(name):
    make_examples, make_model = WAYS[name]
    examples, model = make_examples(), make_model().eval()
    *inputs, scores = batch = examples.batch(np.array([3, 0, 5]))
    assert scores.tolist() == SCORES[[3, 0, 5]].tolist()
    with no_grad():
        loss, answers = examples.answer(model, *batch)
        outputs = model(*inputs).numpy().reshape(-1)
    assert answers.tolist() == outputs.tolist()
    assert loss.item() == pytest.approx(np.mean((outputs - scores) ** 2), rel=1e-5)
    assert examples.score(SCORES) == pytest.approx(1)
    assert examples.score(-SCORES) == pytest.approx(-1)


def test_numbers_stop_early_on_dev():
    """The kept weights are those whose predictions rank dev best."""
    make_examples, make_model = WAYS["last token, score of pairs"]
    examples, model = make_examples(), make_model()
    settings = Finetuning(lr=1e-2, steps=60, batch_size=8, look_every=5, patience=3)
    record = finetune(model, examples[slice(0, 12)], settings, seed=0, dev=examples[slice(12, N)])
    best = max(record["dev"], key=lambda look: (look["score"], -look["loss"]))
    assert record["best_step"] == best["steps"]
    assert evaluate(model, examples[slice(12, N)]) == (best["loss"], best["score"])
    assert best["steps"] < record["steps"] < 60


def test_language_modelling_is_a_part_of_the_loss_and_not_of_the_answer():
    model = LastTokenClassifier(gpt(), D, 2, head())
    plain, both = last_token(), last_token(lm_weight=0.5)
    batch = plain.batch(slice(0, 8))
    expected = loss_with_language_modelling(model, *batch, lm_weight=0.5).item()
    assert both.loss(model, *batch).item() == expected != plain.loss(model, *batch).item()
    assert both.answer(model, *batch)[0].item() == plain.loss(model, *batch).item()


def test_padding_moves_to_the_left_for_texts_that_are_continued():
    ids, mask = np.array([[5, 6, 9, 9], [7, 9, 9, 0]]), np.array([[1, 1, 0, 0], [1, 0, 0, 0]])
    moved, moved_mask = padded_on_the_left(ids, mask)
    assert moved.tolist() == [[5, 6], [0, 7]]
    assert moved_mask.tolist() == [[1, 1], [0, 1]]


def test_texts_are_written_up_to_their_end():
    """A model that is sure of what comes next: 7, 8, then the end, then whatever."""

    class Sure(GPT):
        def generate(self, ids, max_new_tokens, sampling, **options):
            return np.concatenate([ids, np.tile([7, 8, EOS, 7], (len(ids), 1))], axis=1)

    model = Sure(gpt().config)
    examples = Continuation(TEXTS, ANSWERS, 4, eos_id=EOS)
    _, written = examples.answer(model, *examples.batch(slice(0, 3)))
    assert written == [[7, 8]] * 3
    assert examples.score([[7, 8]] * N) == 0.5


def test_the_loss_of_a_score_is_its_squared_error():
    examples = CLSScore(CLS_IDS, CLS_MASK, TYPES, LABELS.astype(np.float32))
    model = CLSRegressor(bert(), D, head(), dropout=0.0)
    *inputs, scores = examples.batch(slice(0, 5))
    assert examples.loss(model, *inputs, scores).item() == ops.mse_loss(model(*inputs), scores).item()


def test_a_prefix_is_read_in_both_directions():
    """From the second layer on: what a position of the input has read depends on whether it saw what follows."""
    model = T5Decoder(replace(t5_config(), n_layers=2), np.random.default_rng(1)).eval()
    prefix, causal = (Continuation(TEXTS, ANSWERS, 2, eos_id=EOS, as_prefix=as_prefix) for as_prefix in (True, False))
    ids, attention_mask, prefix_mask, labels = batch = prefix.batch(slice(0, 8))
    logits = model(ids, attention_mask, prefix_mask=prefix_mask)
    assert prefix.loss(model, *batch).item() == ops.cross_entropy(logits, labels).item()
    assert prefix.loss(model, *batch).item() != causal.loss(model, *batch).item()
    with no_grad():
        alone = [model.generate(np.array([text]), 2, GREEDY, as_prefix=True) for text in TEXTS[:8]]
        _, written = prefix.answer(model, *batch)
        _, otherwise = causal.answer(model, *batch)
    assert written == [before_eos(row[0, len(text) :].tolist(), EOS) for row, text in zip(alone, TEXTS, strict=False)]
    assert written != otherwise
