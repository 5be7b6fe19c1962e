"""Masked language modelling: hide some of the tokens, and predict them from the context on both sides.

This is the objective of encoders. They see the whole text, so predicting the next token would be trivial. 15% of
the tokens are chosen, and the model predicts all of them. Of the chosen tokens

    80% become [MASK],
    10% become a random token,
    10% stay unchanged.

Texts in finetuning contain no [MASK]. If every chosen token became one, the model would need good states only there.
Because any token may be random, or be chosen and unchanged, the model needs good states everywhere.

The objective has two steps, each a function: choose the tokens, then replace them.

Sources: the lecture, "Pretraining encoders"; Devlin et al. 2019, section 3.1 (task 1) and appendix A.1.
Whole words: the notes of BERT's second release, May 2019.
"""

from collections.abc import Collection, Sequence

import numpy as np

from minigrad import IGNORE
from minigrad.checks import integers, number, whole_number, zero_one_mask
from models.inputs import check_vocabulary
from models.objectives.batch import check_batch, check_share


def masked_lm(
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
) -> tuple[np.ndarray, np.ndarray]:
    """Hide tokens of a batch: what the encoder reads, and what it must predict at the chosen positions.

    Shapes: ids (B, T) integers → inputs (B, T), labels (B, T) with IGNORE where no token was chosen, both int64.

    As in BERT, a fixed number of tokens is chosen in each sequence: round(rate · n), at least 1. (RoBERTa and
    Hugging Face decide for each token independently, so their number varies.) n counts the tokens that may be
    chosen. Padding does not affect the draw.

    Args:
        mask_id: the token [MASK].
        vocab_size: V. The random tokens are drawn from the whole vocabulary.
        attention_mask: (B, T), 1 where there is a token. Padding is never chosen.
        special_ids: tokens that are never chosen, such as [CLS] and [SEP].
        word_numbers: (B, T), the same number for the tokens of one word, from `number_words`. If given, whole words
            are chosen.
        rate: the share of the tokens that is chosen.
        replace: the shares of these that become [MASK], become a random token, and stay.

    Raises:
        ValueError: if a shape or a share does not fit, or an id (also of mask_id and special_ids) is not in the
            vocabulary.
        TypeError: if an id is not an integer.
    """
    choosable = choosable_tokens(ids, attention_mask, special_ids, vocab_size)  # (B, T)
    if word_numbers is None:
        chosen = choose_tokens(choosable, generator, rate)  # (B, T)
    else:
        # Within a word, one piece often gives away the next ("##believ" → "##able"); without the word, context must.
        chosen = choose_words(choosable, word_numbers, generator, rate)  # (B, T)
    inputs = replace_tokens(ids, chosen, generator, mask_id=mask_id, vocab_size=vocab_size, replace=replace)  # (B, T)
    return inputs, labels_at(chosen, ids)


# -- which tokens are chosen ------------------------------------------------------------------------


def choosable_tokens(
    ids: np.ndarray, attention_mask: np.ndarray | None, special_ids: Collection[int], vocab_size: int
) -> np.ndarray:
    """Where there is a token that is not special: (B, T) ids → (B, T) booleans.

    Raises:
        ValueError: if ids or special_ids are not in the vocabulary, or the mask does not fit.
        TypeError: if they are not integers, or the mask holds neither integers nor booleans.
    """
    vocab_size = whole_number("vocab_size", vocab_size, at_least=1)
    ids, is_token = check_batch(ids, attention_mask, vocab_size)
    if not isinstance(special_ids, Collection):
        raise TypeError(f"special_ids must be a collection of ids, got {special_ids!r}")
    return is_token & ~np.isin(ids, check_vocabulary("special_ids", list(special_ids), vocab_size))


def choose_tokens(choosable: np.ndarray, generator: np.random.Generator, rate: float) -> np.ndarray:
    """Choose round(rate · n) of each row's n choosable tokens, at least one: (B, T) booleans → (B, T) booleans."""
    check_share("rate", rate)
    choosable = zero_one_mask("choosable", choosable, "a token may be chosen")
    chosen = np.zeros_like(choosable)
    for b, row in enumerate(choosable):
        positions = np.flatnonzero(row)  # (n,)
        if len(positions):
            n_chosen = max(round(rate * len(positions)), 1)  # 128 tokens: 19; a row without any would teach nothing
            chosen[b, generator.choice(positions, n_chosen, replace=False)] = True
    return chosen


