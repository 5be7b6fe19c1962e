"""Static word vectors: skip-gram with negative sampling.

"You shall know a word by the company it keeps": a word's vector is trained to tell the words that
occur near it from words drawn at random. It is the same vector in every sentence, which is the
limit that whole-model pretraining removes.

Source: Mikolov et al. 2013, "Distributed Representations of Words and Phrases and their
Compositionality", section 2.2.
"""

from collections.abc import Iterator

import numpy as np

from minigrad import Tensor, nn, ops, random


class SkipGram(nn.Module):
    """Two tables of vectors: one for a word as the centre, one for it as the context of others."""

    def __init__(self, vocab_size: int, d_model: int, generator: np.random.Generator | None = None) -> None:
        generator = generator or random.generator()
        self.centre = nn.Embedding(vocab_size, d_model)
        self.context = nn.Embedding(vocab_size, d_model)
        self.centre.weight.data[...] = (generator.random((vocab_size, d_model), dtype=np.float32) - 0.5) / d_model
        self.context.weight.data[...] = 0

    def forward(self, centres: np.ndarray, contexts: np.ndarray, negatives: np.ndarray) -> Tensor:
        """The loss of a batch of pairs, in nats per pair.

            -log σ(v_centre · u_context) - Σ_negatives log σ(-v_centre · u_negative)

        Shapes: centres (N,), contexts (N,), negatives (N, M) token ids → ().
        """
        v = self.centre(centres)  # (N, D)
        u = self.context(contexts)  # (N, D)
        u_negative = self.context(negatives)  # (N, M, D)
        attraction = (v * u).sum(axis=-1)  # (N,)
        repulsion = ops.matmul(u_negative, ops.expand_dims(v, 2))  # (N, M, 1)
        return -(ops.log_sigmoid(attraction).mean() + ops.log_sigmoid(-repulsion).sum() / len(centres))


def skip_gram_pairs(ids: np.ndarray, window: int, generator: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """All (centre, context) pairs of a text, in random order.

    Each centre draws its own window width from 1 … window, so that near words count more.

    Shapes: ids (N,) → centres (P,), contexts (P,).

    Raises:
        ValueError: if window is smaller than 1.
    """
    if window < 1:
        raise ValueError(f"window must be at least 1, got {window}")
    widths = generator.integers(1, window + 1, size=len(ids))
    centres, contexts = [], []
    for distance in range(1, min(window, len(ids) - 1) + 1):
        reaches = widths >= distance
        centres += [ids[:-distance][reaches[:-distance]], ids[distance:][reaches[distance:]]]
        contexts += [ids[distance:][reaches[:-distance]], ids[:-distance][reaches[distance:]]]
    if not centres:
        return np.empty(0, ids.dtype), np.empty(0, ids.dtype)
    order = generator.permutation(sum(map(len, centres)))
    return np.concatenate(centres)[order], np.concatenate(contexts)[order]


def subsample(ids: np.ndarray, threshold: float, generator: np.random.Generator) -> np.ndarray:
    """A text without most of its most frequent tokens, which stand next to everything and so tell little.

    A token whose share of the text is f stays with probability sqrt(threshold / f); rarer than the
    threshold, it always stays. Shapes: ids (N,) → (M,). Source: section 2.3.

    Raises:
        ValueError: if threshold is not positive.
    """
    if threshold <= 0:
        raise ValueError(f"threshold must be positive, got {threshold}")
    shares = np.bincount(ids) / max(len(ids), 1)
    stays = np.sqrt(threshold / np.maximum(shares, threshold))
    return ids[generator.random(len(ids)) < stays[ids]]


def noise_distribution(ids: np.ndarray, vocab_size: int) -> np.ndarray:
    """How likely each token is drawn as a negative: its frequency to the power 3/4, (V,).

    Raises:
        ValueError: if the text is empty, or a token is not in the vocabulary.
    """
    if not len(ids):
        raise ValueError("ids is empty")
    if ids.max() >= vocab_size:
        raise ValueError(f"ids must lie in [0, {vocab_size}), the size of the vocabulary; got {ids.max()}")
    weights = np.bincount(ids, minlength=vocab_size) ** 0.75
    return weights / weights.sum()


def skip_gram_batches(
    ids: np.ndarray, vocab_size: int, window: int, n_negatives: int, batch_size: int, generator: np.random.Generator
) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """One pass over a text: (centres (N,), contexts (N,), negatives (N, n_negatives)) for `SkipGram`."""
    centres, contexts = skip_gram_pairs(ids, window, generator)
    noise = np.cumsum(noise_distribution(ids, vocab_size))
    for start in range(0, len(centres), batch_size):
        batch = slice(start, start + batch_size)
        draws = generator.random((len(centres[batch]), n_negatives))
        negatives = np.minimum(np.searchsorted(noise, draws, side="right"), vocab_size - 1)
        yield centres[batch], contexts[batch], negatives
