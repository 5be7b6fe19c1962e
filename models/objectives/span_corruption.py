"""Span corruption: replace spans by placeholders, and generate the removed text.

This is the objective of T5. Only the text is changed; the decoder still learns to predict the next token.

    original   Thank you for inviting me to your party last week
    noise                ─────────────                  ────
    inputs     Thank you      <X>      me to your party <Y>  week
    targets    <X> for inviting <Y> last <Z>

It is three functions: `noise_mask` draws the tokens to remove, and `corrupted_inputs` and `corrupted_targets` apply
the mask to the ids. A fourth, `restore`, puts inputs and targets together again.

The placeholders are called sentinels. Each is used once, in order. T5's <extra_id_0> (X) is the last token of its
vocabulary, <extra_id_1> (Y) the one before it. The targets end with one more sentinel (Z), as in the paper's figure.
(T5's own data adds Z only to texts that do not end in noise, but T5's masks always end in noise. Its inputs and
targets end with an end-of-sequence token instead; `eos_id` adds that.)

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
        attention_mask: (B, T), 1 where there is a token. Padding on either side is removed.
        density: the share of the tokens that is noise.
        mean_span_length: the mean length of a noise span, in tokens.
        pad_id: pads the shorter inputs.
        eos_id: ends inputs and targets, as in T5; None adds nothing.

    Raises:
        ValueError: if a shape or a share does not fit, a sequence has fewer than two tokens, the ids contain a
            sentinel, or the sentinels are too few or not distinct.
        TypeError: if ids, sentinels, pad_id or eos_id are not integers.
    """
    ids, is_token = check_batch(ids, attention_mask)
    check_two_tokens(is_token)
    # Padding goes first: it must not count towards the density, and no span may reach into it.
    rows = [row[tokens] for row, tokens in zip(ids, is_token, strict=True)]
    masks = [noise_mask(len(row), generator, density, mean_span_length) for row in rows]
    return corrupted_batch(rows, masks, sentinels, pad_id, eos_id)


