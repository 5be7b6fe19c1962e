"""What parameters start from, and models without any memory."""

import tracemalloc

import numpy as np
import pytest

from minigrad import nn
from minigrad.nn import initial


@pytest.mark.parametrize(
    "make",
    [
        lambda shape, rng: initial.full(shape, 3),
        lambda shape, rng: initial.normal(shape, 0.5, rng),
        lambda shape, rng: initial.uniform(shape, 0.5, rng),
    ],
)
def test_starts_are_float32_and_writable(make):
    array = make((200, 300), np.random.default_rng(0))
    assert array.shape == (200, 300)
    assert array.dtype == np.float32
    assert array.flags.writeable


def test_starts_have_the_spread_that_was_asked_for():
    rng = np.random.default_rng(0)
    assert np.all(initial.full((3, 4), 7) == 7)
    normal, uniform = initial.normal((400, 400), 0.5, rng), initial.uniform((400, 400), 0.5, rng)
    assert normal.std() == pytest.approx(0.5, rel=0.01)
    assert abs(normal.mean()) < 0.01
    assert np.abs(uniform).max() <= 0.5
    assert uniform.std() == pytest.approx(0.5 / 3**0.5, rel=0.01)


def layers() -> nn.Module:
    return nn.Sequential(
        nn.Linear(1000, 3000), nn.LayerNorm(3000), nn.Embedding(4000, 500), nn.LSTM(300, 700), nn.RMSNorm(9)
    )


def test_an_unallocated_model_has_all_its_shapes_and_takes_no_memory():
    shapes = {name: array.shape for name, array in layers().state_dict().items()}
    tracemalloc.start()
    with nn.unallocated():
        model = layers()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert {name: array.shape for name, array in model.state_dict().items()} == shapes
    assert model.num_parameters() == sum(int(np.prod(shape)) for shape in shapes.values())
    assert peak < 200_000  # of 4 bytes for each of nearly 8 million numbers


def test_an_unallocated_parameter_refuses_to_be_written_into_but_takes_an_array():
    with nn.unallocated():
        layer = nn.Linear(3, 2)
    with pytest.raises(ValueError, match="read-only"):
        layer.weight.data[...] = 1
    layer.weight.data = np.ones((2, 3), np.float32)
    assert layer.weight.data.sum() == 6


def test_after_the_block_models_have_memory_again_even_after_an_error():
    with pytest.raises(ZeroDivisionError), nn.unallocated():
        raise ZeroDivisionError
    assert nn.Linear(3, 2).weight.data.any()
    with nn.unallocated():
        with nn.unallocated():
            pass
        assert not nn.Linear(3, 2).weight.data.any()
