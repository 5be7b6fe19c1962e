"""The FLOP formulas against a count of every matrix product."""

from experiments.flops import gpt_flops, gpt_weights, lstm_flops, skip_gram_flops
from models.gpt import GPT, GPTConfig
from models.lstm_lm import LSTMConfig, LSTMLanguageModel


def test_weights_of_the_blocks_are_those_of_the_model():
    config = GPTConfig(50, n_positions=8, d_model=16, n_layers=3, n_heads=2, d_ff=40)
    blocks = [p for name, p in GPT(config).named_parameters() if name.startswith("blocks") and p.ndim == 2]
    assert gpt_weights(config) == sum(parameter.size for parameter in blocks)


def test_gpt_flops_are_three_times_two_for_each_product():
    config = GPTConfig(50, n_positions=8, d_model=16, n_layers=3, n_heads=2, d_ff=40)
    tokens, context = 1, 10
    forward = 0
    for _ in range(config.n_layers):
        forward += 4 * 2 * 16 * 16  # q, k, v, out
        forward += 2 * 2 * 16 * 40  # up, down
        forward += 2 * 2 * 16 * context // 2  # scores and weighted values, over half of the context on average
    forward += 2 * 16 * 50  # logits
    assert gpt_flops(config, tokens, context) == 3 * forward


def test_lstm_flops_count_the_gates_and_the_output_layer():
    config = LSTMConfig(50, d_model=16, n_layers=2)
    model = LSTMLanguageModel(config)
    matrices = [p.size for name, p in model.named_parameters() if p.ndim == 2]
    assert lstm_flops(config, tokens=7) == 6 * 7 * sum(matrices)


def test_skip_gram_flops_count_one_product_for_the_context_and_each_negative():
    assert skip_gram_flops(d_model=10, n_negatives=5, pairs=3) == 3 * 6 * (2 * 10) * 3
