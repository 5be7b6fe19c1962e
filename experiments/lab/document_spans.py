"""Span masking (`models/objectives/span_masking.py`) on short documents. Two things differ from one long text:

The spans are drawn in the whole batch, until `rate` of its words are chosen. SpanBERT hides 77 tokens of a text of 512.
Of a document of 16 words 15% are two words, and no longer span would fit. Drawn in a batch, spans have all lengths;
one document gets two of them and another one none. A span still ends where its segment ends.

Words that are never predicted because they are too easy, such as "the", do not end a span. They are hidden if the words
on both sides belong to the span, but count neither for its length nor for the rate, and carry no loss:

    text      [CLS]  the  dog  chased  the  cat  .  [SEP]
    hidden                 x     x      x    x              one span of three words
    targets               dog  chased       cat
"""

from collections.abc import Collection

import numpy as np

from models.objectives.masked_lm import choosable_tokens, labels_at, replace_tokens
from models.objectives.span_masking import choose_spans


def hide_spans(
    ids: np.ndarray,
    attention_mask: np.ndarray,
    generator: np.random.Generator,
    *,
    mask_id: int,
    vocab_size: int,
    separators: Collection[int],
    never_predicted: Collection[int],
    rate: float,
    replace: tuple[float, float, float],
) -> tuple[np.ndarray, np.ndarray]:
    """Hide spans of words: ids, attention_mask (B, T) → inputs (B, T), labels (B, T).

    Args:
        separators: the tokens that end a span, and are never hidden: [CLS] and [SEP].
        never_predicted: the tokens that carry no loss. All but the separators may be hidden inside a span.
        rate: the share of the other tokens that is hidden.
        The rest as in `span_masking`.
    """
    predictable = choosable_tokens(ids, attention_mask, never_predicted, vocab_size)  # (B, T)
    too_easy = choosable_tokens(ids, attention_mask, separators, vocab_size) & ~predictable  # (B, T)
    span_numbers = choose_spans_over(too_easy, predictable, generator, rate)  # (B, T)
    hidden = span_numbers >= 0  # (B, T)
    inputs = replace_tokens(
        ids, hidden, generator, mask_id=mask_id, vocab_size=vocab_size, replace=replace, span_numbers=span_numbers
    )
    return inputs, labels_at(hidden & predictable, ids)


def choose_spans_over(
    too_easy: np.ndarray, predictable: np.ndarray, generator: np.random.Generator, rate: float
) -> np.ndarray:
    """Choose spans of predictable words in the whole batch; words between two of them that are too easy belong to the
    span.

    Shapes: too_easy, predictable (B, T) booleans, the first token of a row neither → (B, T), the number of each token's
    span, -1 where nothing is chosen.
    """
    others = ~too_easy.ravel()  # (B · T,): what is left of the batch without the words that are too easy
    chosen = choose_spans(predictable.ravel()[others][None], np.arange(others.sum())[None], generator, rate)[0]  # (N,)
    before = np.cumsum(others) - 1  # (B · T,): a token's place among them, or that of the last one before it
    after = (before + 1).clip(max=len(chosen) - 1)
    belongs = others | (chosen[before] == chosen[after])
    return np.where(belongs, chosen[before], -1).reshape(predictable.shape)
