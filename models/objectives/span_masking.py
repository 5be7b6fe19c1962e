"""Span masking: masked language modelling that hides contiguous tokens.

A single hidden piece can often be guessed from its neighbours. A hidden span of whole words can only be predicted from
the text around it. That is harder, and it helps tasks whose answers are spans, such as extractive question answering.

Spans are drawn one after the other, each starting at a random word, until 15% of the tokens are chosen. Their lengths
in words follow a geometric distribution: short spans are likely, and the longest has ten words.

    P(length) ∝ p (1 - p)^(length - 1),   length = 1 … 10,   p = 0.2

These probabilities are normalised over 1 … 10, which gives a mean of 3.8. (Clipping longer draws to 10 instead would
give 4.5.)

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
    """Hide spans of words: what the encoder reads, and what it must predict at the chosen positions.

    Shapes: ids (B, T) integers → inputs (B, T), labels (B, T) with IGNORE where no token was chosen, both int64.

    All tokens of a span are treated alike: they become [MASK]s, become random tokens, or stay.

    Args:
        word_numbers: (B, T), the same number for the tokens of one word; None makes each token a word.
        p: the parameter of the geometric distribution of span lengths.
        longest: the largest number of words in a span.
        The rest as in `masked_lm`.

    Raises:
        ValueError: if a shape, a share, p or longest does not fit, or an id (also of mask_id and special_ids) is not
            in the vocabulary.
        TypeError: if an id is not an integer.
    """
    choosable = choosable_tokens(ids, attention_mask, special_ids, vocab_size)  # (B, T)
    if word_numbers is None:
        word_numbers = np.broadcast_to(np.arange(choosable.shape[1]), choosable.shape)
    span_numbers = choose_spans(choosable, word_numbers, generator, rate, p, longest)  # (B, T)
    chosen = span_numbers >= 0  # (B, T)
    # A span is replaced as a whole: a token left in place inside it would help to guess the others.
    inputs = replace_tokens(
        ids, chosen, generator, mask_id=mask_id, vocab_size=vocab_size, replace=replace, span_numbers=span_numbers
    )
    return inputs, labels_at(chosen, ids)


def span_length_probabilities(p: float = 0.2, longest: int = 10) -> np.ndarray:
    """The probability of each span length, 1 … longest words, (longest,).

    Raises:
        ValueError: if p does not lie in (0, 1), or longest is smaller than 1.
    """
    if not 0 < number("p", p) < 1:
        raise ValueError(f"p must lie in (0, 1), got {p}")
    whole_number("longest", longest, at_least=1)
    # Each further word is included with probability 1 - p. For p = 0.2: 0.224, 0.179, 0.143, … 0.030.
    weights = p * (1 - p) ** np.arange(longest)  # (longest,)
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

    Shapes: choosable (B, T) booleans, word_numbers (B, T) → (B, T), the number of each token's span, counted across
    the batch; -1 where nothing is chosen.

    A span ends early at a token that may not be chosen, at another span, and before a word that would exceed the number
    of tokens to choose.
    """
    choosable = zero_one_mask("choosable", choosable, "a token may be chosen")
    probabilities = span_length_probabilities(p, longest)
    span_numbers = np.full(choosable.shape, -1)
    n_spans = 0
    for numbers, words in zip(span_numbers, words_of(choosable, word_numbers), strict=True):
        left = n_to_choose(words, rate)
        # A length for each possible start, drawn at once; most are never used.
        lengths = 1 + generator.choice(longest, size=len(words), p=probabilities)  # (n_words,)
        for start in generator.permutation(len(words)):
            # A start that is skipped here never becomes possible later: spans do not go away, and `left` only shrinks.
            end = start
            for word in words[start : start + lengths[start]]:
                # Words with a special token or padding between them are not contiguous.
                follows = end == start or word[0] == words[end - 1][-1] + 1
                if not follows or numbers[word[0]] >= 0 or len(word) > left:
                    break
                numbers[word] = n_spans
                left -= len(word)
                end += 1
            n_spans += end > start
    return span_numbers
