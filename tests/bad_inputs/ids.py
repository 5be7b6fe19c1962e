"""Ids, labels, masks and configurations that make no sense."""

from typing import Any

import numpy as np

from minigrad import Tensor, ops
from models.attention_classifier import ElmoClassifier, ElmoPairClassifier
from models.bert import BERT, BERTConfig
from models.elmo import BiLSTMConfig, BiLSTMLanguageModel, ELMo
from models.finetuning import (
    CLSClassifier,
    GPTInputs,
    LastTokenClassifier,
    MultipleChoice,
    SimilarityClassifier,
    add_tokens,
    best_spans,
    best_spans_or_none,
    continuation_batch,
    loss_with_language_modelling,
    pad_batch,
    predicted_labels,
    score_as_text,
    shift_right,
    span_loss,
    text_to_text_batch,
)
from models.gpt import GPT, GPTConfig
from models.lstm_lm import LSTMConfig, LSTMLanguageModel
from models.objectives.causal_lm import causal_lm
from models.objectives.masked_lm import choose_tokens, masked_lm
from models.objectives.next_sentence import encode_pair, next_sentence
from models.objectives.prefix_lm import prefix_lm, prefix_lm_encoder_decoder
from models.objectives.salient_spans import salient_spans
from models.objectives.span_corruption import noise_mask, restore, sentinel_ids, span_corruption
from models.objectives.span_masking import span_masking
from models.prompting import PromptFormat
from models.scoring import choice_scores, choose, perplexity, token_log_probs
from models.t5 import T5, Output, T5Config
from models.t5_decoder import T5Decoder
from models.word_vectors import SkipGram, noise_distribution, skip_gram_batches, skip_gram_pairs, subsample
from tests.bad_inputs.case import Case

NAN = float("nan")
V = 40
IDS = np.array([[5, 6, 7, 8], [1, 2, 3, 4]])
ONES = np.ones((2, 4), np.int64)
LOGITS = Tensor(np.zeros((2, 3), np.float32))
SPAN_LOGITS = Tensor(np.zeros((2, 4), np.float32))
SCORES = np.zeros((2, 4))
DOCUMENTS = [[[5, 6], [7]], [[8], [9]]]


def rng() -> np.random.Generator:
    return np.random.default_rng(0)


def gpt() -> GPT:
    return GPT(GPTConfig(V, n_positions=8, d_model=8, n_layers=1, n_heads=2))


def bert() -> BERT:
    return BERT(BERTConfig(V, n_positions=8, d_model=8, n_layers=1, n_heads=2))


def t5_config(**changes: Any) -> T5Config:
    return T5Config(**{"vocab_size": V, "d_model": 8, "d_ff": 8, "n_layers": 1, "n_heads": 2} | changes)


def elmo() -> ELMo:
    return ELMo(BiLSTMLanguageModel(BiLSTMConfig(V, d_model=8, n_layers=1)))


def masked(ids: Any = IDS, **changes: Any) -> Any:
    return masked_lm(ids, rng(), **{"mask_id": 3, "vocab_size": V} | changes)


def spans(ids: Any = IDS, **changes: Any) -> Any:
    return span_masking(ids, rng(), **{"mask_id": 3, "vocab_size": V} | changes)


def corrupted(ids: Any = IDS, **changes: Any) -> Any:
    return span_corruption(ids, rng(), **{"sentinels": np.array([39, 38, 37])} | changes)


def sentences(documents: Any = DOCUMENTS, **changes: Any) -> Any:
    return next_sentence(documents, rng(), **{"cls_id": 1, "sep_id": 2, "max_length": 9} | changes)


