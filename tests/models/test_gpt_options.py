"""GPT's options: rotary positions, an output layer of its own, and one that starts at zero."""

from dataclasses import replace

import numpy as np
import pytest

from minigrad import no_grad, ops, optim
from minigrad.checkpoint import load_checkpoint, save_checkpoint
from minigrad.errors import CheckpointError
from models.finetuning.new_tokens import add_tokens
from models.gpt import GPT, GPTConfig
from models.objectives.causal_lm import causal_lm
from models.pretrained import gpt2
from models.sampling import GREEDY, Sampling
from models.sizes import SIZES, build

CONFIG = GPTConfig(vocab_size=40, n_positions=24, d_model=24, n_layers=2, n_heads=3)
ROTARY = replace(CONFIG, positions="rotary")
UNTIED = replace(CONFIG, tied_head=False)
ALL = replace(CONFIG, positions="rotary", tied_head=False, zero_init_head=True)


def lively(config: GPTConfig) -> GPT:
    """A model with large random weights, whose every part changes the output."""
    gpt, rng = GPT(config, np.random.default_rng(0)), np.random.default_rng(1)
    for parameter in gpt.parameters():
        parameter.data[...] += 0.3 * rng.standard_normal(parameter.shape, dtype=np.float32)
    return gpt


def random_ids(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(CONFIG.vocab_size, size=shape)


# -- rotary positions -------------------------------------------------------------------------------


def test_rotary_positions_have_no_weights():
    names = {name for name, _ in GPT(CONFIG).named_parameters()}
    assert {name for name, _ in GPT(ROTARY).named_parameters()} == names - {"position_embedding.weight"}
    assert GPT(ROTARY).num_parameters() == GPT(CONFIG).num_parameters() - 24 * 24


def test_the_order_of_tokens_matters_and_a_later_one_changes_nothing():
    gpt, ids = lively(ROTARY), np.array([[1, 2, 3, 4], [2, 1, 3, 4], [1, 2, 3, 9]])
    logits = gpt(ids).data
    assert np.abs(logits[0, 2] - logits[1, 2]).max() > 1e-2
    np.testing.assert_array_equal(logits[0, :3], logits[2, :3])


@pytest.mark.parametrize("side", ["left", "right"])
def test_padding_on_either_side_changes_neither_logits_nor_gradients(side: str):
    gpt, ids, padding = lively(ROTARY), random_ids(2, 7), random_ids(2, 5, seed=1)
    weights = np.random.default_rng(2).standard_normal((2, 7, 40)).astype(np.float32)
    logits = gpt(ids)
    (logits * weights).sum().backward()
    expected = {name: parameter.grad for name, parameter in gpt.named_parameters()}
    gpt.zero_grad()
    halves = [(padding, np.zeros_like(padding)), (ids, np.ones_like(ids))][:: 1 if side == "left" else -1]
    padded, mask = (np.concatenate(parts, axis=1) for parts in zip(*halves, strict=True))
    found = gpt(padded, mask)[:, 5:] if side == "left" else gpt(padded, mask)[:, :7]
    (found * weights).sum().backward()
    np.testing.assert_allclose(found.data, logits.data, rtol=1e-4, atol=1e-4)
    for name, parameter in gpt.named_parameters():
        np.testing.assert_allclose(parameter.grad, expected[name], rtol=1e-3, atol=1e-3, err_msg=name)


@no_grad()
def test_scores_depend_on_distances_alone():
    gpt, ids = lively(ROTARY), random_ids(1, 6)
    hidden = gpt.token_embedding(ids)
    here, there = (gpt.blocks[0](hidden, None, first + np.arange(6)[None]).data for first in (0, 1000))
    np.testing.assert_allclose(here, there, rtol=1e-3, atol=1e-4)
    stretched = gpt.blocks[0](hidden, None, 2 * np.arange(6)[None]).data
    assert np.abs(here - stretched).max() > 1e-2


@pytest.mark.parametrize("config", [ROTARY, UNTIED, ALL])
@pytest.mark.parametrize("n_positions", [24, 9])  # the second is too short: the oldest tokens are forgotten
@pytest.mark.parametrize(
    "arguments", [{"sampling": GREEDY}, {"seed": 4, "sampling": Sampling(top_k=9, repetition_penalty=1.2)}]
)
def test_cached_and_uncached_generation_give_the_same_text(config: GPTConfig, n_positions: int, arguments):
    gpt, ids = lively(replace(config, n_positions=n_positions)), random_ids(3, 5)
    mask = np.array([[0, 0, 1, 1, 1], [1, 1, 1, 1, 1], [0, 0, 0, 0, 1]])
    for attention_mask in (None, mask):
        cached = gpt.generate(ids, 17, attention_mask=attention_mask, **arguments)
        uncached = gpt.generate(ids, 17, attention_mask=attention_mask, use_cache=False, **arguments)
        np.testing.assert_array_equal(cached, uncached)
    assert len(np.unique(cached[:, 5:])) > 3


@no_grad()
def test_cached_logits_are_those_of_the_whole_text():
    gpt, ids = lively(ROTARY), random_ids(2, 9)
    cache = gpt.new_cache()
    found = [gpt(ids[:, start:end], cache=cache).data for start, end in ((0, 4), (4, 5), (5, 9))]
    np.testing.assert_allclose(np.concatenate(found, axis=1), gpt(ids).data, rtol=1e-3, atol=1e-4)


def test_a_rotary_model_is_saved_by_minigrad_and_refused_by_the_layout_of_gpt2(tmp_path):
    gpt, ids = lively(ROTARY), random_ids(2, 5)
    with pytest.raises(ValueError, match='positions must be "learned"'):
        gpt2.save(gpt, tmp_path / "folder")
    assert not (tmp_path / "folder").exists()
    save_checkpoint(tmp_path / "gpt.safetensors", gpt)
    again = GPT(ROTARY)
    load_checkpoint(tmp_path / "gpt.safetensors", again)
    np.testing.assert_array_equal(again(ids).data, gpt(ids).data)
    with pytest.raises(CheckpointError, match=r"position_embedding\.weight"):
        load_checkpoint(tmp_path / "gpt.safetensors", GPT(CONFIG))


# -- the output layer -------------------------------------------------------------------------------


def test_an_output_layer_of_its_own_gives_the_logits():
    gpt, ids = lively(UNTIED), random_ids(2, 5)
    np.testing.assert_allclose(
        gpt(ids).data, gpt.hidden_states(ids).data @ gpt.head.weight.data.T, rtol=1e-4, atol=1e-4
    )
    before = gpt(ids).data
    unused = next(id for id in range(40) if id not in ids)
    gpt.token_embedding.weight.data[unused] += 1
    np.testing.assert_array_equal(gpt(ids).data, before)
    assert GPT(CONFIG).head is None


def test_an_output_layer_of_its_own_starts_as_the_embeddings_do():
    config = replace(UNTIED, vocab_size=3000)
    assert GPT(config).head.weight.data.std() == pytest.approx(GPT(config).token_embedding.weight.data.std(), rel=0.05)


def test_the_options_leave_the_other_weights_as_they_were():
    plain = GPT(CONFIG, np.random.default_rng(3)).state_dict()
    for config in (UNTIED, replace(UNTIED, zero_init_head=True)):
        state = GPT(config, np.random.default_rng(3)).state_dict()
        for name, array in plain.items():
            np.testing.assert_array_equal(state[name], array, err_msg=name)


def test_with_a_head_of_zeros_every_token_is_equally_likely_at_first_and_it_learns():
    gpt, ids = GPT(ALL, np.random.default_rng(0)), random_ids(4, 12)
    inputs, labels = causal_lm(ids)
    assert ops.cross_entropy(gpt(inputs), labels).item() == pytest.approx(np.log(40), abs=1e-6)
    optimizer, losses = optim.Adam(gpt.parameters(), lr=1e-2), []
    for _ in range(60):
        loss = ops.cross_entropy(gpt(inputs), labels)
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        losses.append(loss.item())
    assert losses[-1] < 0.1


def test_a_head_of_its_own_comes_back_from_a_folder(tmp_path):
    gpt, ids = lively(UNTIED), random_ids(2, 5)
    gpt.save_pretrained(tmp_path)
    again = GPT.from_pretrained(tmp_path)
    assert again.config == UNTIED
    np.testing.assert_array_equal(again(ids).data, gpt(ids).data)
    started_at_zero = GPT(replace(UNTIED, zero_init_head=True))
    started_at_zero.save_pretrained(tmp_path)  # how it started is not in the folder: loading does not start it again
    assert GPT.from_pretrained(tmp_path).config == UNTIED


def test_new_tokens_get_rows_in_both_tables():
    gpt, ids = lively(UNTIED), random_ids(2, 5)
    before, head = gpt(ids).data, gpt.head.weight.data
    assert add_tokens(gpt, 3, np.random.default_rng(0)) == [40, 41, 42]
    assert gpt.config.vocab_size == 43
    assert gpt.head.weight.shape == gpt.token_embedding.weight.shape == (43, 24)
    np.testing.assert_array_equal(gpt.head.weight.data[:40], head)
    np.testing.assert_allclose(gpt(ids).data[..., :40], before, rtol=1e-4, atol=1e-5)
    assert gpt(np.array([[42, 1]])).shape == (1, 2, 43)


# -- sizes and configurations -----------------------------------------------------------------------


def test_the_sizes_count_what_the_options_add_and_take_away():
    gpt2 = SIZES["gpt2"]
    n = build(gpt2).num_parameters()
    assert build(replace(gpt2, tied_head=False)).num_parameters() == n + 50_257 * 768
    assert build(replace(gpt2, positions="rotary")).num_parameters() == n - 1024 * 768
    assert build(replace(gpt2, tied_head=False, zero_init_head=True)).num_parameters() == n + 50_257 * 768


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"positions": "relative"}, 'positions must be "learned" or "rotary", got \'relative\''),
        ({"positions": None}, 'positions must be "learned" or "rotary", got None'),
        ({"positions": "rotary", "n_heads": 8}, "heads of an even size, d_model / n_heads, got 3"),
        ({"zero_init_head": True}, "zero_init_head needs tied_head=False"),
    ],
)
def test_options_that_make_no_sense_are_refused(change, message: str):
    with pytest.raises(ValueError, match=message):
        replace(CONFIG, **change)
