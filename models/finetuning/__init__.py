"""Finetuning: add a new layer to a pretrained model, if the task needs one, and train the whole model on the task.

The new layer starts at random. All layers below start from the pretrained weights, and the task's gradient flows
through the whole network. Each family of models is finetuned in its own way:

last_token.py        the decoder (GPT): a linear layer on the last token's state
continuation.py      the decoder as a generator: it reads the input and continues it with the output
new_tokens.py        the decoder: embeddings for [START], [DELIM] and [EXTRACT], which pretraining did not have
frozen_rows.py       all families: only the embeddings of some tokens learn, the others are frozen
cls_token.py         the encoder (BERT): a linear layer on the state of [CLS], for labels and for numbers
span_extraction.py   the encoder: where does the answer start and end?
text_to_text.py      the encoder-decoder (T5): the answer is generated as text, so no layer is new

heads.py             how a new layer is initialised

Source: the lecture, "The Pretraining / Finetuning Paradigm".
"""

from models.finetuning.cls_token import CLSClassifier, CLSRegressor
from models.finetuning.continuation import continuation_batch
from models.finetuning.frozen_rows import zero_grad_except
from models.finetuning.last_token import (
    GPTInputs,
    LastTokenClassifier,
    MultipleChoice,
    SimilarityClassifier,
    loss_with_language_modelling,
)
from models.finetuning.new_tokens import add_tokens
from models.finetuning.span_extraction import SpanExtractor, best_spans, best_spans_or_none, span_loss
from models.finetuning.text_to_text import (
    NO_LABEL,
    before_eos,
    output_ids,
    predicted_labels,
    score_as_text,
    score_in_text,
    shift_right,
    task_text,
    text_to_text_batch,
)
from models.inputs import pad_batch

__all__ = [
    "NO_LABEL",
    "CLSClassifier",
    "CLSRegressor",
    "GPTInputs",
    "LastTokenClassifier",
    "MultipleChoice",
    "SimilarityClassifier",
    "SpanExtractor",
    "add_tokens",
    "before_eos",
    "best_spans",
    "best_spans_or_none",
    "continuation_batch",
    "loss_with_language_modelling",
    "output_ids",
    "pad_batch",
    "predicted_labels",
    "score_as_text",
    "score_in_text",
    "shift_right",
    "span_loss",
    "task_text",
    "text_to_text_batch",
    "zero_grad_except",
]
