"""Prefix language modelling: the beginning of a text is given, the rest is predicted token by token.

The prefix carries no loss, so the model may read it in both directions. In a decoder, the positions of the prefix
attend to each other; attention is causal only after it:

    position         w1  w2  w3  w4  w5
    prefix_mask       1   1   1   0   0
    w2 attends to    w1  w2  w3
    w4 attends to    w1  w2  w3  w4
    label                     w4  w5  w6

In an encoder-decoder, the prefix goes to the encoder, and the decoder writes the rest:

    h_1 … h_T = Encoder(w_1 … w_T),   w_{T+1} … = Decoder(h_1 … h_T)

Sources: the lecture, "Pretraining encoder-decoders"; Raffel et al. 2020, sections 3.2.1 and 3.3.1;
Liu et al. 2018, "Generating Wikipedia by Summarizing Long Sequences".
"""

import numpy as np

from minigrad import IGNORE
from minigrad.checks import whole_number
from models.inputs import pad_batch
from models.objectives.batch import check_batch, check_two_tokens
from models.objectives.causal_lm import causal_lm


def prefix_lm(
    ids: np.ndarray, generator: np.random.Generator, attention_mask: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Split each sequence at a random position, for a decoder.

    Shapes: ids (B, T + 1) integers → inputs (B, T), labels (B, T), prefix_mask (B, T), all int64.

    The labels are those of `causal_lm`, with IGNORE where the label lies in the prefix. The prefix's last token is the
    first position that predicts. prefix_mask is 1 in the prefix.

    Args:
        attention_mask: (B, T + 1), 1 where there is a token. Padding may be on either side.

    Raises:
        ValueError: if a sequence has fewer than two tokens, an id is negative, or the mask's shape differs.
        TypeError: if ids are not integers, or the mask holds neither integers nor booleans.
    """
    ids, is_token = check_batch(ids, attention_mask)
    in_prefix = prefixes(is_token, generator)  # (B, T + 1)
    inputs, labels = causal_lm(ids, attention_mask)  # (B, T), (B, T)
    # Inside the prefix a position sees the next token, so predicting it would be copying. in_prefix is shifted as the
    # labels are: what counts is where the predicted token lies, not where it is predicted.
    labels = np.where(in_prefix[:, 1:], IGNORE, labels)  # (B, T)
    return inputs, labels, in_prefix[:, :-1].astype(np.int64)


def prefix_lm_encoder_decoder(
    ids: np.ndarray, generator: np.random.Generator, attention_mask: np.ndarray | None = None, pad_id: int = 0
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Split each sequence at a random position, for an encoder-decoder.

    Shapes: ids (B, T) integers → inputs (B, S), labels (B, L) with IGNORE at padding, attention_mask (B, S).

    Args:
        attention_mask: (B, T), 1 where there is a token. Padding may be on either side; it is removed.
        pad_id: pads the shorter inputs.

    Raises:
        ValueError: if a sequence has fewer than two tokens, an id is negative, or the mask's shape differs.
        TypeError: if ids are not integers, or the mask holds neither integers nor booleans.
    """
    ids, is_token = check_batch(ids, attention_mask)
    in_prefix = prefixes(is_token, generator)  # (B, T)
    in_rest = is_token & ~in_prefix  # (B, T)
    whole_number("pad_id", pad_id, at_least=0)
    inputs, input_mask = pad_batch([row[given] for row, given in zip(ids, in_prefix, strict=True)], pad_id)
    # L differs from S: the two halves go to different stacks, each with its own positions from 0.
    labels, _ = pad_batch([row[rest] for row, rest in zip(ids, in_rest, strict=True)], IGNORE)
    return inputs, labels, input_mask


def prefixes(is_token: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """Where each prefix lies, (B, T) booleans: the first 1 … n - 1 of n tokens, each length equally likely."""
    check_two_tokens(is_token)
    lengths = generator.integers(1, is_token.sum(axis=1))  # (B,)
    # cumsum numbers the tokens 1, 2, …, and padding does not count: [0 1 1 1] → [0 1 2 3], a prefix of 2 → [0 1 1 0].
    return is_token & (np.cumsum(is_token, axis=1) <= lengths[:, None])
