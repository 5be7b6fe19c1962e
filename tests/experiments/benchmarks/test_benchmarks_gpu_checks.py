"""The GPU benchmark's checks pass on right kernels and fail on broken ones. Here the kernels run on the host."""

from dataclasses import replace

import numpy as np
import pytest

from experiments.benchmarks.cpu.sizes import Size
from experiments.benchmarks.gpu import checking, checks, step_check
from experiments.benchmarks.gpu.check_attention import AttentionShape
from experiments.benchmarks.gpu.checking import Case, check, compare
from minigrad.errors import DeviceError
from minigrad.kernels.adam import cuda as adam
from minigrad.kernels.attention import cuda as attention
from minigrad.kernels.attention import tensor_core as attention_bf16
from minigrad.kernels.bias import cuda as bias
from minigrad.kernels.cross_entropy import cuda as cross_entropy
from minigrad.kernels.embedding import cuda as embedding
from minigrad.kernels.gelu import cuda as gelu
from minigrad.kernels.layernorm import cuda as layernorm
from minigrad.kernels.lstm import cuda as lstm
from minigrad.kernels.matmul import cuda as matmul
from minigrad.kernels.matmul import tensor_core

TINY = checks.CheckSizes(
    norms=((1, 1), (7, 33)),
    products=((33, 20, 17),),
    attentions=(
        AttentionShape(2, 1, 9, 13, 5, causal=True, masked=True),
        AttentionShape(1, 2, 9, 7, 3, biased=True),
    ),
    losses=((1, 1), (7, 33)),
    elements=(1, 33),
    scatters=((20, 7, 33),),
    lstms=((2, 3, 5, 4),),
)
SIZE = Size(vocab_size=23, length=9, d_model=12, n_layers=1, n_heads=3, batch_size=2)


pytestmark = pytest.mark.usefixtures("on_host")


def run():
    return {check.name: check for check in checks.run(lambda array: array, TINY)}


def test_right_kernels_pass_and_use_little_of_what_is_allowed():
    found = run()
    assert tuple(found) == checks.NAMES
    assert {name: check.failures for name, check in found.items() if not check.passed} == {}
    assert all(check.cases for check in found.values())
    assert all(0 < check.worst < 0.6 for check in found.values()), found


def broken(result: int, error: float):
    """Make of a kernel's function one whose result of this number is wrong by this share of its largest value."""

    def breaking(right):
        def wrong(*arguments, **named):
            found = right(*arguments, **named)
            several = isinstance(found, tuple)
            arrays = list(found) if several else [found]
            array = np.array(arrays[result])
            if array.dtype == np.uint16:  # the bits of bfloat16
                array += np.uint16(0x40)
            else:
                array += array.dtype.type(error * np.max(np.abs(array)))
            arrays[result] = array
            return tuple(arrays) if several else array

        return wrong

    return breaking


