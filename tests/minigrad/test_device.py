"""Devices: what is asked of a machine without CuPy or a GPU is refused with what to do about it."""

import sys
import types

import numpy as np
import pytest

from minigrad import Tensor, nn, use_kernels
from minigrad.device import beside, cupy, device_of, to_device
from minigrad.errors import DeviceError
from minigrad.kernels import backend_for


class ArrayElsewhere:
    """What an array on a GPU looks like from the host."""

    def get(self) -> np.ndarray:
        return np.arange(3)


def test_a_numpy_array_is_on_the_cpu_and_stays_there():
    array = np.ones(2)
    assert device_of(array) == "cpu"
    assert to_device(array, "cpu") is array
    tensor = Tensor(array)
    assert tensor.device == "cpu"
    assert tensor.to("cpu") is tensor
    assert tensor.numpy() is array


def test_a_numpy_number_is_on_the_cpu():
    assert device_of(np.float32(1)) == device_of(np.bool_(True)) == "cpu"
    assert beside(np.bool_(True), np.ones(2)) == np.True_


def test_an_array_goes_beside_another(gpu):
    array = np.ones(2)
    assert beside(array, np.zeros(3)) is array
    on_gpu = to_device(array, "cuda")
    assert beside(on_gpu, on_gpu) is on_gpu
    assert beside(array, on_gpu) is not array
    assert device_of(beside(array, on_gpu)) == "cuda"
    assert type(beside(on_gpu, array)) is np.ndarray


def test_an_array_from_elsewhere_is_fetched():
    elsewhere = ArrayElsewhere()
    assert device_of(elsewhere) == "cuda"
    assert to_device(elsewhere, "cuda") is elsewhere
    np.testing.assert_array_equal(to_device(elsewhere, "cpu"), [0, 1, 2])


@pytest.mark.parametrize("device", ["gpu", "cuda:0", ""])
def test_a_device_of_another_name_is_refused(device: str):
    with pytest.raises(ValueError, match=f'device must be "cpu" or "cuda", got \'{device}\''):
        to_device(np.ones(2), device)
    with pytest.raises(ValueError, match="device must be"):
        Tensor([1.0]).to(device)


def test_without_cupy_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "cupy", None)
    for move in (cupy, lambda: Tensor([1.0]).to("cuda"), lambda: nn.Linear(1, 1).to("cuda")):
        with pytest.raises(DeviceError, match=r'needs CuPy: pip install "minigrad\[cuda\]"'):
            move()


def test_without_a_gpu_the_error_says_that_none_is_found(monkeypatch: pytest.MonkeyPatch):
    fake = types.ModuleType("cupy")
    fake.cuda = types.SimpleNamespace(is_available=lambda: False)
    monkeypatch.setitem(sys.modules, "cupy", fake)
    with pytest.raises(DeviceError, match="needs an NVIDIA GPU and its driver"):
        to_device(np.ones(2), "cuda")


@pytest.mark.parametrize(
    ("kernels", "array", "backend"),
    [
        ("reference", np.ones(2), "reference"),
        ("reference", ArrayElsewhere(), "reference"),
        ("fast", np.ones(2), "cpu"),
        ("fast", ArrayElsewhere(), "cuda"),
        ("cuda_on_host", np.ones(2), "cuda"),
    ],
)
def test_the_choice_and_the_place_of_an_array_decide_which_kernel_runs(kernels, array, backend):
    with use_kernels(kernels):
        assert backend_for("minigrad.kernels.relu", array).__name__ == f"minigrad.kernels.relu.{backend}"


def test_kernels_on_the_host_are_not_for_arrays_on_a_gpu():
    with use_kernels("cuda_on_host"), pytest.raises(DeviceError, match=r'use_kernels\("fast"\) runs them'):
        backend_for("minigrad.kernels.relu", ArrayElsewhere())
