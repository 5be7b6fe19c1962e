"""ELMo and the classifier on it against PyTorch's LSTMs with the same weights: layers, loss and every gradient.

PyTorch's side of the language model reads each row alone and without padding, so that it has nothing to mask.
"""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minigrad import nn, ops, use_kernels
from models.attention_classifier import ElmoClassifier, ElmoPairClassifier
from models.elmo import BiLSTMConfig, BiLSTMLanguageModel, ELMo
from tests.parity.test_ops import assert_close

torch = pytest.importorskip("torch")

TOLERANCE = 1e-4

Weights = dict[str, "torch.Tensor"]
lengths_of_texts = st.lists(st.integers(1, 7), min_size=2, max_size=2)


def with_twin(module: nn.Module, seed: int) -> Weights:
    """Random weights in our module, and the same as PyTorch's leaves, under the same names."""
    rng = np.random.default_rng(seed)
    for parameter in module.parameters():
        parameter.data = 0.4 * rng.standard_normal(parameter.shape, dtype=np.float32)
    return {name: torch.tensor(array, requires_grad=True) for name, array in module.state_dict().items()}


def assert_same_gradients(module: nn.Module, weights: Weights) -> None:
    for name, parameter in module.named_parameters():
        expected = weights[name].grad
        if parameter.grad is None:
            assert expected is None or not expected.any(), name
        else:
            assert_close(parameter.grad, expected.numpy(), TOLERANCE)


