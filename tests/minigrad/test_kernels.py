"""The choice of kernels: explicit, nested, one for all threads, and really made."""

import importlib
import threading
from pathlib import Path

import numpy as np
import pytest

import minigrad.kernels
from minigrad import Tensor, active_kernels, nn, ops, optim, use_kernels

FOLDERS = sorted(path.parent.name for path in Path(minigrad.kernels.__file__).parent.glob("*/__init__.py"))


@pytest.fixture(autouse=True)
def choice_is_put_back():
    with use_kernels(active_kernels()):
        yield


def test_the_fast_kernels_are_the_default():
    assert active_kernels() == "fast"


def test_a_choice_holds_from_where_it_is_made():
    use_kernels("reference")
    assert active_kernels() == "reference"
    use_kernels("fast")
    assert active_kernels() == "fast"


def test_a_choice_in_a_block_ends_with_the_block_even_if_it_fails():
    with use_kernels("reference"):
        assert active_kernels() == "reference"
        with use_kernels("fast"):
            assert active_kernels() == "fast"
            with use_kernels("fast"):
                pass
            assert active_kernels() == "fast"
        assert active_kernels() == "reference"
    with pytest.raises(KeyError), use_kernels("reference"):
        raise KeyError
    assert active_kernels() == "fast"


def test_a_choice_can_be_used_for_several_blocks():
    reference = use_kernels("reference")
    for _ in range(2):
        with reference:
            assert active_kernels() == "reference"
        assert active_kernels() == "fast"


@pytest.mark.parametrize("name", ["Fast", "", "cuda", None])
def test_another_name_is_refused_and_nothing_changes(name):
    with pytest.raises(ValueError, match=f'name must be "reference", "fast" or "cuda_on_host", got {name!r}'):
        use_kernels(name)
    assert active_kernels() == "fast"


def test_the_choice_is_one_for_all_threads():
    seen = []
    with use_kernels("reference"):
        thread = threading.Thread(target=lambda: seen.append(active_kernels()))
        thread.start()
        thread.join()
    assert seen == ["reference"]


def model_of_all_kernels(ids: np.ndarray) -> Tensor:
    """A forward pass through every kernel there is."""
    x = nn.Embedding(5, 8)(ids)
    x = nn.MultiHeadAttention(8, 2)(nn.LayerNorm(8)(x), causal=True)
    x, _ = nn.LSTM(8, 8)(ops.relu(ops.gelu_tanh(ops.gelu(nn.RMSNorm(8)(x)))))
    return ops.cross_entropy(ops.linear(x, nn.Embedding(5, 8).weight), ids)


@pytest.mark.parametrize("chosen", ["reference", "fast"])
def test_only_the_chosen_kernels_run(monkeypatch: pytest.MonkeyPatch, chosen: str):
    called = set()
    for folder in FOLDERS:
        for room in ("reference", "cpu"):
            module = importlib.import_module(f"minigrad.kernels.{folder}.{room}")
            for name, function in list(vars(module).items()):
                if not name.startswith("_") and getattr(function, "__module__", "") == module.__name__:

                    def spy(*args, _function=function, _key=(folder, room)):
                        called.add(_key)
                        return _function(*args)

                    monkeypatch.setattr(module, name, spy)
    with use_kernels(chosen):
        model_of_all_kernels(np.array([[0, 1, 4]])).backward()
        parameter = nn.Parameter(np.ones(3, np.float32))
        parameter.grad = np.ones(3, np.float32)
        optim.clip_grad_norm([parameter], 1.0)
        optim.Adam([parameter]).step()
    assert called == {(folder, "cpu" if chosen == "fast" else "reference") for folder in FOLDERS}