def corrupted_batch(
    rows: Sequence[np.ndarray], masks: Sequence[np.ndarray], sentinels: np.ndarray, pad_id: int, eos_id: int | None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Sequences and their noise masks as one batch: inputs (B, S), labels (B, L), attention_mask (B, S)."""
    end = np.array([] if eos_id is None else [whole_number("eos_id", eos_id, at_least=0)], np.int64)
    whole_number("pad_id", pad_id, at_least=0)
    # Checked once for all rows, because a check takes as long as the work on a row.
    ids, sentinels = check_text(np.concatenate(rows), np.concatenate(masks), sentinels)
    rows = np.split(ids, np.cumsum([len(row) for row in rows])[:-1])
    # For 512 tokens, 77 of them noise in 26 spans: inputs of 435 + 26 = 461 tokens, targets of 77 + 26 + 1 = 104. The
    # decoder writes a fifth of the text, which makes T5's objective cheap.
    inputs, targets = [], []
    for row, mask in zip(rows, masks, strict=True):
        starts = span_starts(mask, sentinels)
        inputs.append(np.concatenate([inputs_around(row, mask, starts, sentinels), end]))
        targets.append(np.concatenate([targets_of(row, mask, starts, sentinels), end]))
    padded, attention_mask = pad_batch(inputs, pad_id)
    labels, _ = pad_batch(targets, IGNORE)
    return padded, labels, attention_mask


def sentinel_ids(vocab_size: int, n: int = 100) -> np.ndarray:
    """The last n tokens of a vocabulary, the very last first, (n,). T5 has 32,100 tokens with these 100.

    T5's models have embeddings for 32,128 tokens, rounded up to a multiple of 128. vocab_size is the tokenizer's size.

    Raises:
        ValueError: if the vocabulary has fewer than n tokens.
    """
    vocab_size, n = whole_number("vocab_size", vocab_size, at_least=1), whole_number("n", n)
    if not 0 < n <= vocab_size:
        raise ValueError(f"n must lie in [1, {vocab_size}], the size of the vocabulary; got {n}")
    return vocab_size - 1 - np.arange(n)  # (n,): for T5, 32099, 32098, … 32000


# -- noise mask × inputs × targets ------------------------------------------------------------------


def noise_mask(
    length: int, generator: np.random.Generator, density: float = 0.15, mean_span_length: float = 3.0
) -> np.ndarray:
    """Which tokens of a text are noise, (length,) booleans.

    The length alone determines the number of noise tokens, round(density · length), and of spans: for 512 tokens, 77
    in 26 spans. The draw divides these 77 tokens, and the 435 that stay, into 26 spans each. The two kinds of span
    alternate. A span that stays comes first, so a text always ends in noise.

    Raises:
        ValueError: if there are fewer than two tokens, density does not lie in (0, 1], or mean_span_length is
            smaller than 1.
    """
    check_share("density", density)
    length = whole_number("length", length)
    mean_span_length = number("mean_span_length", mean_span_length, at_least=1)
    if length < 2:
        raise ValueError(f"length must be at least 2, for a token that stays and one that is noise; got {length}")
    # At least one token is noise and one stays; each span of noise needs a span that stays in front of it.
    n_noise = min(max(round(density * length), 1), length - 1)
    n_spans = min(max(round(n_noise / mean_span_length), 1), length - n_noise)
    stays = random_partition(length - n_noise, n_spans, generator)  # (n_spans,)
    noise = random_partition(n_noise, n_spans, generator)  # (n_spans,)
    # Interleave the lengths and repeat: stays [3, 2] and noise [1, 2] → F F F T F F T T.
    return np.repeat(np.tile([False, True], n_spans), np.stack([stays, noise], axis=1).ravel())


def random_partition(n_items: int, n_parts: int, generator: np.random.Generator) -> np.ndarray:
    """The sizes of n_parts parts of n_items items, (n_parts,): none is empty, and all divisions are equally likely."""
    # n_items in a row have n_items - 1 gaps; n_parts - 1 different gaps are cut. 7 items cut after 3 and 4: 3, 1, 3.
    cuts = 1 + np.sort(generator.choice(n_items - 1, n_parts - 1, replace=False))
    return np.diff(cuts, prepend=0, append=n_items)


def corrupted_inputs(ids: np.ndarray, mask: np.ndarray, sentinels: np.ndarray) -> np.ndarray:
    """The tokens that stay, with a sentinel in place of each span of noise: ids (T,), mask (T,) → (S,).

    Raises:
        ValueError: if the mask's shape differs, the ids contain a sentinel, or the sentinels are too few or not
            distinct.
        TypeError: if ids or sentinels are not integers.
    """
    ids, sentinels = check_text(ids, mask, sentinels)
    return inputs_around(ids, mask, span_starts(mask, sentinels), sentinels)


def corrupted_targets(ids: np.ndarray, mask: np.ndarray, sentinels: np.ndarray) -> np.ndarray:
    """Each sentinel followed by the span that it replaces, and a last sentinel: ids (T,), mask (T,) → (L,).

    Raises:
        ValueError, TypeError: as for `corrupted_inputs`.
    """
    ids, sentinels = check_text(ids, mask, sentinels)
    return targets_of(ids, mask, span_starts(mask, sentinels), sentinels)


def span_starts(mask: np.ndarray, sentinels: np.ndarray) -> np.ndarray:
    """The position at which each span of noise begins, (n_spans,): noise whose left neighbour is none.

    Raises:
        ValueError: if there are too few sentinels.
    """
    before = np.concatenate([[False], mask[:-1]])  # (T,): the mask of the left neighbour
    starts = np.flatnonzero(mask & ~before)
    if len(starts) >= len(sentinels):
        raise ValueError(f"sentinels must be one more than the {len(starts)} spans of noise, got {len(sentinels)}")
    return starts


def inputs_around(ids: np.ndarray, mask: np.ndarray, starts: np.ndarray, sentinels: np.ndarray) -> np.ndarray:
    """The tokens outside the spans: (T,) → (S,)."""
    # The sentinel takes the place of the first token of its span, and the others are dropped:
    #   a b c d  with noise b c  →  a X c d  with stays T T F T  →  a X d
    marked, stays = ids.copy(), ~mask  # (T,)
    marked[starts], stays[starts] = sentinels[: len(starts)], True
    return marked[stays]


def targets_of(ids: np.ndarray, mask: np.ndarray, starts: np.ndarray, sentinels: np.ndarray) -> np.ndarray:
    """The tokens inside the spans: (T,) → (L,)."""
    # The complement of the inputs: each token is in exactly one of the two, and only the sentinels are in both. They
    # go before the first token of their span, counted among the noise: b c with X before 0 gives X b c, then Y.
    first = np.cumsum(mask)[starts] - 1  # (n_spans,)
    places = np.concatenate([first, [np.count_nonzero(mask)]])  # (n_spans + 1,)
    return np.insert(ids[mask], places, sentinels[: len(places)])


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


def check_text(ids: np.ndarray, mask: np.ndarray, sentinels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Ids (T,) and sentinels (n,) as int64, once it is clear that ids, mask and sentinels fit.

    Raises:
        ValueError, TypeError: as for `corrupted_inputs`.
    """
    ids, sentinels = check_vocabulary("ids", ids), check_sentinels(sentinels)
    if ids.ndim != 1 or mask.shape != ids.shape or mask.dtype != bool:
        raise ValueError(f"mask must be booleans of the shape (T,) of ids, {ids.shape}, got {mask.dtype} {mask.shape}")
    if np.isin(ids, sentinels).any():
        raise ValueError(f"ids must contain no sentinel, got {ids[np.isin(ids, sentinels)][0]}")
    return ids, sentinels


def restore(inputs: np.ndarray, targets: np.ndarray, sentinels: np.ndarray) -> np.ndarray:
    """The original text: replace each sentinel of the inputs (S,) by the span after it in the targets (L,) → (T,).

    Tokens after the targets' last sentinel, such as an end-of-sequence token, are ignored.

    Raises:
        ValueError: if a sentinel of the inputs is not in the targets, or the sentinels are not distinct.
        TypeError: if any of the three is not integers.
    """
    inputs, targets = integers("inputs", inputs), integers("targets", targets)
    if inputs.ndim != 1 or targets.ndim != 1:
        raise ValueError(f"inputs and targets must have one axis each, got shapes {inputs.shape} and {targets.shape}")
    sentinels = check_sentinels(sentinels)
    starts = np.flatnonzero(np.isin(targets, sentinels))
    # Split the targets before each sentinel: X b c Y → {X: [b, c], Y: []}.
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
