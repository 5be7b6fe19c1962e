"""Finetuning: put a new layer on a pretrained model, or none, and train all of it on a task.

The new layer starts at random; everything below starts where pretraining left it, and the gradient
of the task flows through the whole network. Each family of models has its own way:

last_token.py        the decoder (GPT): a linear layer on the last token's state
continuation.py      the decoder as a generator: it reads the input and goes on with the output
new_tokens.py        the decoder: embeddings for [START], [DELIM] and [EXTRACT], which pretraining did not know
cls_token.py         the encoder (BERT): a linear layer on the state of [CLS], for labels and for numbers
span_extraction.py   the encoder: where does the answer start and end?
text_to_text.py      the encoder-decoder (T5): the answer is written, so no layer is new

heads.py             how a new layer starts

Source: the lecture, "The Pretraining / Finetuning Paradigm".
"""

from models.finetuning.cls_token import CLSClassifier, CLSRegressor
from models.finetuning.continuation import continuation_batch
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
]
