"""Filling in: the likeliest pieces for each [MASK] of a text, by an encoder."""

from collections.abc import Sequence

import numpy as np

from minigrad import no_grad
from minigrad.checks import whole_number
from models.bert import BERT
from models.sampling import next_token_distribution
from models.text.special_tokens import as_read, limit
from tokenizer import WordPiece
from tokenizer.formats.bert_files import MASK, PREFIX


@no_grad()
def fill(model: BERT, tokenizer: WordPiece, text: str, n_best: int = 5) -> list[list[tuple[str, float]]]:
    """The likeliest pieces for each [MASK] in a text, with their probabilities.

    Raises:
        ValueError: if the text has no [MASK] or more tokens than the model has positions, n_best is not from 1 to the
            size of the vocabulary, the model has no masked-LM head, or it has diverged.
        TypeError: if n_best is not an integer.
    """
    whole_number("n_best", n_best, at_least=1, at_most=model.config.vocab_size)
    ids = np.array([as_read(model, tokenizer, text)])  # (1, T)
    rows, places = np.nonzero(ids == tokenizer.ids.get(MASK, -1))
    if not len(places):
        raise ValueError(f"text must have a {MASK}, got {text!r}")
    if ids.shape[1] > model.config.n_positions:
        raise ValueError(f"text must have {limit(model, tokenizer)}, got {ids.shape[1]}")
    masked = model(ids)[rows, places]  # (n_masks, D)
    probs = next_token_distribution(model.masked_lm_logits(masked).numpy())  # (n_masks, V)
    best = np.argsort(-probs, axis=-1, kind="stable")[:, :n_best]  # (n_masks, n_best)
    return [
        [(tokenizer.vocab.get(int(id), ""), float(row[id])) for id in ids_of_row]
        for row, ids_of_row in zip(probs, best, strict=True)
    ]


def filled(text: str, pieces: Sequence[str]) -> str:
    """A text with each [MASK] replaced by a piece: "a cat [MASK] ." with "##s" is "a cats .".

    A piece that begins with ## is joined to the text before it, if there is any, as in WordPiece's `decode`. Any other
    piece is a word of its own. The rest of the text does not change.

    Raises:
        ValueError: if there are not as many pieces as masks.
    """
    start, *rest = text.split(MASK)
    if len(pieces) != len(rest):
        raise ValueError(f"pieces must be one for each of the {len(rest)} {MASK} in the text, got {len(pieces)}")
    for piece, after in zip(pieces, rest, strict=True):
        joins = piece.startswith(PREFIX) and start.strip()
        start = start.rstrip() + piece.removeprefix(PREFIX) if joins else _as_words(start, piece)
        start = _as_words(start, after)
    return start


def _as_words(before: str, after: str) -> str:
    """Two texts joined, with a space between them if they would otherwise read as one word."""
    return before + " " * (before[-1:].isalnum() and after[:1].isalnum()) + after
