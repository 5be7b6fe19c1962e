"""Finetuning an encoder-decoder: every task is a text to read and a text to write, so no layer is new.

    read     cola sentence: The course is jumping well.
    write    not acceptable

The prefix, here "cola", names the task. A label is text to write, and a score is written in digits. The model's output
counts as a label only if it matches the label's text exactly.

    labels          w_1   w_2   …   w_T   eos        what the decoder must write
    decoder_ids     pad   w_1   …   w_{T-1}  w_T     what it has read by then: the labels, shifted one step to the right

Source: Raffel et al. 2020, "Exploring the Limits of Transfer Learning with a Unified Text-to-Text Transformer",
section 2.4 and appendix D.
"""

from collections.abc import Sequence

import numpy as np

from minigrad import IGNORE
from minigrad.checks import integers, number, whole_number
from models.inputs import check_texts, pad_batch

NO_LABEL = -1
"""The output is none of the labels: a wrong answer, whatever the right one is."""


def task_text(task: str, **fields: str) -> str:
    """A task's name followed by its named texts, as T5 reads them.

    `task_text("mnli", premise="I sleep.", hypothesis="I dream.")` is "mnli premise: I sleep. hypothesis: I dream.".
    If a task has a single text without a name, write the prefix directly: f"summarize: {text}".
    """
    return " ".join([task, *(f"{name}: {text}" for name, text in fields.items())])


def shift_right(labels: np.ndarray, start_id: int = 0) -> np.ndarray:
    """The decoder's input: `start_id`, then all labels but the last. Integers (B, T) → (B, T) int64.

    IGNORE is replaced by `start_id`, which is T5's padding.

    Raises:
        ValueError: if labels have another number of axes, or start_id is negative.
        TypeError: if labels or start_id are not integers.
    """
    labels, start_id = integers("labels", labels), whole_number("start_id", start_id, at_least=0)
    if labels.ndim != 2:
        raise ValueError(f"labels must have shape (B, T), got {labels.shape}")
    # Teacher forcing: while training, the decoder reads the right tokens, not its own, so one pass trains all
    # positions. IGNORE is no id that an embedding could look up; the positions that read its replacement carry no loss.
    decoder_ids = np.full_like(labels, start_id)  # (B, T)
    decoder_ids[:, 1:] = np.where(labels[:, :-1] == IGNORE, start_id, labels[:, :-1])
    return decoder_ids


def text_to_text_batch(
    inputs: Sequence[Sequence[int]], targets: Sequence[Sequence[int]], pad_id: int = 0, eos_id: int = 1
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Pairs of texts to read and to write as arrays, with an `eos_id` after each text.

    Returns ids and attention_mask (B, S) for the encoder, decoder_ids and labels (B, T) for the decoder. The loss is
    `ops.cross_entropy(model(ids, decoder_ids, attention_mask), labels)`.

    Raises:
        ValueError: if there are no texts, the numbers of inputs and targets differ, or an id is negative.
        TypeError: if an id is not an integer.
    """
    inputs, targets = check_texts("inputs", inputs), check_texts("targets", targets)
    eos_id, pad_id = whole_number("eos_id", eos_id, at_least=0), whole_number("pad_id", pad_id, at_least=0)
    if len(inputs) != len(targets):
        raise ValueError(f"targets must be as many as inputs, {len(inputs)}, got {len(targets)}")
    ids, attention_mask = pad_batch([[*text, eos_id] for text in inputs], pad_id)  # (B, S), (B, S)
    # The decoder must learn to write eos: without it, generation would not know when the label is complete.
    labels, _ = pad_batch([[*text, eos_id] for text in targets], IGNORE)
    return ids, attention_mask, shift_right(labels, pad_id), labels


def output_ids(output: Sequence[int], eos_id: int = 1) -> list[int]:
    """The ids of the text in a row from `T5.generate`: those after the decoder's start token and before the first
    `eos_id`, or up to the end if there is none."""
    return before_eos(integers("output", output).tolist()[1:], eos_id)


def before_eos(ids: list[int], eos_id: int) -> list[int]:
    """The ids before the first `eos_id`, or all of them if there is none."""
    return ids[: ids.index(eos_id)] if eos_id in ids else ids


def predicted_labels(outputs: np.ndarray, label_ids: Sequence[Sequence[int]], eos_id: int = 1) -> np.ndarray:
    """The label of each output: (B, 1 + T) from `T5.generate` → (B,) integers, NO_LABEL for any other text.

    Args:
        label_ids: the ids of each label's text without an eos, as passed to `text_to_text_batch` as targets.

    Raises:
        ValueError: if two labels have the same ids, or outputs do not have two axes.
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
    """A score as text, so that regression is text to text too: 2.57 → "2.6", the nearest multiple of 0.2."""
    score = number("score", score)
    # STS-B's 0 … 5 becomes 26 strings, so regression turns into classification: 2.57 · 5 = 12.85 → 13 → 13 / 5 = 2.6.
    return f"{round(score * 5) / 5:.1f}"


def score_in_text(text: str) -> float | None:
    """The score in a text, or None if the text is not a number from 0 to 5, the range of STS-B's scores."""
    try:
        score = float(text)
    except ValueError:
        return None
    # The comparison is False for "nan", which float accepts.
    return score if 0 <= score <= 5 else None
