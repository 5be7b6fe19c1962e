"""Span corruption: replace spans by placeholders, and write down what stood there.

The objective of T5. It is all done to the text; what the decoder learns is still to say the next token.

    original   Thank you for inviting me to your party last week
    noise                ─────────────                  ────
    inputs     Thank you      <X>      me to your party <Y>  week
    targets    <X> for inviting <Y> last <Z>

It is three functions: a noise mask says which tokens are removed, and of ids and mask are made the inputs and the
targets. A fourth puts inputs and targets together again.

The placeholders are sentinels, each used once and in order. T5's <extra_id_0> (X) is the last token of its
vocabulary, <extra_id_1> (Y) the one before it. The targets end with one more of them (Z), as in the paper's
figure. (T5's own data has it only after texts that end without noise, which a mask drawn as theirs never does. It
has an end-of-sequence token after inputs and targets instead; `eos_id` adds that.)

Sources: the lecture, "Pretraining encoder-decoders"; Raffel et al. 2020, section 3.1.4, figure 2 and section 3.3.4.
"""

from collections.abc import Sequence

import numpy as np

from minigrad import IGNORE
from minigrad.checks import integers, number, whole_number
from models.inputs import check_vocabulary, pad_batch
from models.objectives.batch import check_batch, check_share, check_two_tokens


