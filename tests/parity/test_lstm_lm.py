"""Our LSTM language model against PyTorch's LSTM between a tied embedding: logits, loss and every gradient."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minigrad import ops, use_kernels
from models.lstm_lm import LSTMConfig, LSTMLanguageModel
from models.objectives.causal_lm import causal_lm
from tests.parity.test_ops import assert_close

torch = pytest.importorskip("torch")

TOLERANCE = 1e-4


def twins(config: LSTMConfig, seed: int):
    """Our model, and PyTorch's embedding and LSTM with the same weights. PyTorch adds two biases: ours is their sum."""
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    ours = LSTMLanguageModel(config)
    for parameter in ours.parameters():
        parameter.data[...] = 0.4 * rng.standard_normal(parameter.shape, dtype=np.float32)
    embedding = torch.nn.Embedding(config.vocab_size, config.d_model)
    lstm = torch.nn.LSTM(config.d_model, config.d_model, config.n_layers, batch_first=True)
    with torch.no_grad():
        embedding.weight.copy_(torch.tensor(ours.token_embedding.weight.data))
        weights = {name: torch.tensor(array) for name, array in ours.lstm.state_dict().items()}
        for i in range(config.n_layers):
            getattr(lstm, f"weight_ih_l{i}").copy_(weights[f"layers.{i}.weight_ih"])
            getattr(lstm, f"weight_hh_l{i}").copy_(weights[f"layers.{i}.weight_hh"])
            getattr(lstm, f"bias_ih_l{i}").copy_(weights[f"layers.{i}.bias"] - getattr(lstm, f"bias_hh_l{i}"))
    return ours, embedding, lstm


@pytest.mark.parametrize("kernels", ["reference", "fast"])
def test_logits_loss_and_every_gradient_agree_with_pytorch(kernels: str):
    @settings(max_examples=20)
    @given(
        vocab_size=st.integers(2, 40),
        d_model=st.integers(1, 17),
        n_layers=st.integers(1, 3),
        lengths=st.lists(st.integers(2, 9), min_size=1, max_size=4),
        seed=st.integers(0, 2**16),
    )
    def check(vocab_size, d_model, n_layers, lengths, seed):
        ours, embedding, lstm = twins(LSTMConfig(vocab_size, d_model, n_layers), seed)
        ids = np.random.default_rng(seed).integers(vocab_size, size=(len(lengths), max(lengths)))
        attention_mask = np.arange(max(lengths)) < np.array(lengths)[:, None]
        inputs, labels = causal_lm(ids, attention_mask)
        with use_kernels(kernels):
            logits = ours(inputs, attention_mask[:, :-1])
            loss = ops.cross_entropy(logits, labels)
            loss.backward()

        states, _ = lstm(embedding(torch.tensor(inputs)))
        expected_logits = torch.nn.functional.linear(states, embedding.weight)
        expected_loss = torch.nn.functional.cross_entropy(expected_logits.flatten(0, 1), torch.tensor(labels).flatten())
        expected_loss.backward()
        assert_close(logits.data, expected_logits.detach().numpy(), TOLERANCE)
        assert_close(loss.data, expected_loss.detach().numpy(), TOLERANCE)
        assert_close(ours.token_embedding.weight.grad, embedding.weight.grad.numpy(), TOLERANCE)
        for name, parameter in ours.lstm.named_parameters():
            _, number, kind = name.split(".")
            expected = getattr(lstm, f"{kind.replace('bias', 'bias_ih')}_l{number}").grad
            assert_close(parameter.grad, expected.numpy(), TOLERANCE)

    check()