def choose_words(
    choosable: np.ndarray, word_numbers: np.ndarray, generator: np.random.Generator, rate: float
) -> np.ndarray:
    """Choose whole words, until round(rate · n) tokens of each row are chosen: (B, T) booleans → (B, T) booleans.

    A word with more tokens than are still to be chosen is skipped, as in BERT, so a row may have slightly fewer chosen
    tokens than `choose_tokens` gives it. If every word of a row is too long, one of its shortest is chosen.
    """
    choosable = zero_one_mask("choosable", choosable, "a token may be chosen")
    chosen = np.zeros_like(choosable)
    for b, words in enumerate(words_of(choosable, word_numbers)):
        left = n_to_choose(words, rate)
        for i in generator.permutation(len(words)):  # each word once, in random order
            if len(words[i]) <= left:
                chosen[b, words[i]] = True
                left -= len(words[i])
    return chosen


def words_of(choosable: np.ndarray, word_numbers: np.ndarray) -> list[list[np.ndarray]]:
    """For each row its words from left to right, each as the positions of its tokens.

    Raises:
        ValueError: if the shape of word_numbers differs.
        TypeError: if they are not integers.
    """
    word_numbers = integers("word_numbers", word_numbers)
    if word_numbers.shape != choosable.shape:
        raise ValueError(f"word_numbers must have the shape of ids, {choosable.shape}, got {word_numbers.shape}")
    rows = []
    for row, numbers in zip(choosable, word_numbers, strict=True):
        positions = np.flatnonzero(row)  # (n,)
        # A word ends at a gap (a special token or padding) or where the word number changes.
        begins = (np.diff(positions) > 1) | (np.diff(numbers[positions]) != 0)
        rows.append(np.split(positions, np.flatnonzero(begins) + 1) if len(positions) else [])
    return rows


def n_to_choose(words: Sequence[np.ndarray], rate: float) -> int:
    """The number of tokens to choose in a row: round(rate · n), but at least the length of its shortest word."""
    check_share("rate", rate)
    lengths = [len(word) for word in words]
    return max(round(rate * sum(lengths)), min(lengths, default=0))


def labels_at(chosen: np.ndarray, ids: np.ndarray) -> np.ndarray:
    """The chosen tokens, and IGNORE elsewhere: (B, T) int64."""
    return np.where(chosen, integers("ids", ids), IGNORE)


def number_words(pieces: Sequence[str], continuation: str = "##") -> np.ndarray:
    """The number of the word that each piece of a WordPiece text belongs to, (T,).

    >>> number_words(["an", "un", "##believ", "##able", "day"])
    array([1, 2, 2, 2, 3])
    """
    return np.cumsum([not piece.startswith(continuation) for piece in pieces])


# -- what replaces them -----------------------------------------------------------------------------


def replace_tokens(
    ids: np.ndarray,
    chosen: np.ndarray,
    generator: np.random.Generator,
    *,
    mask_id: int,
    vocab_size: int,
    replace: tuple[float, float, float] = (0.8, 0.1, 0.1),
    span_numbers: np.ndarray | None = None,
) -> np.ndarray:
    """Put [MASK], a random token or the token itself at each chosen position: ids (B, T) → inputs (B, T) int64.

    Args:
        replace: the probabilities of the three.
        span_numbers: (B, T), the same number for the tokens of one span. The choice is then made once per span:
            all its tokens become [MASK], or all become random tokens, or all stay. None chooses for each token.

    Raises:
        ValueError: if the shares are not three that sum to 1, or mask_id or one of ids is not in the vocabulary.
        TypeError: if an id is not an integer.
    """
    if not isinstance(replace, Collection):
        raise TypeError(f"replace must be three shares that sum to 1, got {replace!r}")
    shares = [number("replace", share) for share in replace]
    if len(shares) != 3 or min(shares) < 0 or not np.isclose(sum(shares), 1):
        raise ValueError(f"replace must be three shares that sum to 1, got {replace}")
    vocab_size = whole_number("vocab_size", vocab_size, at_least=1)
    mask_id = whole_number("mask_id", mask_id)
    if not 0 <= mask_id < vocab_size:
        raise ValueError(f"mask_id must lie in [0, {vocab_size}), the size of the vocabulary; got {mask_id}")
    ids = check_vocabulary("ids", ids, vocab_size)
    chosen = zero_one_mask("chosen", chosen, "a token is chosen")
    tokens = ids[chosen]  # (n_chosen,)
    # Both are drawn for every chosen token, used or not, so that the shares do not shift the random stream.
    draws = generator.random(len(tokens))  # (n_chosen,)
    random_tokens = generator.integers(vocab_size, size=len(tokens))  # (n_chosen,)
    if span_numbers is not None:  # all tokens of a span share the draw of its first
        _, first, span_of = np.unique(span_numbers[chosen], return_index=True, return_inverse=True)
        draws = draws[first[span_of]]
    # One uniform draw decides among three: below 0.8 [MASK], from 0.8 to 0.9 a random token, above it the token itself.
    to_mask, to_random, _ = shares
    inputs = ids.copy()
    inputs[chosen] = np.select([draws < to_mask, draws < to_mask + to_random], [mask_id, random_tokens], tokens)
    return inputs