def span_corruption(
    ids: np.ndarray,
    generator: np.random.Generator,
    *,
    sentinels: np.ndarray,
    attention_mask: np.ndarray | None = None,
    density: float = 0.15,
    mean_span_length: float = 3.0,
    pad_id: int = 0,
    eos_id: int | None = None,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Corrupt each sequence of a batch: what the encoder reads, and what the decoder must write.

    Shapes: ids (B, T) integers → inputs (B, S), labels (B, L) with IGNORE at padding, attention_mask (B, S),
    all int64.

    Args:
        sentinels: the placeholders in the order of their use, from `sentinel_ids`.
        attention_mask: (B, T), 1 where there is a token. Padding on either side is left out.
        density: the share of the tokens that is noise.
        mean_span_length: of the noise, in tokens.
        pad_id: fills up the shorter inputs.
        eos_id: stands after inputs and targets, as T5 has it; None adds nothing.

    Raises:
        ValueError: if a shape or a share does not fit, a sequence has fewer than two tokens, the ids contain a
            sentinel, or the sentinels are too few or not different from each other.
        TypeError: if ids, sentinels, pad_id or eos_id are not integers.
    """
    ids, is_token = check_batch(ids, attention_mask)
    check_two_tokens(is_token)
    rows = [row[tokens] for row, tokens in zip(ids, is_token, strict=True)]
    masks = [noise_mask(len(row), generator, density, mean_span_length) for row in rows]
    return corrupted_batch(rows, masks, sentinels, pad_id, eos_id)


def corrupted_batch(
    rows: Sequence[np.ndarray], masks: Sequence[np.ndarray], sentinels: np.ndarray, pad_id: int, eos_id: int | None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Sequences and their noise masks as one batch: inputs (B, S), labels (B, L), attention_mask (B, S)."""
    end = [] if eos_id is None else [whole_number("eos_id", eos_id, at_least=0)]
    whole_number("pad_id", pad_id, at_least=0)
    pairs = list(zip(rows, masks, strict=True))
    inputs, attention_mask = pad_batch([[*corrupted_inputs(*pair, sentinels), *end] for pair in pairs], pad_id)
    labels, _ = pad_batch([[*corrupted_targets(*pair, sentinels), *end] for pair in pairs], IGNORE)
    return inputs, labels, attention_mask


def sentinel_ids(vocab_size: int, n: int = 100) -> np.ndarray:
    """The last n tokens of a vocabulary, the very last first, (n,). T5 has 32,100 tokens with these 100.

    T5's models have embeddings for 32,128 tokens, to fill up a multiple of 128: the tokenizer's size counts here.

    Raises:
        ValueError: if the vocabulary has not so many tokens.
    """
    vocab_size, n = whole_number("vocab_size", vocab_size, at_least=1), whole_number("n", n)
    if not 0 < n <= vocab_size:
        raise ValueError(f"n must lie in [1, {vocab_size}], the size of the vocabulary; got {n}")
    return vocab_size - 1 - np.arange(n)


# -- noise mask × inputs × targets ------------------------------------------------------------------


def noise_mask(
    length: int, generator: np.random.Generator, density: float = 0.15, mean_span_length: float = 3.0
) -> np.ndarray:
    """Which tokens of a text are noise, (length,) booleans.

    The length alone says how many tokens are noise, round(density · length), and in how many spans: for 512
    tokens 77 in 26 spans. What is drawn is how these 77, and the 435 that stay, are shared out among 26 spans
    each. The two take turns, and the first that stays comes first, so that a text always ends in noise.

    Raises:
        ValueError: if there are fewer than two tokens, density does not lie in (0, 1], or mean_span_length is
            smaller than 1.
    """
    check_share("density", density)
    length = whole_number("length", length)
    mean_span_length = number("mean_span_length", mean_span_length, at_least=1)
    if length < 2:
        raise ValueError(f"length must be at least 2, for a token that stays and one that is noise; got {length}")
    n_noise = min(max(round(density * length), 1), length - 1)
    n_spans = min(max(round(n_noise / mean_span_length), 1), length - n_noise)
    stays = random_partition(length - n_noise, n_spans, generator)
    noise = random_partition(n_noise, n_spans, generator)
    return np.repeat(np.tile([False, True], n_spans), np.stack([stays, noise], axis=1).ravel())


def random_partition(n_items: int, n_parts: int, generator: np.random.Generator) -> np.ndarray:
    """The sizes of n_parts parts of n_items items, (n_parts,): none is empty, and every division is as likely."""
    cuts = 1 + np.sort(generator.choice(n_items - 1, n_parts - 1, replace=False))
    return np.diff(cuts, prepend=0, append=n_items)


def corrupted_inputs(ids: np.ndarray, mask: np.ndarray, sentinels: np.ndarray) -> np.ndarray:
    """What stays, and a sentinel in place of each span of noise: ids (T,), mask (T,) → (S,).

    Raises:
        ValueError: if the mask's shape differs, the ids contain a sentinel, or the sentinels are too few or not
            different from each other.
        TypeError: if ids or sentinels are not integers.
    """
    ids, sentinels = check_vocabulary("ids", ids), check_sentinels(sentinels)
    starts = span_starts(ids, mask, sentinels)
    stays = np.insert(~mask, starts, True)
    return np.insert(ids, starts, sentinels[: len(starts)])[stays]


def corrupted_targets(ids: np.ndarray, mask: np.ndarray, sentinels: np.ndarray) -> np.ndarray:
    """Each sentinel and the span of noise that it stands for, and a last sentinel: ids (T,), mask (T,) → (L,).

    Raises:
        ValueError, TypeError: as for `corrupted_inputs`.
    """
    ids, sentinels = check_vocabulary("ids", ids), check_sentinels(sentinels)
    starts = span_starts(ids, mask, sentinels)
    noise = np.insert(mask, starts, True)
    spans = np.insert(ids, starts, sentinels[: len(starts)])[noise]
    return np.append(spans, sentinels[len(starts)])


def check_sentinels(sentinels: np.ndarray) -> np.ndarray:
    """Sentinels (n,) as int64.

    Raises:
        TypeError: if they are not integers.
        ValueError: if they have several axes, one is negative, or two are the same.
    """
    sentinels = check_vocabulary("sentinels", sentinels)
    if sentinels.ndim != 1:
        raise ValueError(f"sentinels must have one axis, got shape {sentinels.shape}")
    if len(set(sentinels.tolist())) < len(sentinels):
        values, counts = np.unique(sentinels, return_counts=True)
        raise ValueError(f"sentinels must differ from each other, got {values[counts > 1][0]} more than once")
    return sentinels


def span_starts(ids: np.ndarray, mask: np.ndarray, sentinels: np.ndarray) -> np.ndarray:
    """Where a span of noise begins, (n_spans,), once it is clear that ids, mask and sentinels fit."""
    if ids.ndim != 1 or mask.shape != ids.shape or mask.dtype != bool:
        raise ValueError(f"mask must be booleans of the shape (T,) of ids, {ids.shape}, got {mask.dtype} {mask.shape}")
    if np.isin(ids, sentinels).any():
        raise ValueError(f"ids must contain no sentinel, got {ids[np.isin(ids, sentinels)][0]}")
    starts = np.flatnonzero(mask & ~np.append(False, mask[:-1]))
    if len(starts) >= len(sentinels):
        raise ValueError(f"sentinels must be one more than the {len(starts)} spans of noise, got {len(sentinels)}")
    return starts


def restore(inputs: np.ndarray, targets: np.ndarray, sentinels: np.ndarray) -> np.ndarray:
    """The original: each sentinel of the inputs (S,) gives way to what follows it in the targets (L,) → (T,).

    What follows the targets' last sentinel, such as an end-of-sequence token, is no part of it.

    Raises:
        ValueError: if a sentinel of the inputs is not in the targets, or the sentinels do not differ.
        TypeError: if any of the three is not integers.
    """
    inputs, targets = integers("inputs", inputs), integers("targets", targets)
    if inputs.ndim != 1 or targets.ndim != 1:
        raise ValueError(f"inputs and targets must have one axis each, got shapes {inputs.shape} and {targets.shape}")
    sentinels = check_sentinels(sentinels)
    starts = np.flatnonzero(np.isin(targets, sentinels))
    spans = {span[0]: span[1:] for span in np.split(targets, starts)[1:]}
    original = []
    for token in inputs:
        if token not in sentinels:
            original.append(token)
        elif token in spans:
            original.extend(spans[token])
        else:
            raise ValueError(f"targets must contain each sentinel of the inputs, got none of {token}")
    return np.array(original, np.int64)
