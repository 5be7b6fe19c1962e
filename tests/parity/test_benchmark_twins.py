"""The CPU benchmark's PyTorch side computes what ours does: loss, gradients, whole steps, texts."""

import subprocess
import sys
from dataclasses import asdict, replace

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from experiments.benchmarks.cpu import agreement, kernel_list, models, torch_kernels, torch_twins  # noqa: E402
from experiments.benchmarks.cpu.generation_list import Task  # noqa: E402
from experiments.benchmarks.cpu.sizes import MODELS, REHEARSAL, SIZES, Size  # noqa: E402

ODD = Size(vocab_size=23, length=13, d_model=12, n_layers=2, n_heads=3, batch_size=5)


@pytest.mark.parametrize("size", [ODD, SIZES["S"]])
@pytest.mark.parametrize("model", MODELS)
def test_loss_and_every_gradient_agree(model, size):
    assert agreement.check(model, size) < 1e-5


@pytest.mark.parametrize("model", MODELS)
def test_the_twin_has_as_many_parameters(model):
    for size in SIZES.values():
        twin = sum(parameter.numel() for parameter in torch_twins.build(model, size).parameters())
        assert twin == models.build(model, size).num_parameters()


def test_a_twin_that_computes_something_else_is_found(monkeypatch):
    monkeypatch.setattr(torch_twins, "BERT_EPS", 1e-2)
    with pytest.raises(ValueError, match=r"bert: .* differs from PyTorch's by"):
        agreement.check("bert", ODD)


def test_a_parameter_without_a_place_is_found():
    arrays = {"a.q.weight": np.zeros(2), "a.k.weight": np.ones(2), "a.v.weight": np.ones(2), "b": np.ones(1)}
    joined = agreement.joined(arrays, ["a.qkv.weight", "b"])
    np.testing.assert_array_equal(joined["a.qkv.weight"], [0, 0, 1, 1, 1, 1])
    with pytest.raises(ValueError, match=r"the twin lacks \['b'\]"):
        agreement.joined(arrays, ["a.qkv.weight"])


@pytest.mark.parametrize("model", MODELS)
def test_whole_steps_agree(model, monkeypatch):
    ours, twin = models.build(model, ODD), torch_twins.build(model, ODD)
    agreement.copy_weights(ours, twin)
    monkeypatch.setattr(models, "build", lambda *_: ours)
    monkeypatch.setattr(torch_twins, "build", lambda *_: twin)
    our_step = models.our_step(model, ODD)
    their_step = torch_twins.prepare(model, asdict(ODD), compile=False, threads=1)["step"]
    losses = np.array([(our_step(), their_step()) for _ in range(30)])
    falls = losses[0] - losses
    assert falls[-1].min() > 0.01
    np.testing.assert_allclose(falls[:, 0], falls[:, 1], atol=2e-3 * falls[-1, 0])


def test_both_steps_clip_at_norm_one(monkeypatch):
    """AdamW hardly notices by how much all gradients are scaled, so the losses would not tell."""
    norms = []
    monkeypatch.setattr(models.optim, "clip_grad_norm", lambda _, max_norm: norms.append(max_norm))
    monkeypatch.setattr(torch_twins.nn.utils, "clip_grad_norm_", lambda _, max_norm: norms.append(max_norm))
    models.our_step("gpt", ODD)()
    torch_twins.prepare("gpt", asdict(ODD), compile=False, threads=1)["step"]()
    assert norms == [1.0, 1.0]


def test_the_kernels_are_those_of_the_list_and_work():
    works = torch_kernels.prepare(asdict(REHEARSAL))
    assert list(works) == [kernel.name for kernel in kernel_list.kernels(REHEARSAL)]
    for work in works.values():
        work()


@pytest.mark.parametrize("model", ["gpt", "t5"])
def test_transformers_writes_the_same_texts(model, tmp_path):
    pytest.importorskip("transformers")
    from experiments.benchmarks.cpu import generation, transformers_generation

    wide = Size(vocab_size=97, length=40, d_model=32, n_layers=2, n_heads=2, batch_size=3)
    tasks = [asdict(Task(model, replace(wide, batch_size=size), prompt=6, new_tokens=20)) for size in (1, 3)]
    ours = generation.prepare(tasks, str(tmp_path))
    theirs = transformers_generation.prepare(tasks, str(tmp_path), threads=1)
    assert theirs.pop("about")()["threads"] == 1
    assert ours.keys() == theirs.keys()
    for name, write in ours.items():
        texts = write()
        assert {len(text) for text in texts} == {20}
        assert len(set(texts[0])) > 3  # the text is not one token again and again, which would prove little
        assert texts == theirs[name]()


def test_pytorchs_processes_do_not_import_minigrad():
    """What it sets for its own process, such as how memory is kept, would be set for PyTorch too."""
    names = ("torch_twins", "torch_kernels", "transformers_generation")
    code = "".join(f"import experiments.benchmarks.cpu.{name}; " for name in names) + "import sys; print(*sys.modules)"
    modules = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert "torch" in modules
    assert not {"minigrad", "numba"} & set(modules)
