"""Randomness: one Generator, seeded in one place, and the same numbers on every platform."""

import json

import numpy as np
import pytest

from minigrad import Tensor, manual_seed, nn, ops, random


def bits(seed: int) -> bytes:
    """Everything random that a seed decides, as bytes: initial weights and dropout masks."""
    manual_seed(seed)
    model = nn.Sequential(nn.Linear(4, 8), nn.Dropout(0.5), nn.MultiHeadAttention(8, 2), nn.LSTM(8, 3))
    out, _ = model(Tensor(np.ones((2, 3, 4), np.float32)))
    return b"".join(
        array.tobytes() for array in [out.data, *model.state_dict().values(), nn.Embedding(3, 2).weight.data]
    )


def test_the_same_seed_gives_the_same_bits_and_another_seed_others():
    assert bits(1) == bits(1)
    assert bits(1) != bits(2)


def test_the_numbers_of_a_seed_are_those_of_pcg64_everywhere():
    manual_seed(0)
    np.testing.assert_array_equal(
        random.generator().random(3), [0.6369616873214543, 0.2697867137638703, 0.04097352393619469]
    )
    manual_seed(0)
    np.testing.assert_array_equal(
        nn.Linear(1, 2).weight.data, np.float32([[0.7012484073638916], [0.27392327785491943]])
    )


def test_a_dropout_mask_is_a_function_of_the_generator_and_the_shape_alone():
    x = np.arange(1, 13).reshape(3, 4)
    masks = [
        ops.dropout(x.astype(dtype), 0.5, np.random.default_rng(7)).data != 0 for dtype in (np.float32, np.float64)
    ]
    np.testing.assert_array_equal(masks[0], masks[1])
    np.testing.assert_array_equal(masks[0], np.random.default_rng(7).random((3, 4), dtype=np.float32) >= 0.5)


def test_a_state_survives_json_and_gives_the_same_numbers_again():
    manual_seed(5)
    random.generator().random(3)
    state = json.loads(json.dumps(random.get_state()))
    expected = random.generator().random(4)
    manual_seed(6)
    random.set_state(state)
    np.testing.assert_array_equal(random.generator().random(4), expected)


def test_the_state_of_another_generator_can_be_kept_too():
    own = np.random.default_rng(1)
    state, library = random.get_state(own), random.get_state()
    expected = own.random(4)
    random.set_state(state, own)
    np.testing.assert_array_equal(own.random(4), expected)
    assert random.get_state() == library


def test_a_state_of_another_kind_of_generator_is_refused():
    state = random.get_state(np.random.Generator(np.random.PCG64DXSM(0)))
    with pytest.raises(ValueError, match="state must be one of PCG64, got 'PCG64DXSM'"):
        random.set_state(state)
