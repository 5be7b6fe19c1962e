"""Static word vectors: skip-gram with negative sampling.

"You shall know a word by the company it keeps": a word's vector learns to distinguish the words that occur near it
from words drawn at random. A word has the same vector in every sentence; pretraining a whole model removes this limit.

Source: Mikolov et al. 2013, "Distributed Representations of Words and Phrases and their
Compositionality", section 2.2.
"""

from collections.abc import Iterator

import numpy as np

from minigrad import Tensor, nn, ops, random
from minigrad.checks import integers, number, whole_number
from models.inputs import check_vocabulary


class SkipGram(nn.Module):
    """Two tables of vectors: one for a word as the centre, one for it as the context of others."""

    def __init__(self, vocab_size: int, d_model: int, generator: np.random.Generator | None = None) -> None:
        whole_number("vocab_size", vocab_size, at_least=1)
        whole_number("d_model", d_model, at_least=1)
        generator = random.chosen(generator)
        self.centre = nn.Embedding(vocab_size, d_model)
        self.context = nn.Embedding(vocab_size, d_model)
        # With u = 0 all scores start at 0, so σ = 1/2 for every pair and the first loss is (1 + M) ln 2. One of the two
        # tables must be random: if both were 0, both gradients would always be 0.
        self.centre.weight.data[...] = (generator.random((vocab_size, d_model), dtype=np.float32) - 0.5) / d_model
        self.context.weight.data[...] = 0

    def forward(self, centres: np.ndarray, contexts: np.ndarray, negatives: np.ndarray) -> Tensor:
        """The loss of a batch of pairs, in nats per pair.

            -log σ(v_centre · u_context) - Σ_negatives log σ(-v_centre · u_negative)

        Shapes: centres (N,), contexts (N,), negatives (N, M) token ids → ().

        Raises:
            ValueError: if a shape does not fit, or an id is not in the vocabulary.
            TypeError: if an id is not an integer.
        """
        centres, contexts = integers("centres", centres), integers("contexts", contexts)
        negatives = integers("negatives", negatives)
        shape = centres.shape
        if len(shape) != 1 or len(centres) == 0 or contexts.shape != shape or negatives.shape[:-1] != shape:
            raise ValueError(
                "centres, contexts and negatives must have the shapes (N,), (N,) and (N, M) with N at least 1, "
                f"got {centres.shape}, {contexts.shape} and {negatives.shape}"
            )
        # A softmax over the vocabulary costs V products a pair. Here M + 1 binary questions cost M + 1 products: did
        # this word occur near the centre, or was it drawn? The first term attracts v and u, the second repels v and
        # noise.
        v = self.centre(centres)  # (N, D)
        u = self.context(contexts)  # (N, D)
        u_negative = self.context(negatives)  # (N, M, D)
        attraction = (v * u).sum(axis=-1)  # (N,)
        repulsion = ops.matmul(u_negative, ops.expand_dims(v, 2))  # (N, M, 1)
        return -(ops.log_sigmoid(attraction).mean() + ops.log_sigmoid(-repulsion).sum() / len(centres))