@pytest.mark.parametrize(
    ("check_name", "module", "function", "result", "error"),
    [
        *(("layer norm", layernorm, "layernorm_forward", result, 1e-4) for result in range(3)),
        *(("layer norm", layernorm, "layernorm_backward", result, 1e-4) for result in range(3)),
        *(("RMS norm", layernorm, "rmsnorm_forward", result, 1e-4) for result in range(2)),
        *(("RMS norm", layernorm, "rmsnorm_backward", result, 1e-4) for result in range(2)),
        ("matmul, tiled", matmul, "tiled_matmul", 0, 1e-4),
        ("matmul, blocked", matmul, "blocked_matmul", 0, 1e-4),
        ("matmul, TF32", tensor_core, "tensor_core_matmul", 0, 0.02),
        ("matmul, bf16", tensor_core, "tensor_core_matmul", 0, 0.1),
        ("attention, float32", attention, "attention_forward", 0, 1e-3),
        *(("attention, float32", attention, "attention_backward", result, 1e-3) for result in range(3)),
        ("attention, bf16", attention_bf16, "attention_forward", 0, 0.0),
        *(("attention, bf16", attention_bf16, "attention_backward", result, 0.0) for result in range(3)),
        *(("cross-entropy", cross_entropy, "cross_entropy", result, 1e-3) for result in range(2)),
        *(("GELU", gelu, f"gelu_{way}", 0, 1e-4) for way in ("forward", "backward")),
        *(("GELU", gelu, f"gelu_tanh_{way}", 0, 1e-4) for way in ("forward", "backward")),
        ("bias", bias, "sum_of_rows", 0, 1e-4),
        ("embedding", embedding, "scatter_add", 0, 1e-4),
        *(("LSTM", lstm, "lstm_forward", result, 1e-4) for result in range(3)),
        *(("LSTM", lstm, "lstm_backward", result, 1e-4) for result in range(4)),
    ],
)
def test_a_kernel_that_computes_something_else_fails_its_own_check(
    monkeypatch, check_name, module, function, result, error
):
    monkeypatch.setattr(module, function, broken(result, error)(getattr(module, function)))
    found = next(check for check in checks.run(lambda array: array, TINY) if check.name == check_name)
    assert any("is off by" in failure for failure in found.failures)


@pytest.mark.parametrize("forgotten", [0, 1, 2])
def test_an_optimizer_that_forgets_to_write_an_array_fails(monkeypatch, forgotten):
    right = adam.adam_step

    def wrong(data, grad, m, v, hyperparameters):
        written = [array.copy() if i == forgotten else array for i, array in enumerate((data, m, v))]
        right(written[0], grad, *written[1:], hyperparameters)

    monkeypatch.setattr(adam, "adam_step", wrong)
    assert f"result {forgotten} is off by" in run()["AdamW"].failures[0]


def test_a_bias_that_is_not_added_fails(monkeypatch):
    monkeypatch.setattr(bias, "add_bias", lambda x, bias: None)
    failures = run()["bias"].failures
    assert len(failures) == 2 * len(TINY.norms)
    assert all("forward" in failure and "result 0 is off by" in failure for failure in failures)


def test_a_float64_kernel_that_computes_in_float32_fails(monkeypatch):
    right = layernorm.rmsnorm_forward

    def wrong(x, weight, eps):
        found = right(x.astype(np.float32), weight.astype(np.float32), eps)
        return tuple(array.astype(x.dtype) for array in found)

    monkeypatch.setattr(layernorm, "rmsnorm_forward", wrong)
    failures = run()["RMS norm"].failures
    assert failures
    assert all("float64" in failure for failure in failures)


def one(*results, exact=1.0, natural=1.0):
    """A case whose kernel gives these, one a call."""
    calls = iter(np.array([value], np.float32) for value in results)
    return Case("a case", lambda: next(calls), [np.array([exact])], [np.array([natural])], 1e-5)


def test_an_error_is_told_as_a_share_of_what_is_allowed():
    share, problem = compare(one(1 + 2**-18, 1 + 2**-18))
    assert (round(share, 3), problem) == (round(2**-18 / 1e-5, 3), "")
    share, problem = compare(one(1 + 2**-16, 1 + 2**-16))
    assert problem == f"result 0 is off by {2**-16 / 1e-5:.3g} times what is allowed"
    assert compare(one(1 + 2**-16, 1 + 2**-16, natural=2.0))[1] == ""


def test_two_runs_must_give_the_same_bits():
    assert compare(one(1.0, 1 + 2**-23))[1] == "two runs differ in their bits"


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_what_is_no_number_fails(value):
    assert compare(one(value, value))[1] == "result 0 has values that are not finite"


def test_another_shape_or_number_of_results_fails():
    wrong = Case("a case", lambda: np.ones((1, 1)), [np.ones(1)], [np.ones(1)], 1e-5)
    assert compare(wrong)[1] == "result 0 has the shape (1, 1), expected (1,)"
    assert check("several", lambda: [replace(wrong, compute=lambda: (np.ones(1), np.ones(1)))]).failures