MASKS = [
    Case("GPT, a mask to be added", lambda _: gpt()(IDS, np.where(ONES, 0.0, -np.inf)), TypeError,
         ("attention_mask", "booleans or integers", "float64")),
    Case("BERT, a mask of twos", lambda _: bert()(IDS, 2 * ONES), ValueError, ("attention_mask", "1 where", "got 2")),
    Case("T5, a mask of -1", lambda _: T5(t5_config())(IDS, IDS, ONES - 2), ValueError, ("attention_mask", "got -1")),
    Case("T5's output, a mask of another shape", lambda _: Output(T5(t5_config()), IDS, ONES[:1]), ValueError,
         ("attention_mask", "(2, 4)", "(1, 4)")),
    Case("T5Decoder, a prefix of floats", lambda _: T5Decoder(t5_config())(IDS, prefix_mask=ONES * 1.0), TypeError,
         ("prefix_mask", "float64")),
    Case("LSTM, a mask that is a number", lambda _: LSTMLanguageModel(LSTMConfig(V, 8))(IDS, 1), ValueError,
         ("attention_mask", "(2, 4)", "()")),
    Case("ELMo, a mask as text", lambda _: elmo()(IDS, "1111"), TypeError, ("attention_mask", "<U4")),
    Case("ELMo pair, the other mask", lambda _: ElmoPairClassifier(elmo(), 4, 2)(IDS, ONES, IDS, 3 * ONES), ValueError,
         ("other_attention_mask", "got 3")),
    Case("attention, an added mask", lambda _: ops.attention(*[Tensor(np.ones((2, 1, 4, 3)))] * 3, mask=ONES - 1.0),
         TypeError, ("mask", "booleans or integers", "float")),
    Case("multiple choice without a mask", lambda _: MultipleChoice(gpt(), 8)(IDS[None], None), TypeError,
         ("attention_mask", "object")),
    Case("causal LM, a mask of -inf", lambda _: causal_lm(IDS, np.full((2, 4), -np.inf)), TypeError,
         ("attention_mask", "float64")),
    Case("choosing with numbers of words", lambda _: choose_tokens(np.array([[0, 1, 2]]), rng(), 0.5), ValueError,
         ("choosable", "got 2")),
    Case("best spans in a float mask", lambda _: best_spans(SCORES, SCORES, SCORES + 1), TypeError,
         ("context_mask", "float64")),
    Case("best spans in a mask of another shape", lambda _: best_spans(SCORES, SCORES, ONES[:, :3]), ValueError,
         ("context_mask", "(2, 4)", "(2, 3)")),
]  # fmt: skip

