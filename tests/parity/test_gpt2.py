"""Our GPT against transformers' GPT-2 with the same random weights: logits, loss, every gradient, and greedy text."""

from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minigrad import IGNORE, ops, use_kernels
from models.beam_search import beam_search
from models.generation import WithCache
from models.gpt import GPT, GPTConfig
from models.objectives.causal_lm import causal_lm
from models.pretrained import gpt2 as checkpoint
from models.sampling import GREEDY, Sampling
from tests.parity.test_ops import assert_close
from tests.parity.twins import TOLERANCE, gradients, in_their_layout, make_lively, padded_batch

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")


@dataclass(frozen=True)
class Shape:
    """A small model, and the lengths of the sequences of a batch."""

    config: GPTConfig
    lengths: list[int]
    seed: int


@st.composite
def shapes(draw) -> Shape:
    n_heads = draw(st.integers(1, 4))
    lengths = draw(st.lists(st.integers(2, 12), min_size=1, max_size=4))
    config = GPTConfig(
        vocab_size=draw(st.integers(8, 60)),
        n_positions=draw(st.integers(max(lengths), 16)),
        d_model=n_heads * draw(st.integers(4, 9)),
        n_layers=draw(st.integers(1, 3)),
        n_heads=n_heads,
        d_ff=draw(st.none() | st.integers(1, 20)),
        layer_norm_eps=draw(st.sampled_from([1e-5, 1e-2])),
    )
    return Shape(config, lengths, seed=draw(st.integers(0, 2**16)))


def twins(config: GPTConfig, seed: int):
    """Our model and theirs with the same weights, none of them zero or one."""
    ours = GPT(config)
    make_lively(ours, seed)
    theirs = transformers.GPT2LMHeadModel(
        transformers.GPT2Config(
            vocab_size=config.vocab_size,
            n_positions=config.n_positions,
            n_embd=config.d_model,
            n_layer=config.n_layers,
            n_head=config.n_heads,
            n_inner=config.d_ff,
            layer_norm_epsilon=config.layer_norm_eps,
            resid_pdrop=0.0,
            embd_pdrop=0.0,
            attn_pdrop=0.0,
            bos_token_id=None,
            eos_token_id=None,
            attn_implementation="eager",
        )
    )
    weights = in_their_layout(ours.state_dict(), checkpoint.entries(config))
    assert weights.keys() == dict(theirs.named_parameters()).keys()
    weights["lm_head.weight"] = weights["transformer.wte.weight"]
    theirs.load_state_dict({name: torch.tensor(array) for name, array in weights.items()})
    return ours, theirs


@pytest.mark.parametrize("kernels", ["reference", "fast"])
@pytest.mark.parametrize("padding", ["none", "right", "left"])
def test_logits_loss_and_every_gradient_agree_with_transformers(padding: str, kernels: str):
    @settings(max_examples=10)
    @given(shape=shapes())
    def check(shape: Shape):
        ours, theirs = twins(shape.config, shape.seed)
        ids, attention_mask = padded_batch(shape.lengths, shape.config.vocab_size, padding, shape.seed)
        inputs, labels = causal_lm(ids, attention_mask)
        is_token = attention_mask[:, :-1] == 1
        with use_kernels(kernels):
            layers = ours.layers(inputs, None if padding == "none" else attention_mask[:, :-1])
            logits = ours.logits(layers[-1])
            loss = ops.cross_entropy(logits, labels)
            loss.backward()

        positions = np.maximum(np.cumsum(attention_mask, axis=1) - 1, 0)
        their_labels = np.where(attention_mask == 1, ids, IGNORE)
        their_labels[positions == 0] = IGNORE  # nothing comes before the first token that could predict it
        expected = theirs(
            torch.tensor(ids),
            attention_mask=torch.tensor(attention_mask),
            position_ids=torch.tensor(positions),
            labels=torch.tensor(their_labels),
            output_hidden_states=True,
        )
        expected.loss.backward()
        for layer, theirs_of_layer in zip(layers, expected.hidden_states, strict=True):
            assert_close(layer.data[is_token], theirs_of_layer.detach().numpy()[:, :-1][is_token], TOLERANCE)
        assert_close(logits.data[is_token], expected.logits[:, :-1].detach().numpy()[is_token], TOLERANCE)
        assert_close(loss.data, expected.loss.detach().numpy(), TOLERANCE)
        found = in_their_layout(gradients(ours), checkpoint.entries(shape.config))
        for name, parameter in theirs.named_parameters():
            assert_close(found[name], parameter.grad.numpy(), TOLERANCE)

    check()


@pytest.mark.parametrize("kernels", ["reference", "fast"])
@pytest.mark.parametrize("seed", range(4))
def test_greedy_text_is_token_for_token_that_of_transformers(seed: int, kernels: str):
    config = GPTConfig(vocab_size=50, n_positions=32, d_model=24, n_layers=2, n_heads=3)
    ours, theirs = twins(config, seed)
    ids = np.random.default_rng(seed).integers(50, size=(3, 5))
    with use_kernels(kernels):
        text = ours.generate(ids, 27, GREEDY)
    expected = theirs.generate(
        torch.tensor(ids), attention_mask=torch.ones(ids.shape), max_new_tokens=27, do_sample=False, pad_token_id=0
    )
    np.testing.assert_array_equal(text, expected.numpy())
    assert len(np.unique(text[:, 5:])) > 5  # a model that repeats one token would agree too easily


@pytest.mark.parametrize("penalty", [1.3, 0.8])
def test_greedy_text_with_a_repetition_penalty_is_that_of_transformers(penalty: float):
    config = GPTConfig(vocab_size=50, n_positions=32, d_model=24, n_layers=2, n_heads=3)
    ours, theirs = twins(config, seed=1)
    ids = np.random.default_rng(0).integers(50, size=(3, 5))
    text = ours.generate(ids, 27, Sampling(temperature=0, repetition_penalty=penalty))
    expected = theirs.generate(
        torch.tensor(ids),
        attention_mask=torch.ones(ids.shape),
        max_new_tokens=27,
        do_sample=False,
        pad_token_id=0,
        repetition_penalty=penalty,
    )
    np.testing.assert_array_equal(text, expected.numpy())


@pytest.mark.parametrize("length_penalty", [-1.0, 0.0, 1.0, 2.0])
@pytest.mark.parametrize("n_beams", [2, 4])
def test_beam_search_finds_what_transformers_finds(n_beams: int, length_penalty: float):
    config = GPTConfig(vocab_size=30, n_positions=32, d_model=24, n_layers=2, n_heads=3)
    for seed in range(6):
        ours, theirs = twins(config, seed)
        ids = np.random.default_rng(seed).integers(30, size=(1, 5))
        found = beam_search(WithCache(ours.eval()), ids, 12, n_beams, length_penalty, eos_id=7)
        expected = theirs.generate(
            torch.tensor(ids),
            attention_mask=torch.ones(ids.shape),
            max_new_tokens=12,
            do_sample=False,
            num_beams=n_beams,
            num_return_sequences=n_beams,
            length_penalty=length_penalty,
            early_stopping="never",  # stop when nothing better can be found, and not before
            eos_token_id=7,
            pad_token_id=0,
            output_scores=True,
            return_dict_in_generate=True,
        )
        for hypothesis, text, score in zip(found, expected.sequences, expected.sequences_scores, strict=True):
            assert hypothesis.ids.tolist() == text[: len(hypothesis.ids)].tolist()
            assert hypothesis.score == pytest.approx(score.item(), abs=1e-4)
