"""Finetuning a decoder as a generator: it reads the input (a dialogue, a document) and continues it with the output.

    reads       i_1    …    i_n    o_1    …    o_m
    predicts    ·      …    o_1    o_2    …    eos

The output layer is the pretrained one. Only the output carries a loss: the input is always given, so the model need not
predict it. After training, `model.generate` continues an input on its own.

Sources: the lecture, "Pretraining decoders"; Raffel et al. 2020, section 3.2.1, for the prefix LM.
"""

from collections.abc import Sequence

import numpy as np

from minigrad import IGNORE
from minigrad.checks import whole_number
from models.inputs import check_texts, pad_batch


def continuation_batch(
    inputs: Sequence[Sequence[int]], outputs: Sequence[Sequence[int]], eos_id: int, pad_id: int = 0
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Pairs of input and output as arrays, with an `eos_id` after each output, padded on the right.

    Returns ids, attention_mask, labels and prefix_mask, (B, T) each. The loss is
    `ops.cross_entropy(model(ids, attention_mask), labels)`. The prefix_mask, 1 in the input, is for a prefix LM
    (`T5Decoder`), whose input positions all see each other.

    Raises:
        ValueError: if an input is empty (nothing could predict the first token of its output), the numbers of inputs
            and outputs differ, or an id is negative.
        TypeError: if an id is not an integer.
    """
    inputs, outputs = check_texts("inputs", inputs), check_texts("outputs", outputs)
    eos_id, pad_id = whole_number("eos_id", eos_id, at_least=0), whole_number("pad_id", pad_id, at_least=0)
    if len(inputs) != len(outputs):
        raise ValueError(f"outputs must be as many as inputs, {len(inputs)}, got {len(outputs)}")
    if any(len(text) == 0 for text in inputs):
        raise ValueError("inputs must have at least one token each, got an empty one")
    # As in `causal_lm`, labels are one step to the right. Input a b and output x y give
    #   reads     a  b  x  y
    #   predicts  ·  x  y  eos     the input's last token predicts the output's first
    reads = [[*text, *output] for text, output in zip(inputs, outputs, strict=True)]
    predicts = [[*[IGNORE] * (len(text) - 1), *output, eos_id] for text, output in zip(inputs, outputs, strict=True)]
    ids, attention_mask = pad_batch(reads, pad_id)  # (B, T), (B, T)
    labels, _ = pad_batch(predicts, IGNORE)  # (B, T)
    prefix_mask = (np.arange(ids.shape[1]) < np.array([[len(text)] for text in inputs])).astype(np.int64)
    return ids, attention_mask, labels, prefix_mask