IDS_AND_LABELS = [
    Case("padding floats", lambda _: pad_batch([[1.7]]), TypeError, ("sequences[0]", "integers", "float64")),
    Case("padding with a float", lambda _: pad_batch([[1]], 0.5), TypeError, ("pad_id", "integer", "0.5")),
    Case("padding nothing", lambda _: pad_batch([[1], []]), ValueError, ("sequences[1]", "at least one token")),
    Case("padding a number", lambda _: pad_batch([1]), ValueError, ("sequences[0]", "one sequence", "()")),
    Case("float ids", lambda _: gpt()(IDS * 1.0), TypeError, ("ids", "integers", "float64")),
    Case("boolean ids", lambda _: bert()(IDS > 3), TypeError, ("ids", "integers", "bool")),
    Case("ids of different lengths", lambda _: gpt()([[1, 2], [3]]), ValueError, ("ids", "different lengths")),
    Case("no ids", lambda _: gpt()(IDS[:0]), ValueError, ("ids", "at least 1", "(0, 4)")),
    Case("ids without a batch", lambda _: gpt()(IDS[0]), ValueError, ("ids", "(B, T)", "(4,)")),
    Case("an id outside", lambda _: gpt()(IDS + 35), ValueError, ("ids", "[0, 40)", "got 40")),
    Case("labels for a decoder", lambda _: T5(t5_config())(IDS, IDS - 105), ValueError, ("decoder_ids", "got -100")),
    Case("a third segment", lambda _: bert()(IDS, None, ONES * 2), ValueError, ("token_type_ids", "[0, 2)", "got 2")),
    Case("segments as floats", lambda _: bert()(IDS, None, ONES * 1.0), TypeError, ("token_type_ids", "float64")),
    Case("generation from floats", lambda _: gpt().generate(IDS * 1.0, 1), TypeError, ("ids", "float64")),
    Case("boolean labels", lambda _: ops.cross_entropy(LOGITS, np.array([True, False])), TypeError, ("labels", "bool")),
    Case("float labels", lambda _: ops.cross_entropy(LOGITS, np.array([0.0, 1.9])), TypeError, ("labels", "float64")),
    Case("a label outside", lambda _: ops.cross_entropy(LOGITS, np.array([0, 3])), ValueError,
         ("labels", "[0, 3)", "got 3")),
    Case("a float to ignore", lambda _: ops.cross_entropy(LOGITS, np.array([0, 1]), ignore_index=0.5), TypeError,
         ("ignore_index", "0.5")),
    Case("causal LM, IGNORE as an id", lambda _: causal_lm(np.array([[1, -100, 3]])), ValueError,
         ("ids", "negative", "-100")),
    Case("prefix LM, floats", lambda _: prefix_lm(IDS * 1.0, rng()), TypeError, ("ids", "float64")),
    Case("prefix LM, padding of -1", lambda _: prefix_lm_encoder_decoder(IDS, rng(), pad_id=-1), ValueError,
         ("pad_id", "at least 0", "-1")),
    Case("masked LM, an id outside", lambda _: masked(IDS + 35), ValueError, ("ids", "[0, 40)", "got 40")),
    Case("masked LM, mask_id 3.0", lambda _: masked(mask_id=3.0), TypeError, ("mask_id", "integer", "3.0")),
    Case("masked LM, mask_id None", lambda _: masked(mask_id=None), TypeError, ("mask_id", "integer", "None")),
    Case("masked LM, special id outside", lambda _: masked(special_ids=[1, 40]), ValueError, ("special_ids", "got 40")),
    Case("masked LM, a special id None", lambda _: masked(special_ids=[None]), TypeError, ("special_ids", "object")),
    Case("masked LM, one special id", lambda _: masked(special_ids=3), TypeError, ("special_ids", "collection", "3")),
    Case("masked LM, one share", lambda _: masked(replace=0.8), TypeError, ("replace", "three shares", "0.8")),
    Case("masked LM, rate NaN", lambda _: masked(rate=NAN), ValueError, ("rate", "nan")),
    Case("masked LM, replace NaN", lambda _: masked(replace=(NAN, 0.5, 0.5)), ValueError, ("replace", "nan")),
    Case("masked LM, words as floats", lambda _: masked(word_numbers=IDS / 2), TypeError, ("word_numbers", "float64")),
    Case("span masking, p NaN", lambda _: spans(p=NAN), ValueError, ("p must", "nan")),
    Case("span masking, longest 2.5", lambda _: spans(longest=2.5), TypeError, ("longest", "2.5")),
    Case("span masking, an id outside", lambda _: spans(-IDS), ValueError, ("ids", "[0, 40)", "got -5")),
    Case("the same sentinel twice", lambda _: corrupted(sentinels=[39, 38, 39]), ValueError,
         ("sentinels", "differ", "39")),
    Case("float sentinels", lambda _: corrupted(sentinels=[39.0, 38.0]), TypeError, ("sentinels", "float64")),
    Case("a negative sentinel", lambda _: corrupted(sentinels=[-1, 38]), ValueError, ("sentinels", "negative", "-1")),
    Case("spans of -3 tokens", lambda _: corrupted(mean_span_length=-3), ValueError, ("mean_span_length", "-3")),
    Case("spans of NaN tokens", lambda _: noise_mask(10, rng(), mean_span_length=NAN), ValueError,
         ("mean_span_length", "nan")),
    Case("density NaN", lambda _: corrupted(density=NAN), ValueError, ("density", "nan")),
    Case("eos_id True", lambda _: corrupted(eos_id=True), TypeError, ("eos_id", "True")),
    Case("a row of padding alone", lambda _: corrupted(attention_mask=[[0, 0, 0, 0], [1, 1, 1, 1]]), ValueError,
         ("ids", "two tokens", "row 0")),
    Case("100.0 sentinels", lambda _: sentinel_ids(200, 100.0), TypeError, ("n must", "100.0")),
    Case("restoring floats", lambda _: restore([1.0, 39.0], [39, 2, 38], [39, 38]), TypeError, ("inputs", "float64")),
    Case("restoring a batch", lambda _: restore([[1, 39]], [39, 2, 38], [39, 38]), ValueError, ("inputs", "(1, 2)")),
    Case("salient spans as floats", lambda _: salient_spans(IDS, [[(0.0, 1.0)]] * 2, rng(), sentinels=[39, 38]),
         TypeError, ("spans", "0.0")),
    Case("salient spans of three", lambda _: salient_spans(IDS, [[(0, 1, 2)]] * 2, rng(), sentinels=[39, 38]),
         ValueError, ("spans", "(start, end)", "(0, 1, 2)")),
    Case("sentences as floats", lambda _: sentences([[[1.5], [2]], [[3], [4]]]), TypeError,
         ("documents[0][0]", "float64")),
    Case("a negative id in a sentence", lambda _: sentences([[[1], [2]], [[3], [-4]]]), ValueError,
         ("documents[1][1]", "negative", "-4")),
    Case("a [CLS] of 1.0", lambda _: sentences(cls_id=1.0), TypeError, ("cls_id", "1.0")),
    Case("a pair of text", lambda _: encode_pair("ab", [1], 1, 2, 9), TypeError, ("a must", "<U2")),
]  # fmt: skip

