"""T5: shapes, who sees whom, padding, its variants and their sizes, its start, and that it learns."""

from dataclasses import replace

import numpy as np
import pytest

from minigrad import Tensor, nn, no_grad, ops, optim
from models.beam_search import beam_search
from models.generation import WithCache, WithoutCache
from models.position_bias import distance_buckets
from models.sampling import GREEDY, Sampling
from models.t5 import T5, Output, T5Config

CONFIG = T5Config(vocab_size=40, d_model=24, d_ff=32, n_layers=2, n_heads=3)
VERSION_1_1 = replace(CONFIG, gated_gelu=True, tied_head=False)
VARIANTS = [
    CONFIG,
    VERSION_1_1,
    replace(CONFIG, head_size=5),
    replace(CONFIG, n_decoder_layers=1),
    replace(CONFIG, share_encoder_decoder=True),
]


def model(config: T5Config = CONFIG, seed: int = 0) -> T5:
    return T5(config, np.random.default_rng(seed))


def random_ids(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(CONFIG.vocab_size, size=shape)


@pytest.mark.parametrize("config", VARIANTS)
def test_shapes(config: T5Config):
    t5 = model(config)
    logits = t5(random_ids(3, 7), random_ids(3, 5))
    assert logits.shape == (3, 5, 40)
    assert logits.dtype == np.float32
    assert t5.encode(random_ids(3, 7)).shape == (3, 7, 24)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"vocab_size": 0}, "vocab_size must be at least 1, got 0"),
        ({"d_ff": 0}, "d_ff must be at least 1, got 0"),
        ({"n_layers": 0}, "n_layers must be at least 1, got 0"),
        ({"n_decoder_layers": 0}, "n_decoder_layers must be at least 1, got 0"),
        ({"head_size": 0}, "head_size must be at least 1, got 0"),
        ({"n_heads": 5}, "n_heads must divide d_model, got 5 heads for 24"),
        ({"n_buckets": 6}, "n_buckets must be a multiple of 4, got 6"),
        ({"max_distance": 16}, "max_distance must be more than half of n_buckets = 32, got 16"),
        ({"share_encoder_decoder": True, "n_decoder_layers": 1}, "n_decoder_layers = n_layers = 2, got 1"),
    ],
)
def test_a_config_that_makes_no_sense_is_refused(change, message):
    with pytest.raises(ValueError, match=message):
        replace(CONFIG, **change)


def test_inputs_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match=r"ids must have shape \(B, T\)"):
        model()(random_ids(7), random_ids(1, 7))
    with pytest.raises(ValueError, match=r"ids must have shape \(B, T\)"):
        model()(random_ids(1, 7), random_ids(7))
    with pytest.raises(ValueError, match="got 40"):
        model()(np.array([[3, 40]]), random_ids(1, 2))
    with pytest.raises(ValueError, match="got 40"):
        model()(random_ids(1, 2), np.array([[3, 40]]))
    with pytest.raises(ValueError, match="attention_mask must have the shape of ids"):
        model()(random_ids(2, 7), random_ids(2, 3), np.ones((2, 6), np.int64))
    with pytest.raises(ValueError, match=r"B = 3, got \(2, 7, 24\)"):
        model()(random_ids(2, 7), random_ids(3, 7))


# -- distances --------------------------------------------------------------------------------------


def test_near_distances_are_told_apart_and_far_ones_more_and_more_coarsely():
    causal = distance_buckets(-np.arange(200), both_ways=False, n_buckets=32, max_distance=128)
    np.testing.assert_array_equal(causal[:16], np.arange(16))
    assert np.all(np.diff(causal) >= 0)
    assert np.all(causal[128:] == 31)
    widths = np.bincount(causal[:128])
    assert np.all(np.diff(widths[16:31]) >= -1)  # they widen, but for rounding
    np.testing.assert_array_equal(distance_buckets(np.arange(5), False, 32, 128), 0)  # a decoder sees no future


def test_both_directions_have_kinds_of_their_own():
    distance = np.arange(-300, 301)
    buckets = distance_buckets(distance, both_ways=True, n_buckets=32, max_distance=128)
    before, after = buckets[distance < 0], buckets[distance > 0]
    np.testing.assert_array_equal(after, 16 + before[::-1])
    assert set(buckets) == set(range(32)) - {16}  # kind 16 would be a distance of 0 to the right


