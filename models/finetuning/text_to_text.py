"""Finetuning an encoder-decoder: every task is a text to read and a text to write, so no layer is new.

    read     cola sentence: The course is jumping well.
    write    not acceptable

The prefix, here "cola", says which task it is; a label is a word to write, and a score is its digits.
What the model writes counts as that label only if it is that word, to the letter.

    labels          w_1   w_2   …   w_T   eos        what the decoder must write
    decoder_ids     pad   w_1   …   w_{T-1}  w_T     what it has read by then: the labels, one step to the right

Source: Raffel et al. 2020, "Exploring the Limits of Transfer Learning with a Unified Text-to-Text Transformer",
section 2.4 and appendix D.
"""

from collections.abc import Sequence

import numpy as np

from minigrad import IGNORE
from minigrad.checks import integers, number, whole_number
from models.inputs import check_texts, pad_batch

NO_LABEL = -1
"""What was written is none of the labels: a wrong answer, whatever the right one is."""


def task_text(task: str, **fields: str) -> str:
    """A task's name and its named texts in a row, as T5 reads them.

    `task_text("mnli", premise="I sleep.", hypothesis="I dream.")` is "mnli premise: I sleep. hypothesis: I dream.".
    Where a task has one nameless text, the prefix alone does: f"summarize: {text}".
    """
    return " ".join([task, *(f"{name}: {text}" for name, text in fields.items())])


def shift_right(labels: np.ndarray, start_id: int = 0) -> np.ndarray:
    """What the decoder reads: `start_id`, then all labels but the last. Integers (B, T) → (B, T) int64.

    In place of IGNORE stands `start_id`, T5's padding.

    Raises:
        ValueError: if labels have another number of axes, or start_id is negative.
        TypeError: if labels or start_id are not integers.
    """
    labels, start_id = integers("labels", labels), whole_number("start_id", start_id, at_least=0)
    if labels.ndim != 2:
        raise ValueError(f"labels must have shape (B, T), got {labels.shape}")
    decoder_ids = np.full_like(labels, start_id)
    decoder_ids[:, 1:] = np.where(labels[:, :-1] == IGNORE, start_id, labels[:, :-1])
    return decoder_ids


def text_to_text_batch(
    inputs: Sequence[Sequence[int]], targets: Sequence[Sequence[int]], pad_id: int = 0, eos_id: int = 1
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Pairs of texts to read and to write as arrays, an `eos_id` behind each of them.

    Returns ids and attention_mask (B, S) for the encoder, decoder_ids and labels (B, T) for the decoder. The loss is
    `ops.cross_entropy(model(ids, decoder_ids, attention_mask), labels)`.

    Raises:
        ValueError: if there are no texts, not as many inputs as targets, or an id is negative.
        TypeError: if an id is not an integer.
    """
    inputs, targets = check_texts("inputs", inputs), check_texts("targets", targets)
    eos_id, pad_id = whole_number("eos_id", eos_id, at_least=0), whole_number("pad_id", pad_id, at_least=0)
    if len(inputs) != len(targets):
        raise ValueError(f"targets must be as many as inputs, {len(inputs)}, got {len(targets)}")
    ids, attention_mask = pad_batch([[*text, eos_id] for text in inputs], pad_id)
    labels, _ = pad_batch([[*text, eos_id] for text in targets], IGNORE)
    return ids, attention_mask, shift_right(labels, pad_id), labels


def output_ids(output: Sequence[int], eos_id: int = 1) -> list[int]:
    """The text in a row that `T5.generate` has written: what stands between the token that the decoder starts from
    and the first `eos_id` (or the end, if it was not done)."""
    written = integers("output", output).tolist()[1:]
    return written[: written.index(eos_id)] if eos_id in written else written


def predicted_labels(outputs: np.ndarray, label_ids: Sequence[Sequence[int]], eos_id: int = 1) -> np.ndarray:
    """Which label each output is: (B, 1 + T) from `T5.generate` → (B,) integers, NO_LABEL for any other text.

    Args:
        label_ids: the ids of each label's text without an eos, those that `text_to_text_batch` had as targets.

    Raises:
        ValueError: if two labels have the same ids, or outputs another number of axes.
        TypeError: if an id is not an integer.
    """
    label_ids, outputs = check_texts("label_ids", label_ids), integers("outputs", outputs)
    if outputs.ndim != 2:
        raise ValueError(f"outputs must have shape (B, 1 + T), got {outputs.shape}")
    label_of = {tuple(ids): label for label, ids in enumerate(label_ids)}
    if len(label_of) < len(label_ids):
        raise ValueError(f"label_ids must differ from each other, got {label_ids}")
    return np.array([label_of.get(tuple(output_ids(row, eos_id)), NO_LABEL) for row in outputs], np.int64)


def score_as_text(score: float) -> str:
    """A score as a word to write, so that regression too is text to text: 2.57 → "2.6", the nearest step of 0.2."""
    score = number("score", score)
    return f"{round(score * 5) / 5:.1f}"


def score_in_text(text: str) -> float | None:
    """The score that was written, or None if it is no number from 0 to 5, the range of STS-B's scores."""
    try:
        score = float(text)
    except ValueError:
        return None
    return score if 0 <= score <= 5 else None