TASKS = [
    Case("a classifier of nothing", lambda _: CLSClassifier(bert(), 8, 0), ValueError, ("n_labels", "at least 1", "0")),
    Case("a classifier of 2.0 labels", lambda _: LastTokenClassifier(gpt(), 8, 2.0), TypeError, ("n_labels", "2.0")),
    Case("ELMo's classifier of no labels", lambda _: ElmoClassifier(elmo(), 4, 0), ValueError, ("n_labels", "0")),
    Case("no new tokens", lambda _: add_tokens(gpt(), 1.5), TypeError, ("n_new", "1.5")),
    Case("an empty batch for a classifier", lambda _: CLSClassifier(bert(), 8, 2)(IDS[:0], ONES[:0]), ValueError,
         ("ids", "at least 1", "(0, 4)")),
    Case("a row without a token", lambda _: LastTokenClassifier(gpt(), 8, 2)(IDS, [[0] * 4, [1] * 4]), ValueError,
         ("attention_mask", "without a token")),
    Case("a shorter swapped pair", lambda _: SimilarityClassifier(gpt(), 8, 2)(IDS, IDS[:, :3], ONES), ValueError,
         ("swapped_ids", "(2, 4)", "(2, 3)")),
    Case("a class outside", lambda _: loss_with_language_modelling(
        LastTokenClassifier(gpt(), 8, 2), IDS, ONES, np.array([0, 2])), ValueError, ("labels", "got 2")),
    Case("language modelling weighed with NaN", lambda _: loss_with_language_modelling(
        LastTokenClassifier(gpt(), 8, 2), IDS, ONES, np.array([0, 1]), NAN), ValueError, ("lm_weight", "nan")),
    Case("[START] and [DELIM] alike", lambda _: GPTInputs(7, 7, 8), ValueError, ("start_id", "delimiter_id", "differ")),
    Case("[EXTRACT] of 8.0", lambda _: GPTInputs(6, 7, 8.0), TypeError, ("extract_id", "8.0")),
    Case("a span that ends before it starts", lambda _: span_loss(SPAN_LOGITS, SPAN_LOGITS, [2, 1], [3, 0]), ValueError,
         ("ends", "starts", "row 1")),
    Case("spans as floats", lambda _: span_loss(SPAN_LOGITS, SPAN_LOGITS, [0.5, 1], [1, 1]), TypeError,
         ("starts", "float64")),
    Case("one span for two rows", lambda _: span_loss(SPAN_LOGITS, SPAN_LOGITS, [0, 1], [1]), ValueError,
         ("ends", "(2,)", "(1,)")),
    Case("best spans of a diverged model", lambda _: best_spans(SCORES + NAN, SCORES, ONES), ValueError,
         ("start_logits", "NaN", "diverged")),
    Case("best spans of nothing", lambda _: best_spans(SCORES[:0], SCORES[:0], ONES[:0]), ValueError,
         ("start_logits", "at least 1", "(0, 4)")),
    Case("a threshold of NaN", lambda _: best_spans_or_none(SCORES, SCORES, ONES, threshold=NAN), ValueError,
         ("threshold", "nan")),
    Case("continuing floats", lambda _: continuation_batch([[1.5]], [[1]], 0), TypeError, ("inputs[0]", "float64")),
    Case("continuing to booleans", lambda _: continuation_batch([[1]], [[True]], 0), TypeError, ("outputs[0]", "bool")),
    Case("a target of IGNORE", lambda _: text_to_text_batch([[1]], [[-100]]), ValueError,
         ("targets[0]", "negative", "-100")),
    Case("eos_id None", lambda _: text_to_text_batch([[1]], [[2]], eos_id=None), TypeError, ("eos_id", "None")),
    Case("shifting floats", lambda _: shift_right(np.array([[1.0, 2.0]])), TypeError, ("labels", "float64")),
    Case("labels as floats", lambda _: predicted_labels(np.array([[0, 5]]), [[5.0]]), TypeError,
         ("label_ids[0]", "float64")),
    Case("a score of NaN", lambda _: score_as_text(NAN), ValueError, ("score", "nan")),
    Case("scoring floats", lambda _: token_log_probs(gpt(), IDS * 1.0), TypeError, ("ids", "float64")),
    Case("a choice by a diverged model", lambda _: choose(
        lambda ids, mask: Tensor(np.full((*ids.shape, V), np.float32(NAN))), [1], [[2], [3]]), ValueError,
         ("scores", "NaN", "diverged")),
    Case("a prompt of floats", lambda _: choice_scores(gpt(), [0.5], [[1]]), TypeError, ("prompts[0]", "float64")),
    Case("perplexity in windows of 2.0", lambda _: perplexity(gpt(), IDS[0], 2.0, 1), TypeError, ("max_length", "2.0")),
    Case("nothing between examples", lambda _: PromptFormat(between=""), ValueError, ("between", "empty")),
    Case("an example of one", lambda _: PromptFormat().prompt("c", ["ab"]), ValueError, ("examples", "pairs", "'ab'")),
    Case("a question of bytes", lambda _: PromptFormat().prompt(b"c"), TypeError, ("query", "text", "bytes")),
    Case("pairs of floats", lambda _: skip_gram_pairs(np.array([1.5, 2]), 2, rng()), TypeError, ("ids", "float64")),
    Case("a threshold that is no number", lambda _: subsample(IDS[0], "0.1", rng()), TypeError, ("threshold", "'0.1'")),
    Case("subsampling with NaN", lambda _: subsample(IDS[0], NAN, rng()), ValueError, ("threshold", "nan")),
    Case("noise of negative ids", lambda _: noise_distribution(-IDS[0], V), ValueError, ("ids", "[0, 40)", "-5")),
    Case("batches of no pairs", lambda _: next(skip_gram_batches(IDS[0], V, 2, 1, 0, rng())), ValueError,
         ("batch_size", "at least 1", "0")),
    Case("contexts for other centres", lambda _: SkipGram(V, 4)(IDS[0], IDS[0, :3], IDS.T), ValueError,
         ("centres", "contexts", "(4,)", "(3,)")),
]  # fmt: skip