def test_only_the_distance_of_two_tokens_matters():
    t5, ids = model(), random_ids(1, 6)
    filler = np.zeros((1, 5), np.int64)
    mask = np.concatenate([filler, np.ones((1, 6), np.int64), filler], axis=1)
    moved = t5.encode(np.concatenate([filler, ids, filler], axis=1), mask).data[:, 5:11]
    np.testing.assert_allclose(moved, t5.encode(ids).data, rtol=1e-4, atol=1e-5)


# -- who sees whom ----------------------------------------------------------------------------------


@pytest.mark.parametrize("config", VARIANTS)
def test_the_decoder_sees_all_of_the_input_and_what_it_wrote_before(config: T5Config):
    t5, ids, decoder_ids = model(config), random_ids(2, 6), random_ids(2, 5, seed=1)
    before = t5(ids, decoder_ids).data
    for position in range(6):
        changed = ids.copy()
        changed[:, position] = (changed[:, position] + 1) % 40
        assert np.all(np.abs(t5(changed, decoder_ids).data - before).max(axis=-1) > 1e-5)
    for position in range(5):
        changed = decoder_ids.copy()
        changed[:, position] = (changed[:, position] + 1) % 40
        after = t5(ids, changed).data
        np.testing.assert_array_equal(after[:, :position], before[:, :position])
        assert np.all(np.abs(after[:, position:] - before[:, position:]).max(axis=-1) > 1e-5)


@pytest.mark.parametrize("side", ["left", "right"])
def test_padding_of_the_input_on_either_side_changes_nothing(side: str):
    t5, ids, decoder_ids = model(), random_ids(3, 5), random_ids(3, 4)
    padding = random_ids(3, 4, seed=1)
    ones, zeros = np.ones((3, 5), np.int64), np.zeros((3, 4), np.int64)
    both = [(padding, zeros), (ids, ones)] if side == "left" else [(ids, ones), (padding, zeros)]
    padded, mask = (np.concatenate(arrays, axis=1) for arrays in zip(*both, strict=True))
    np.testing.assert_allclose(t5(padded, decoder_ids, mask).data, t5(ids, decoder_ids).data, rtol=1e-4, atol=1e-5)
    for use_cache in (True, False):
        text = t5.generate(padded, 8, GREEDY, attention_mask=mask, use_cache=use_cache)
        np.testing.assert_array_equal(text, t5.generate(ids, 8, GREEDY))


# -- variants and sizes -----------------------------------------------------------------------------


def count(config: T5Config) -> int:
    with nn.unallocated():
        return T5(config).num_parameters()


def test_the_published_sizes_have_the_published_number_of_parameters():
    base = T5Config(d_model=768, d_ff=3072, n_layers=12, n_heads=12)
    assert count(T5Config()) == 60_506_624  # what the published files hold
    assert count(base) == 222_903_552
    base_1_1 = replace(base, d_ff=2048, gated_gelu=True, tied_head=False)
    assert count(base_1_1) == 247_577_856


def test_sharing_and_halving_save_the_weights_that_the_lectures_table_says():
    base = T5Config(d_model=768, d_ff=3072, n_layers=12, n_heads=12)
    embedding, cross_attention = 32128 * 768, 12 * (4 * 768 * 768 + 768)
    blocks = count(base) - embedding - cross_attention
    shared = count(replace(base, share_encoder_decoder=True)) - embedding - cross_attention
    assert shared / blocks == pytest.approx(0.5, abs=1e-3)
    assert (count(replace(base, n_layers=6)) - embedding) / (count(base) - embedding) == pytest.approx(0.5, abs=1e-3)


def test_a_shared_block_learns_from_both_sides():
    t5 = model(replace(CONFIG, share_encoder_decoder=True))
    assert t5.decoder[1].feed_forward is t5.encoder[1].feed_forward
    assert t5.decoder[1].cross_attention is not t5.encoder[1].attention
    ids = random_ids(2, 5)
    t5(ids, ids).sum().backward()
    both = t5.encoder[0].attention.q.weight.grad.copy()
    t5.zero_grad()
    encoded = Tensor(t5.encode(ids).data)
    t5.logits(t5.decode(ids, encoded)).sum().backward()
    assert not np.allclose(both, t5.encoder[0].attention.q.weight.grad)


