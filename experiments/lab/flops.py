"""Floating-point operations of training: one formula, used by every experiment.

Each weight takes one multiplication and one addition per token in the forward pass, and twice as many in the
backward pass: 6 N D. The output layer counts (V · d weights), the embedding lookup does not. Attention also multiplies
queries with keys and probabilities with values: a query that sees s keys costs as much as 2 · s · d weights would. In a
decoder s is half of the context T on average, which adds the equivalent of T · d weights per layer; in an encoder s is
T, which adds 2 T · d.

Source: Kaplan et al. 2020, "Scaling Laws for Neural Language Models", section 2.1.
"""

from models.bert import BERTConfig
from models.gpt import GPTConfig
from models.lstm_lm import LSTMConfig
from models.t5 import T5Config


def gpt_weights(config: GPTConfig | BERTConfig) -> int:
    """N, the weights in the matrices of the blocks, a decoder's or an encoder's: 4 d² in attention, 2 d · d_ff in
    feed-forward."""
    d_ff = config.d_ff or 4 * config.d_model
    return config.n_layers * (4 * config.d_model**2 + 2 * config.d_model * d_ff)


def gpt_flops(config: GPTConfig, tokens: int, context: int) -> float:
    """Training a decoder on `tokens` tokens in windows of `context`: 6 (N + V d) D + 6 L d T D."""
    weights = gpt_weights(config) + config.vocab_size * config.d_model
    attention = config.n_layers * config.d_model * context
    return 6.0 * (weights + attention) * tokens


def bert_flops(config: BERTConfig, tokens: int, context: int, predicted: int) -> float:
    """Training an encoder on `tokens` tokens in windows of `context`, `predicted` of them masked and predicted.

    The blocks take 6 N D + 12 L d T D, with N as in the decoder. The masked-LM head, with its d² layer and its V · d
    output, processes only the predicted tokens. The pooler and the next-sentence head read one token per window and are
    left out.
    """
    attention = 2 * config.n_layers * config.d_model * context
    head = config.d_model**2 + config.vocab_size * config.d_model
    return 6.0 * ((gpt_weights(config) + attention) * tokens + head * predicted)


def t5_flops(config: T5Config, inputs: int, outputs: int, input_length: int, output_length: int) -> float:
    """Training an encoder-decoder on `inputs` tokens in windows of `input_length`, S, and `outputs` tokens in
    windows of `output_length`, T.

    A token passes only the weights of its own stack. With w = heads · head size and f matrices in feed-forward (2, or
    3 if it is gated), the weights per token, and attention's products in the same unit, are:

        an input, in each block of the encoder      4 d w + f d d_ff   attention to the input     2 S w
        an input, in each block of the decoder      2 d w              (keys and values for the outputs)
        an output, in each block of the decoder     6 d w + f d d_ff   attention to the outputs     T w
                                                                       attention to the input     2 S w
        an output, in the output layer              V d
    """
    encoder, decoder = config.n_layers, config.n_decoder_layers or config.n_layers
    width = config.n_heads * (config.head_size or config.d_model // config.n_heads)
    projection = config.d_model * width
    feed_forward = (3 if config.gated_gelu else 2) * config.d_model * config.d_ff
    to_inputs, to_outputs = 2 * input_length * width, output_length * width
    of_input = encoder * (4 * projection + feed_forward + to_inputs) + decoder * 2 * projection
    of_output = decoder * (6 * projection + feed_forward + to_outputs + to_inputs) + config.vocab_size * config.d_model
    return 6.0 * (of_input * inputs + of_output * outputs)


def lstm_flops(config: LSTMConfig, tokens: int) -> float:
    """Training an LSTM language model on `tokens` tokens: 6 (N + V d) D, with N = 8 d² a layer."""
    weights = config.n_layers * 8 * config.d_model**2 + config.vocab_size * config.d_model
    return 6.0 * weights * tokens


def skip_gram_flops(d_model: int, n_negatives: int, pairs: int) -> float:
    """Training word vectors on `pairs` pairs: one dot product for the context and one for each negative."""
    return 6.0 * d_model * (1 + n_negatives) * pairs
