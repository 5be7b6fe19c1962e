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


@pytest.mark.parametrize("damage", [{"state": None}, {"state": {"state": 1}}, {"has_uint32": "a"}, {"uinteger": -1}])
def test_a_damaged_state_is_refused_and_the_old_one_stays(damage: dict):
    before = random.get_state()
    with pytest.raises(ValueError, match="state is not a whole state of PCG64"):
        random.set_state(before | damage)
    assert random.get_state() == before
    with pytest.raises(TypeError, match="state must be a dictionary from get_state, got None"):
        random.set_state(None)


@pytest.mark.parametrize(
    ("seed", "error"), [(-1, ValueError), (1.5, TypeError), (None, TypeError), (True, TypeError), ("1", TypeError)]
)
def test_a_seed_is_a_whole_number_from_zero(seed, error: type[Exception]):
    before = random.get_state()
    with pytest.raises(error, match="seed must be"):
        manual_seed(seed)
    assert random.get_state() == before


def test_a_seed_in_place_of_a_generator_is_refused():
    for refused in (
        lambda: nn.Linear(2, 3, generator=0),
        lambda: nn.Embedding(2, 3, 0),
        lambda: nn.LSTM(2, 3, generator=0),
        lambda: nn.MultiHeadAttention(4, 2, generator=0),
        lambda: nn.Dropout(0.5, 0),
        lambda: random.get_state(0),
        lambda: random.drawing_from(0).__enter__(),
    ):
        with pytest.raises(TypeError, match=r"generator must be a numpy\.random\.Generator, .*got 0 of type int"):
            refused()


def test_a_state_of_another_kind_of_generator_is_refused():
    state = random.get_state(np.random.Generator(np.random.PCG64DXSM(0)))
    with pytest.raises(ValueError, match="state must be one of PCG64, got 'PCG64DXSM'"):
        random.set_state(state)