CONFIGS = [
    Case("an eps of -1", lambda _: GPTConfig(V, layer_norm_eps=-1), ValueError, ("layer_norm_eps", "above 0", "-1")),
    Case("an eps of NaN", lambda _: BERTConfig(V, layer_norm_eps=NAN), ValueError, ("layer_norm_eps", "nan")),
    Case("an eps of null", lambda _: t5_config(layer_norm_eps=None), TypeError, ("layer_norm_eps", "number", "None")),
    Case("2.0 layers", lambda _: GPTConfig(V, n_layers=2.0), TypeError, ("n_layers", "integer", "2.0")),
    Case("True heads", lambda _: BERTConfig(V, n_heads=True), TypeError, ("n_heads", "integer", "True")),
    Case("a feed-forward layer of -1", lambda _: GPTConfig(V, d_ff=-1), ValueError, ("d_ff", "at least 1", "-1")),
    Case("a dropout of 1", lambda _: LSTMConfig(V, dropout=1), ValueError, ("dropout", "below 1", "1")),
    Case("a dropout of null", lambda _: BiLSTMConfig(V, dropout=None), TypeError, ("dropout", "number", "None")),
    Case("a flag of 1", lambda _: t5_config(tied_head=1), TypeError, ("tied_head", "True or False", "1")),
    Case("padding outside the vocabulary", lambda _: t5_config(pad_id=V), ValueError, ("pad_id", "39", "40")),
    Case("32.0 buckets", lambda _: t5_config(n_buckets=32.0), TypeError, ("n_buckets", "32.0")),
    Case("word vectors of no words", lambda _: SkipGram(0, 8), ValueError, ("vocab_size", "at least 1", "0")),
]  # fmt: skip

CASES = [*MASKS, *IDS_AND_LABELS, *TASKS, *CONFIGS]