def test_weights_start_so_that_every_layer_keeps_the_size_of_what_it_reads():
    t5 = model(T5Config(vocab_size=300, d_model=96, d_ff=192, n_layers=1, n_heads=4, tied_head=False))
    for name, parameter in t5.named_parameters():
        kind = name.split(".")[-2]
        if kind.endswith("norm"):
            assert np.all(parameter.data == 1), name
            continue
        std = {"token_embedding": 1.0, "q": (96 * 24) ** -0.5, "down": 192**-0.5}.get(kind, 96**-0.5)
        assert parameter.data.std() == pytest.approx(std, rel=0.15), name


# -- writing ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("config", VARIANTS)
def test_cached_and_uncached_writing_give_the_same_text(config: T5Config):
    t5, ids = model(config), random_ids(3, 7)
    for arguments in ({"sampling": GREEDY}, {"sampling": Sampling(temperature=1.5, top_k=20), "seed": 3}):
        cached = t5.generate(ids, 40, **arguments)
        np.testing.assert_array_equal(cached, t5.generate(ids, 40, **arguments, use_cache=False))


def test_a_cache_gives_the_same_hidden_states_however_the_output_is_cut():
    t5, ids, decoder_ids = model(), random_ids(2, 7), random_ids(2, 30)
    with no_grad():
        encoded = t5.encode(ids)
        whole = t5.decode(decoder_ids, encoded).data
        cache, parts = t5.new_cache(), []
        for start, end in [(0, 1), (1, 2), (2, 9), (9, 10), (10, 30)]:
            parts.append(t5.decode(decoder_ids[:, start:end], encoded, cache=cache).data)
    np.testing.assert_allclose(np.concatenate(parts, axis=1), whole, rtol=1e-4, atol=1e-5)


def test_an_output_begins_with_padding_and_ends_with_the_end_token():
    t5, ids = model(), random_ids(30, 4)
    text = t5.generate(ids, 40, Sampling(temperature=1.0), seed=1)
    assert np.all(text[:, 0] == CONFIG.pad_id)
    ended = text == CONFIG.eos_id
    assert ended.sum(axis=1).max() == 1  # nobody ends twice
    assert ended.any(axis=1).sum() > 10
    for row in text[ended.any(axis=1)]:
        assert np.all(row[np.flatnonzero(row == CONFIG.eos_id)[0] + 1 :] == CONFIG.pad_id)


def test_beam_search_finds_a_likelier_output_than_greedy_decoding():
    t5, better = model(seed=2), 0
    for seed in range(5):
        ids = random_ids(1, 6, seed=seed)
        with no_grad():
            one, four = Output(t5, ids), Output(t5, ids, repeat=4)
            (greedy,) = beam_search(WithCache(one), one.start(), 8, n_beams=1, length_penalty=0)
            beams = beam_search(WithCache(four), one.start(), 8, n_beams=4, length_penalty=0)
            again = beam_search(WithoutCache(four), one.start(), 8, n_beams=4, length_penalty=0)
        np.testing.assert_array_equal(greedy.ids, t5.generate(ids, 8, GREEDY)[0])
        assert [beam.ids.tolist() for beam in beams] == [beam.ids.tolist() for beam in again]
        assert beams[0].score >= greedy.score - 1e-6
        better += beams[0].score > greedy.score + 1e-3
    assert better > 0


def test_one_small_batch_is_learnt_by_heart():
    t5, ids, labels = model(), random_ids(4, 8), random_ids(4, 6, seed=1)
    decoder_ids = np.concatenate([np.zeros((4, 1), np.int64), labels[:, :-1]], axis=1)
    optimizer, losses = optim.Adam(t5.parameters(), lr=1e-2), []
    for _ in range(60):
        loss = ops.cross_entropy(t5(ids, decoder_ids), labels)
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        losses.append(loss.item())
    assert losses[0] == pytest.approx(np.log(40), abs=1.5)
    assert losses[-1] < 0.1
