"""The FLOP formulas against a count of every matrix product."""

import math
from dataclasses import replace

import numpy as np
import pytest

from experiments.lab.flops import bert_flops, gpt_flops, gpt_weights, lstm_flops, skip_gram_flops, t5_flops
from minigrad.kernels.matmul import cpu as matmul_kernel
from models.bert import BERT, BERTConfig
from models.gpt import GPT, GPTConfig
from models.lstm_lm import LSTMConfig, LSTMLanguageModel
from models.t5 import T5, T5Config

GPT_CONFIG = GPTConfig(50, n_positions=8, d_model=16, n_layers=3, n_heads=2, d_ff=40)
BERT_CONFIG = BERTConfig(50, n_positions=8, d_model=16, n_layers=3, n_heads=2, d_ff=40)
T5_CONFIG = T5Config(50, d_model=16, d_ff=40, n_layers=3, n_decoder_layers=2, n_heads=2, head_size=5)


@pytest.fixture
def products(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The FLOPs of every matrix product that NumPy does from here on: 2 M K N each."""
    counted: list[int] = []
    matmul = np.matmul

    def counting(a: np.ndarray, b: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
        product = matmul(a, b, out=out)
        counted.append(2 * math.prod(product.shape) * a.shape[-1])
        return product

    monkeypatch.setattr(np, "matmul", counting)
    monkeypatch.setattr(matmul_kernel, "FEW_ROWS", 0)  # products of few rows, too, are NumPy's then
    return counted


def ids(*shape: int) -> np.ndarray:
    return np.random.default_rng(0).integers(50, size=shape)


def masked_half(n_layers: int, width: int, tokens: int, length: int) -> int:
    """What a causal kernel does in vain: it multiplies with all keys, half of which the query must not see."""
    return 6 * n_layers * width * length * tokens


def test_gpt_flops_are_those_of_a_training_step(products):
    GPT(GPT_CONFIG)(ids(3, 7)).sum().backward()
    assert sum(products) == gpt_flops(GPT_CONFIG, tokens=21, context=7) + masked_half(3, 16, 21, 7)


def test_bert_flops_are_those_of_a_training_step(products):
    model = BERT(BERT_CONFIG)
    hidden = model.hidden_states(ids(3, 7))
    model.masked_lm_logits(hidden[:, 2:4]).sum().backward()
    assert sum(products) == bert_flops(BERT_CONFIG, tokens=21, context=7, predicted=6)


@pytest.mark.parametrize(
    "change", [{}, {"gated_gelu": True, "tied_head": False}, {"n_decoder_layers": None, "head_size": None}]
)
def test_t5_flops_are_those_of_a_training_step(products, change):
    config = replace(T5_CONFIG, **change)
    T5(config)(ids(3, 7), ids(3, 4)).sum().backward()
    flops = t5_flops(config, inputs=21, outputs=12, input_length=7, output_length=4)
    width = 10 if config.head_size else 16
    assert sum(products) == flops + masked_half(config.n_decoder_layers or 3, width, 12, 4)


def test_weights_of_the_blocks_are_those_of_the_model():
    blocks = [p for name, p in GPT(GPT_CONFIG).named_parameters() if name.startswith("blocks") and p.ndim == 2]
    assert gpt_weights(GPT_CONFIG) == sum(parameter.size for parameter in blocks)


def test_gpt_flops_are_three_times_two_for_each_product():
    tokens, context = 1, 10
    forward = 0
    for _ in range(GPT_CONFIG.n_layers):
        forward += 4 * 2 * 16 * 16  # q, k, v, out
        forward += 2 * 2 * 16 * 40  # up, down
        forward += 2 * 2 * 16 * context // 2  # scores and weighted values, over half of the context on average
    forward += 2 * 16 * 50  # logits
    assert gpt_flops(GPT_CONFIG, tokens, context) == 3 * forward


def test_lstm_flops_count_the_gates_and_the_output_layer():
    config = LSTMConfig(50, d_model=16, n_layers=2)
    model = LSTMLanguageModel(config)
    matrices = [p.size for name, p in model.named_parameters() if p.ndim == 2]
    assert lstm_flops(config, tokens=7) == 6 * 7 * sum(matrices)


def test_skip_gram_flops_count_one_product_for_the_context_and_each_negative():
    assert skip_gram_flops(d_model=10, n_negatives=5, pairs=3) == 3 * 6 * (2 * 10) * 3
