"""Ways to use a pretrained model, as the finetuning loop takes them: batches of examples, their loss, a score.

What each way adds to a model is in `models/finetuning/` and `models/attention_classifier.py`; here it meets the
examples of a task. A batch is a tuple of arrays, the labels last.

    input and model                                                 label            number
    decoder: one sequence, a linear layer on the last state         LastToken        LastTokenScore
    decoder: a pair without an order, read in both                  BothOrders       BothOrdersScore
    encoder: one text or two segments, a linear layer on [CLS]      CLSToken         CLSScore
    BiLSTM on ELMo: one text                                        OneText
    BiLSTM on ELMo: two texts, each read on its own                 TwoTexts         TwoTextsScore

    SpanExtraction               the encoder: where the answer starts and ends
    TextToText                   the encoder-decoder: the answer is written
    Continuation                 the decoder: the answer is written after the input
"""

from experiments.lab.ways.labels import BothOrders, CLSToken, LastToken, OneText, TwoTexts
from experiments.lab.ways.scores import BothOrdersScore, CLSScore, LastTokenScore, TwoTextsScore
from experiments.lab.ways.spans import SpanExtraction
from experiments.lab.ways.texts import Continuation, TextToText
from experiments.lab.ways.way import Metric, Rows, Way

__all__ = [
    "BothOrders",
    "BothOrdersScore",
    "CLSScore",
    "CLSToken",
    "Continuation",
    "LastToken",
    "LastTokenScore",
    "Metric",
    "OneText",
    "Rows",
    "SpanExtraction",
    "TextToText",
    "TwoTexts",
    "TwoTextsScore",
    "Way",
]