def skip_gram_pairs(ids: np.ndarray, window: int, generator: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """All (centre, context) pairs of a text, in random order.

    Each centre draws its own window width from 1 … window, so that closer words count more.

    Shapes: ids (N,) → centres (P,), contexts (P,), both int64.

    Raises:
        ValueError: if window is smaller than 1, an id is negative, or ids have another shape.
        TypeError: if ids or window are not integers.
    """
    ids, window = check_text(ids), whole_number("window", window, at_least=1)
    # A word at distance d is in the window if the width is at least d, with probability (window - d + 1) / window. For
    # a window of 5, neighbours always count, and words five away one time in five.
    widths = generator.integers(1, window + 1, size=len(ids))  # (N,)
    centres, contexts = [], []
    for distance in range(1, min(window, len(ids) - 1) + 1):
        reaches = widths >= distance  # (N,)
        # The text against itself, shifted by the distance: first each centre with a word to its right, then to its
        # left.
        centres += [ids[:-distance][reaches[:-distance]], ids[distance:][reaches[distance:]]]
        contexts += [ids[distance:][reaches[:-distance]], ids[:-distance][reaches[distance:]]]
    if not centres:
        return np.empty(0, np.int64), np.empty(0, np.int64)
    order = generator.permutation(sum(map(len, centres)))
    return np.concatenate(centres)[order], np.concatenate(contexts)[order]


def subsample(ids: np.ndarray, threshold: float, generator: np.random.Generator) -> np.ndarray:
    """Remove most occurrences of the most frequent tokens, which occur next to everything and so tell little.

    A token whose share of the text is f stays with probability sqrt(threshold / f). A token rarer than the threshold
    always stays. Shapes: ids (N,) → (M,). Source: section 2.3.

    Raises:
        ValueError: if threshold is not positive, an id is negative, or ids have another shape.
        TypeError: if ids are not integers, or threshold is not a number.
    """
    ids, threshold = check_text(ids), number("threshold", threshold, above=0)
    shares = np.bincount(ids) / max(len(ids), 1)  # (V,)
    # "the", 5% of a text, stays with probability sqrt(1e-5 / 0.05) = 0.014 at a threshold of 1e-5.
    stays = np.sqrt(threshold / np.maximum(shares, threshold))  # (V,)
    return ids[generator.random(len(ids)) < stays[ids]]


def noise_distribution(ids: np.ndarray, vocab_size: int) -> np.ndarray:
    """The probability of each token as a negative, proportional to its frequency to the power 3/4: (V,).

    Raises:
        ValueError: if the text is empty, or a token is not in the vocabulary.
        TypeError: if ids or vocab_size are not integers.
    """
    ids = check_text(ids, whole_number("vocab_size", vocab_size, at_least=1))
    if not len(ids):
        raise ValueError("ids is empty")
    # The power lies between the text's own distribution (1) and a uniform one (0). Frequent words are still the most
    # common negatives, but rare ones come up more often: a word 16 times as frequent is drawn 16^(3/4) = 8 times as
    # often.
    weights = np.bincount(ids, minlength=vocab_size) ** 0.75  # (V,)
    return weights / weights.sum()


def skip_gram_batches(
    ids: np.ndarray, vocab_size: int, window: int, n_negatives: int, batch_size: int, generator: np.random.Generator
) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """One pass over a text: (centres (N,), contexts (N,), negatives (N, n_negatives)) for `SkipGram`.

    Raises:
        ValueError: if a size is smaller than 1, the text is empty, or a token is not in the vocabulary.
        TypeError: if ids or a size are not integers.
    """
    whole_number("n_negatives", n_negatives, at_least=1)
    whole_number("batch_size", batch_size, at_least=1)
    centres, contexts = skip_gram_pairs(ids, window, generator)  # (P,), (P,)
    noise = np.cumsum(noise_distribution(ids, vocab_size))  # (V,)
    for start in range(0, len(centres), batch_size):
        batch = slice(start, start + batch_size)
        draws = generator.random((len(centres[batch]), n_negatives))  # (N, M)
        # Inverse transform sampling, log V a draw: a uniform draw in [0, 1) falls into a token's interval of the
        # cumulative sum as often as the token is likely. Rounding may leave the sum's end below 1, hence the minimum.
        negatives = np.minimum(np.searchsorted(noise, draws, side="right"), vocab_size - 1)
        yield centres[batch], contexts[batch], negatives


def check_text(ids: np.ndarray, vocab_size: int | None = None) -> np.ndarray:
    """The ids of a text (N,) as int64. Errors as in `check_vocabulary`, and ValueError for another shape."""
    ids = check_vocabulary("ids", ids, vocab_size)
    if ids.ndim != 1:
        raise ValueError(f"ids must have shape (N,), got {ids.shape}")
    return ids