def test_a_kernel_that_raises_fails_and_the_other_cases_are_checked_all_the_same():
    def fails():
        raise RuntimeError("no\nluck")

    found = check("both", lambda: [replace(one(), compute=fails), one(1.0, 1.0)])
    assert found.failures == ["a case: RuntimeError: no luck"]
    assert found.cases == 2

    def no_cases():
        yield one(1.0, 1.0)
        raise ValueError("the reference failed")

    assert check("none", no_cases).failures == ["ValueError: the reference failed"]


def test_cards_without_tensor_cores_are_not_blamed(monkeypatch):
    def too_old(*_, **__):
        raise DeviceError("needs compute capability 8.0")

    monkeypatch.setattr(tensor_core, "tensor_core_matmul", too_old)
    missing = {name: check.missing for name, check in run().items() if check.missing}
    assert missing == dict.fromkeys(("matmul, TF32", "matmul, bf16", "attention, bf16"), "needs compute capability 8.0")


def test_bits_of_bfloat16_are_the_nearest_and_of_two_the_even_one():
    def rounded(value):
        return checking.from_bfloat16(checking.to_bfloat16(np.array([value], np.float32)))[0]

    assert [rounded(value) for value in (0.0, -1.0, 1.5)] == [0.0, -1.0, 1.5]
    assert rounded(1 + 2**-8) == 1  # half-way between 1 and 1 + 2⁻⁷
    assert rounded(1 + 3 * 2**-8) == 1 + 2**-6
    assert rounded(1 + 2**-8 + 2**-20) == 1 + 2**-7
    values = np.random.default_rng(0).standard_normal(1000).astype(np.float32)
    error = abs(checking.from_bfloat16(checking.to_bfloat16(values)) - values) / abs(values)
    assert 2**-9 < error.max() <= 2**-8


def test_training_steps_pass():
    found = list(step_check.run("cpu", SIZE))
    assert tuple(check.name for check in found) == step_check.NAMES
    assert [check.failures for check in found] == [[], [], []]
    assert all(0 < check.worst < 0.5 for check in found)


@pytest.mark.parametrize(
    ("module", "function", "fail"),
    [
        (layernorm, "layernorm_backward", ["GPT step", "BERT step"]),
        (layernorm, "rmsnorm_backward", ["T5 step"]),
        (attention, "attention_backward", ["GPT step", "BERT step", "T5 step"]),
        (gelu, "gelu_backward", ["BERT step"]),
        (bias, "sum_of_rows", ["GPT step", "BERT step"]),
        (embedding, "scatter_add", ["GPT step", "BERT step", "T5 step"]),
    ],
)
def test_a_broken_kernel_shows_in_the_steps_that_use_it(monkeypatch, module, function, fail):
    monkeypatch.setattr(module, function, broken(0, 1e-3)(getattr(module, function)))
    assert [check.name for check in step_check.run("cpu", SIZE) if check.failures] == fail


def test_the_reference_is_computed_in_float64():
    (case,) = step_check.cases("gpt", "cpu", SIZE)
    assert {array.dtype for array in case.exact} == {np.dtype(np.float64)}
    assert {array.dtype for array in case.compute()} == {np.dtype(np.float32)}


def test_sizes_on_a_gpu_are_odd_and_even_and_larger_than_a_block():
    full = checks.FULL
    for sizes in (full.norms, full.products, full.losses, full.scatters, full.lstms):
        assert len(sizes) >= 3
        numbers = [number for size in sizes for number in size]
        assert any(number % 2 for number in numbers)
        assert max(numbers) >= 128
    assert {shape.causal for shape in full.attentions} == {True, False}
    assert any(shape.masked for shape in full.attentions)
    assert any(shape.biased for shape in full.attentions)
    assert max(shape.head_size for shape in full.attentions) == 128
    assert str(full.attentions[1]) == "B 2, H 3, T 17, S 33, K 7, causal, masked"
