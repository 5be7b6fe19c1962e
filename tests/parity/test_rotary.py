"""Rotary positions against transformers: the op against LLaMA's, a whole GPT against GPT-NeoX."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minigrad import ops, use_kernels
from models.gpt import GPT, GPTConfig
from models.sampling import GREEDY
from tests.parity.test_ops import assert_close
from tests.parity.twins import TOLERANCE, make_lively, padded_batch

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")
llama = pytest.importorskip("transformers.models.llama.modeling_llama")

HEAD = next(iter(transformers.GPTNeoXForCausalLM._tied_weights_keys)).split(".")[0]  # embed_out, or lm_head since 5.0


@settings(max_examples=50, deadline=None)
@given(
    batch=st.integers(1, 3),
    n_heads=st.integers(1, 3),
    length=st.integers(1, 12),
    half=st.integers(1, 8),
    theta=st.sampled_from([100.0, 10_000.0, 500_000.0]),
    seed=st.integers(0, 2**16),
)
def test_the_op_is_that_of_llama(batch: int, n_heads: int, length: int, half: int, theta: float, seed: int):
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((batch, n_heads, length, 2 * half)).astype(np.float32)
    positions = rng.integers(0, 16, size=(batch, length))  # their angles are float32, ours are not
    config = transformers.LlamaConfig(hidden_size=2 * half * n_heads, num_attention_heads=n_heads, rope_theta=theta)
    their_x = torch.tensor(x)
    cos, sin = llama.LlamaRotaryEmbedding(config)(their_x, torch.tensor(positions))
    expected, _ = llama.apply_rotary_pos_emb(their_x, their_x, cos, sin)
    angles = positions[..., None] / theta ** (np.arange(half) / half)
    cos, sin = (torch.tensor(np.concatenate([part, part], axis=-1)) for part in (np.cos(angles), np.sin(angles)))
    exact, _ = llama.apply_rotary_pos_emb(their_x.double(), their_x.double(), cos, sin)
    np.testing.assert_allclose(ops.rotary(x.astype(np.float64), positions, theta).data, exact.numpy(), atol=1e-12)
    np.testing.assert_allclose(ops.rotary(x, positions, theta).data, exact.numpy(), rtol=0, atol=1e-6)
    # Their angles are rounded to float32, so that what is right to 1e-6 at position 1 is right to 1e-5 at position 10.
    tolerance = 1e-6 * max(1, positions.max())
    np.testing.assert_allclose(ops.rotary(x, positions, theta).data, expected.numpy(), rtol=0, atol=tolerance)


def neox(config: GPTConfig, ours: GPT):
    """GPT-NeoX with the weights of our model: rotary positions on whole heads, and the halves of a block in turn."""
    theirs = transformers.GPTNeoXForCausalLM(
        transformers.GPTNeoXConfig(
            vocab_size=config.vocab_size,
            max_position_embeddings=config.n_positions,
            hidden_size=config.d_model,
            num_hidden_layers=config.n_layers,
            num_attention_heads=config.n_heads,
            intermediate_size=config.d_ff or 4 * config.d_model,
            hidden_act="gelu_new",
            layer_norm_eps=config.layer_norm_eps,
            use_parallel_residual=False,
            rotary_pct=1.0,
            tie_word_embeddings=config.tied_head,
            bos_token_id=None,
            eos_token_id=None,
            attn_implementation="eager",
        )
    )
    weights = in_the_layout_of_neox(ours.state_dict(), config)
    assert weights.keys() == dict(theirs.named_parameters()).keys()
    theirs.load_state_dict({name: torch.tensor(array) for name, array in weights.items()}, strict=not config.tied_head)
    return theirs


def in_the_layout_of_neox(arrays: dict[str, np.ndarray], config: GPTConfig) -> dict[str, np.ndarray]:
    """Our weights, or their gradients, under GPT-NeoX's names; there q, k and v of a head follow each other."""
    names = {"token_embedding": "gpt_neox.embed_in", "final_norm": "gpt_neox.final_layer_norm", "head": HEAD}
    of_block = {
        "attention_norm": "input_layernorm",
        "attention.out": "attention.dense",
        "feed_forward_norm": "post_attention_layernorm",
        "feed_forward.up": "mlp.dense_h_to_4h",
        "feed_forward.down": "mlp.dense_4h_to_h",
    }
    for i in range(config.n_layers):
        names |= {f"blocks.{i}.{our}": f"gpt_neox.layers.{i}.{their}" for our, their in of_block.items()}
    theirs = {}
    for name, array in arrays.items():
        layer, kind = name.rsplit(".", 1)
        if layer in names:
            theirs[f"{names[layer]}.{kind}"] = array
        elif layer.endswith("attention.q"):
            parts = [arrays[f"{layer[:-1]}{part}.{kind}"] for part in "qkv"]
            by_head = [part.reshape(config.n_heads, -1, *part.shape[1:]) for part in parts]
            stacked = np.concatenate(by_head, axis=1).reshape(-1, *parts[0].shape[1:])
            theirs[f"gpt_neox.layers.{layer.split('.')[1]}.attention.query_key_value.{kind}"] = stacked
    return theirs


@pytest.mark.parametrize("kernels", ["reference", "fast"])
@pytest.mark.parametrize("padding", ["none", "right", "left"])
@pytest.mark.parametrize("tied_head", [True, False])
def test_a_gpt_with_rotary_positions_is_a_gpt_neox(tied_head: bool, padding: str, kernels: str):
    config = GPTConfig(50, 32, d_model=24, n_layers=2, n_heads=3, d_ff=40, positions="rotary", tied_head=tied_head)
    ours = GPT(config)
    make_lively(ours, seed=4)
    theirs = neox(config, ours)
    ids, attention_mask = padded_batch([20, 13, 4], config.vocab_size, padding, seed=5)
    is_token = attention_mask == 1
    with use_kernels(kernels):
        logits = ours(ids) if padding == "none" else ours(ids, attention_mask)
    positions = np.maximum(np.cumsum(attention_mask, axis=1) - 1, 0)
    expected = theirs(
        torch.tensor(ids), attention_mask=torch.tensor(attention_mask), position_ids=torch.tensor(positions)
    ).logits
    assert_close(logits.data[is_token], expected.detach().numpy()[is_token], TOLERANCE)
    weights = np.random.default_rng(6).standard_normal(logits.shape).astype(np.float32) * is_token[..., None]
    with use_kernels(kernels):
        (logits * weights).sum().backward()
    (expected * torch.tensor(weights)).sum().backward()
    found = in_the_layout_of_neox({name: parameter.grad for name, parameter in ours.named_parameters()}, config)
    for name, parameter in theirs.named_parameters():
        assert_close(found[name], parameter.grad.numpy(), TOLERANCE)


@pytest.mark.parametrize("seed", range(3))
def test_greedy_text_is_token_for_token_that_of_gpt_neox(seed: int):
    config = GPTConfig(50, 32, d_model=24, n_layers=2, n_heads=3, positions="rotary", tied_head=False)
    ours = GPT(config)
    make_lively(ours, seed)
    theirs = neox(config, ours)
    ids = np.random.default_rng(seed).integers(50, size=(3, 5))
    text = ours.generate(ids, 27, GREEDY)
    expected = theirs.generate(
        torch.tensor(ids), attention_mask=torch.ones(ids.shape), max_new_tokens=27, do_sample=False, pad_token_id=0
    )
    np.testing.assert_array_equal(text, expected.numpy())
    assert len(np.unique(text[:, 5:])) > 5  # a model that repeats one token would agree too easily
