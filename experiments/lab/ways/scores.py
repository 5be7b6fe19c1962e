"""Ways whose answer is a number, such as how similar two texts are: the loss is the mean squared error.

They read what the ways of `labels.py` read. The labels are float32, and the model has a single output.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from experiments.lab.metrics import spearman
from experiments.lab.ways.labels import BothOrders, CLSToken, Labelled, OneText, TwoTexts
from experiments.lab.ways.way import Metric
from minigrad import Tensor, ops


class Scored(Labelled):
    """What the ways share whose model gives numbers, (B,) or (B, 1), for a batch: inputs, then scores (B,)."""

    def answer(self, model: Any, *batch: np.ndarray) -> tuple[Tensor, np.ndarray]:
        """The mean squared error, and the predicted numbers: (), (B,)."""
        *inputs, scores = batch
        predicted = model(*inputs).reshape(scores.shape)
        return ops.mse_loss(predicted, scores), predicted.numpy()


@dataclass(frozen=True)
class LastTokenScore(Scored, OneText):
    """Numbers read off the last token: for `LastTokenClassifier` with one output. A pair is as for `LastToken`."""

    metric: Metric = spearman


@dataclass(frozen=True)
class BothOrdersScore(Scored, BothOrders):
    """Numbers for pairs without an order, which are read in both: for `SimilarityClassifier` with one output."""

    metric: Metric = spearman


@dataclass(frozen=True)
class TwoTextsScore(Scored, TwoTexts):
    """Numbers for pairs whose texts are read apart: for `ElmoPairClassifier` with one output."""

    metric: Metric = spearman


@dataclass(frozen=True)
class CLSScore(Scored, CLSToken):
    """Numbers read off [CLS]: for `CLSRegressor`."""

    metric: Metric = spearman
