"""Our GPT against transformers' GPT-2 with the same random weights: logits, loss, every gradient, and greedy text."""

from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minigrad import IGNORE, ops, use_kernels
from models.gpt import GPT, GPTConfig
from models.objectives.causal_lm import causal_lm
from tests.parity.test_ops import assert_close

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")

TOLERANCE = 1e-4


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


def in_their_layout(arrays: dict[str, np.ndarray], n_layers: int) -> dict[str, np.ndarray]:
    """Our weights, or their gradients, under transformers' names: linear weights are transposed there, and the
    projections to queries, keys and values are one."""
    theirs = {
        "transformer.wte.weight": arrays["token_embedding.weight"],
        "transformer.wpe.weight": arrays["position_embedding.weight"],
    }
    for i in range(n_layers):
        ours, block = f"blocks.{i}", f"transformer.h.{i}"
        for kind in ("weight", "bias"):
            qkv = np.concatenate([arrays[f"{ours}.attention.{name}.{kind}"] for name in "qkv"])
            theirs |= {
                f"{block}.ln_1.{kind}": arrays[f"{ours}.attention_norm.{kind}"],
                f"{block}.attn.c_attn.{kind}": qkv.T,
                f"{block}.attn.c_proj.{kind}": arrays[f"{ours}.attention.out.{kind}"].T,
                f"{block}.ln_2.{kind}": arrays[f"{ours}.feed_forward_norm.{kind}"],
                f"{block}.mlp.c_fc.{kind}": arrays[f"{ours}.feed_forward.up.{kind}"].T,
                f"{block}.mlp.c_proj.{kind}": arrays[f"{ours}.feed_forward.down.{kind}"].T,
            }
    theirs |= {f"transformer.ln_f.{kind}": arrays[f"final_norm.{kind}"] for kind in ("weight", "bias")}
    return theirs


def twins(config: GPTConfig, seed: int):
    """Our model and theirs with the same weights, none of them zero or one."""
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    ours = GPT(config)
    for parameter in ours.parameters():
        parameter.data[...] = 0.2 * rng.standard_normal(parameter.shape, dtype=np.float32)
    for name, parameter in ours.named_parameters():
        if name.endswith("norm.weight"):
            parameter.data[...] += 1
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
    weights = in_their_layout(ours.state_dict(), config.n_layers)
    assert weights.keys() == dict(theirs.named_parameters()).keys()
    weights["lm_head.weight"] = weights["transformer.wte.weight"]
    theirs.load_state_dict({name: torch.tensor(array) for name, array in weights.items()})
    return ours, theirs


def padded_batch(shape: Shape, padding: str) -> tuple[np.ndarray, np.ndarray]:
    """Random ids and their attention mask; the padding is random tokens too, which must not matter."""
    rng = np.random.default_rng(shape.seed)
    longest = max(shape.lengths)
    ids = rng.integers(shape.config.vocab_size, size=(len(shape.lengths), longest))
    lengths = np.full(len(shape.lengths), longest) if padding == "none" else np.array(shape.lengths)
    attention_mask = (np.arange(longest) < lengths[:, None]).astype(np.int64)
    return ids, attention_mask[:, ::-1].copy() if padding == "left" else attention_mask


@pytest.mark.parametrize("kernels", ["reference", "fast"])
@pytest.mark.parametrize("padding", ["none", "right", "left"])
def test_logits_loss_and_every_gradient_agree_with_transformers(padding: str, kernels: str):
    @settings(max_examples=10)
    @given(shape=shapes())
    def check(shape: Shape):
        ours, theirs = twins(shape.config, shape.seed)
        ids, attention_mask = padded_batch(shape, padding)
        inputs, labels = causal_lm(ids, attention_mask)
        is_token = attention_mask[:, :-1] == 1
        with use_kernels(kernels):
            logits = ours(inputs) if padding == "none" else ours(inputs, attention_mask[:, :-1])
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
        )
        expected.loss.backward()
        assert_close(logits.data[is_token], expected.logits[:, :-1].detach().numpy()[is_token], TOLERANCE)
        assert_close(loss.data, expected.loss.detach().numpy(), TOLERANCE)
        gradients = in_their_layout({name: p.grad for name, p in ours.named_parameters()}, shape.config.n_layers)
        for name, parameter in theirs.named_parameters():
            assert_close(gradients[name], parameter.grad.numpy(), TOLERANCE)

    check()


@pytest.mark.parametrize("kernels", ["reference", "fast"])
@pytest.mark.parametrize("seed", range(4))
def test_greedy_text_is_token_for_token_that_of_transformers(seed: int, kernels: str):
    config = GPTConfig(vocab_size=50, n_positions=32, d_model=24, n_layers=2, n_heads=3)
    ours, theirs = twins(config, seed)
    ids = np.random.default_rng(seed).integers(50, size=(3, 5))
    with use_kernels(kernels):
        text = ours.generate(ids, max_new_tokens=27, temperature=0)
    expected = theirs.generate(
        torch.tensor(ids), attention_mask=torch.ones(ids.shape), max_new_tokens=27, do_sample=False, pad_token_id=0
    )
    np.testing.assert_array_equal(text, expected.numpy())
    assert len(np.unique(text[:, 5:])) > 5  # a model that repeats one token would agree too easily
