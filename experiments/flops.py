"""Floating-point operations of training: one formula, used by every experiment.

A multiplication and an addition for each weight and token in the forward pass, twice as many in the
backward pass: 6 N D. The output layer counts (V · d weights), the lookup of embeddings does not. Attention
adds the products of queries with keys and of weights with values, which have no weights of their own; on
average a position sees half of the context.

Source: Kaplan et al. 2020, "Scaling Laws for Neural Language Models", section 2.1.
"""

from models.gpt import GPTConfig
from models.lstm_lm import LSTMConfig


def gpt_weights(config: GPTConfig) -> int:
    """N, the weights in the matrices of the blocks: 4 d² in attention, 2 d · d_ff in feed-forward."""
    d_ff = config.d_ff or 4 * config.d_model
    return config.n_layers * (4 * config.d_model**2 + 2 * config.d_model * d_ff)


def gpt_flops(config: GPTConfig, tokens: int, context: int) -> float:
    """Training a decoder on `tokens` tokens in windows of `context`: 6 (N + V d) D + 6 L d T D."""
    weights = gpt_weights(config) + config.vocab_size * config.d_model
    attention = config.n_layers * config.d_model * context
    return 6.0 * (weights + attention) * tokens


def lstm_flops(config: LSTMConfig, tokens: int) -> float:
    """Training an LSTM language model on `tokens` tokens: 6 (N + V d) D, with N = 8 d² a layer."""
    weights = config.n_layers * 8 * config.d_model**2 + config.vocab_size * config.d_model
    return 6.0 * weights * tokens


def skip_gram_flops(d_model: int, n_negatives: int, pairs: int) -> float:
    """Training word vectors on `pairs` pairs: a product of vectors for the context and each negative."""
    return 6.0 * d_model * (1 + n_negatives) * pairs
