"""Span masking: masked language modelling where the hidden tokens stand next to each other.

A single hidden piece can often be told from its neighbours. A span of whole words must be told from
what stands around it, which makes the task harder and its use greater where spans are wanted.

Spans are drawn one after the other, each from a random word on, until 15% of the tokens are chosen.
Their lengths in words are geometric: short ones are likely, and ten is the longest.

    P(length) ∝ p (1 - p)^(length - 1),   length = 1 … 10,   p = 0.2

These probabilities are made to sum to 1 over 1 … 10, and then the mean is 3.8. (Cutting longer draws down to 10
instead would give 4.5.)

Sources: the lecture, "Extensions of BERT"; Joshi et al. 2020, "SpanBERT", section 3.1.
"""

from collections.abc import Collection

import numpy as np

from minigrad.checks import number, whole_number, zero_one_mask
from models.objectives.masked_lm import choosable_tokens, labels_at, n_to_choose, replace_tokens, words_of


def span_masking(
    ids: np.ndarray,
    generator: np.random.Generator,
    *,
    mask_id: int,
    vocab_size: int,
    attention_mask: np.ndarray | None = None,
    special_ids: Collection[int] = (),
    word_numbers: np.ndarray | None = None,
    rate: float = 0.15,
    replace: tuple[float, float, float] = (0.8, 0.1, 0.1),
    p: float = 0.2,
    longest: int = 10,
) -> tuple[np.ndarray, np.ndarray]:
    """Hide spans of words: what the encoder reads, and what it must say at the hidden places.

    Shapes: ids (B, T) integers → inputs (B, T), labels (B, T) with IGNORE at what was not chosen, both int64.

    Whether a span becomes [MASK]s, becomes random tokens or stays is drawn once for all its tokens.

    Args:
        word_numbers: (B, T), the same number for the tokens of one word; None makes each token a word.
        p: of the geometric distribution of span lengths.
        longest: the most words that a span has.
        The rest as in `masked_lm`.

    Raises:
        ValueError: if a shape, a share, p or longest does not fit, or an id (also of mask_id and special_ids) is not
            in the vocabulary.
        TypeError: if an id is not an integer.
    """
    choosable = choosable_tokens(ids, attention_mask, special_ids, vocab_size)
    if word_numbers is None:
        word_numbers = np.broadcast_to(np.arange(choosable.shape[1]), choosable.shape)
    span_numbers = choose_spans(choosable, word_numbers, generator, rate, p, longest)
    chosen = span_numbers >= 0
    inputs = replace_tokens(
        ids, chosen, generator, mask_id=mask_id, vocab_size=vocab_size, replace=replace, span_numbers=span_numbers
    )
    return inputs, labels_at(chosen, ids)


def span_length_probabilities(p: float = 0.2, longest: int = 10) -> np.ndarray:
    """How likely a span has 1 … longest words, (longest,).

    Raises:
        ValueError: if p does not lie in (0, 1), or longest is smaller than 1.
    """
    if not 0 < number("p", p) < 1:
        raise ValueError(f"p must lie in (0, 1), got {p}")
    whole_number("longest", longest, at_least=1)
    weights = p * (1 - p) ** np.arange(longest)
    return weights / weights.sum()


def choose_spans(
    choosable: np.ndarray,
    word_numbers: np.ndarray,
    generator: np.random.Generator,
    rate: float = 0.15,
    p: float = 0.2,
    longest: int = 10,
) -> np.ndarray:
    """Choose spans of words, until round(rate · n) tokens of each row are chosen.

    Shapes: choosable (B, T) booleans, word_numbers (B, T) → (B, T), the number of each token's span, counted
    through the batch; -1 where nothing is chosen.

    A span ends early at what may not be chosen, at another span, and before the word that would be too much.
    """
    choosable = zero_one_mask("choosable", choosable, "a token may be chosen")
    probabilities = span_length_probabilities(p, longest)
    span_numbers = np.full(choosable.shape, -1)
    n_spans = 0
    for numbers, words in zip(span_numbers, words_of(choosable, word_numbers), strict=True):
        left = n_to_choose(words, rate)
        lengths = 1 + generator.choice(longest, size=len(words), p=probabilities)
        for start in generator.permutation(len(words)):
            # A word passed over here is in a span already, or too long for what is left, and so it will stay.
            end = start
            for word in words[start : start + lengths[start]]:
                follows = end == start or word[0] == words[end - 1][-1] + 1
                if not follows or numbers[word[0]] >= 0 or len(word) > left:
                    break
                numbers[word] = n_spans
                left -= len(word)
                end += 1
            n_spans += end > start
    return span_numbers