def random_batch(lengths: list[int], vocab_size: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    ids = np.random.default_rng(seed).integers(vocab_size, size=(len(lengths), max(lengths)))
    return ids, (np.arange(max(lengths)) < np.array(lengths)[:, None]).astype(np.int64)


def lstm(x: "torch.Tensor", weights: Weights, name: str) -> "torch.Tensor":
    """PyTorch's LSTM layer over one text x (T, D). PyTorch adds two biases: the other one is zero."""
    w_ih, w_hh, bias = (weights[f"{name}.{kind}"] for kind in ("weight_ih", "weight_hh", "bias"))
    layer = torch.nn.LSTM(w_ih.shape[1], w_hh.shape[1])
    theirs = {"weight_ih_l0": w_ih, "weight_hh_l0": w_hh, "bias_ih_l0": bias, "bias_hh_l0": torch.zeros_like(bias)}
    return torch.func.functional_call(layer, theirs, (x,))[0]


def language_model_states(ids: np.ndarray, weights: Weights, n_layers: int, direction: str) -> list["torch.Tensor"]:
    """Of one text without padding, (T,) ids → n_layers + 1 tensors (T, D), in the order of the text."""
    x = weights["token_embedding.weight"][torch.tensor(ids)]
    turned = (lambda x: x.flip(0)) if direction == "backward" else (lambda x: x)
    layers = [turned(x)]
    for layer in range(n_layers):
        outputs = lstm(layers[-1], weights, f"{direction}_lstms.{layer}")
        layers.append(outputs + layers[-1] if layer else outputs)
    return [turned(states) for states in layers]


@pytest.mark.parametrize("kernels", ["reference", "fast"])
def test_layers_loss_and_every_gradient_of_the_language_model_agree_with_pytorch(kernels: str):
    @settings(max_examples=15)
    @given(
        vocab_size=st.integers(2, 30),
        d_model=st.integers(1, 12),
        n_layers=st.integers(1, 3),
        lengths=st.lists(st.integers(1, 8), min_size=1, max_size=4).filter(lambda lengths: max(lengths) > 1),
        seed=st.integers(0, 2**16),
    )
    def check(vocab_size, d_model, n_layers, lengths, seed):
        ours = BiLSTMLanguageModel(BiLSTMConfig(vocab_size, d_model, n_layers))
        weights = with_twin(ours, seed)
        ids, attention_mask = random_batch(lengths, vocab_size, seed)
        with use_kernels(kernels):
            layers = ours.layers(ids, attention_mask)
            loss = ours.loss(ids, attention_mask)
            loss.backward()

        surprises, count = torch.zeros(()), sum(lengths) - len(lengths)
        for row, length in enumerate(lengths):
            text = ids[row, :length]
            forward = language_model_states(text, weights, n_layers, "forward")
            backward = language_model_states(text, weights, n_layers, "backward")
            for our_layer, *both in zip(layers, forward, backward, strict=True):
                assert_close(our_layer.data[row, :length], torch.cat(both, -1).detach().numpy(), TOLERANCE)
            table = weights["token_embedding.weight"]
            for states, labels in ((forward[-1][:-1], text[1:]), (backward[-1][1:], text[:-1])):
                logits = states @ table.T
                surprises = surprises + torch.nn.functional.cross_entropy(logits, torch.tensor(labels), reduction="sum")
        expected_loss = surprises / count
        expected_loss.backward()
        assert_close(loss.data, expected_loss.detach().numpy(), TOLERANCE)
        assert_same_gradients(ours, weights)

    check()


# -- the classifiers: PyTorch's bidirectional LSTM on packed sequences, and attention written out ---


def elmo_vectors(ids: np.ndarray, mask: np.ndarray, elmo: ELMo, weights: Weights) -> "torch.Tensor":
    """γ Σ softmax(s)_j h_j in PyTorch, over our layers."""
    layers = torch.tensor(np.stack([layer.data for layer in elmo.model.layers(ids, mask)]))
    shares = torch.softmax(weights["elmo.mixture.scores"], 0)
    return weights["elmo.mixture.gamma"] * torch.einsum("l,lbtd->btd", shares, layers)


def bilstm(x: "torch.Tensor", mask: np.ndarray, weights: Weights, name: str) -> "torch.Tensor":
    """PyTorch's bidirectional LSTM over padded texts (B, T, D), with the weights of our `BiLSTM`."""
    theirs = {}
    for direction, suffix in (("forward", ""), ("backward", "_reverse")):
        ours = {kind: weights[f"{name}.{direction}_lstm.{kind}"] for kind in ("weight_ih", "weight_hh", "bias")}
        theirs |= {f"{kind}_l0{suffix}": ours[kind] for kind in ("weight_ih", "weight_hh")}
        theirs |= {f"bias_ih_l0{suffix}": ours["bias"], f"bias_hh_l0{suffix}": torch.zeros_like(ours["bias"])}
    layer = torch.nn.LSTM(x.shape[2], theirs["weight_hh_l0"].shape[1], bidirectional=True, batch_first=True)
    packed = torch.nn.utils.rnn.pack_padded_sequence(
        x, torch.tensor(mask.sum(axis=1)), batch_first=True, enforce_sorted=False
    )
    outputs, _ = torch.func.functional_call(layer, theirs, (packed,))
    return torch.nn.utils.rnn.pad_packed_sequence(outputs, batch_first=True)[0]


def without_padding(x: "torch.Tensor", mask: np.ndarray, axis: int) -> "torch.Tensor":
    """Minus infinity at padding, along an axis that has the tokens of `mask` (B, T)."""
    is_padding = torch.tensor(mask == 0).unsqueeze(3 - axis)
    return x.masked_fill(is_padding, -torch.inf)


def mlp(x: "torch.Tensor", weights: Weights) -> "torch.Tensor":
    hidden = torch.tanh(x @ weights["mlp.hidden.weight"].T + weights["mlp.hidden.bias"])
    return hidden @ weights["mlp.out.weight"].T + weights["mlp.out.bias"]


def compare(a: "torch.Tensor", a_mask: np.ndarray, b: "torch.Tensor", b_mask: np.ndarray, weights: Weights):
    """Our `_compare`: (B, T, 2N) and (B, S, 2N) → (B, 2N)."""
    attended = torch.softmax(without_padding(a @ b.transpose(1, 2), b_mask, axis=2), dim=2) @ b
    compared = bilstm(torch.cat([a, attended], dim=2), a_mask, weights, "comparison")
    return without_padding(compared, a_mask, axis=1).max(dim=1).values


@pytest.mark.parametrize("kernels", ["reference", "fast"])
@pytest.mark.parametrize("kind", [ElmoClassifier, ElmoPairClassifier])
def test_logits_and_every_gradient_of_the_classifiers_agree_with_pytorch(kind, kernels: str):
    @settings(max_examples=10)
    @given(
        hidden_size=st.integers(1, 8),
        n_layers=st.integers(1, 3),
        lengths=lengths_of_texts,
        other_lengths=lengths_of_texts,
        seed=st.integers(0, 2**16),
    )
    def check(hidden_size, n_layers, lengths, other_lengths, seed):
        elmo = ELMo(BiLSTMLanguageModel(BiLSTMConfig(11, 5, n_layers)))
        ours = kind(elmo, hidden_size, n_labels=3, dropout=0.0)
        weights = with_twin(ours, seed)
        text, other = random_batch(lengths, 11, seed), random_batch(other_lengths, 11, seed + 1)
        labels = np.array([0, 2])
        with use_kernels(kernels):
            logits = ours(*text) if kind is ElmoClassifier else ours(*text, *other)
            ops.cross_entropy(logits, labels).backward()

        a = bilstm(elmo_vectors(*text, elmo, weights), text[1], weights, "encoder")
        if kind is ElmoClassifier:
            features = without_padding(a, text[1], axis=1).max(dim=1).values
        else:
            b = bilstm(elmo_vectors(*other, elmo, weights), other[1], weights, "encoder")
            u, v = compare(a, text[1], b, other[1], weights), compare(b, other[1], a, text[1], weights)
            features = torch.cat([u, v, (u - v).abs(), u * v], dim=1)
        expected = mlp(features, weights)
        torch.nn.functional.cross_entropy(expected, torch.tensor(labels)).backward()
        assert_close(logits.data, expected.detach().numpy(), TOLERANCE)
        assert_same_gradients(ours, weights)

    check()
