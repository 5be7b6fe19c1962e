"""The GPU benchmark's PyTorch side computes what ours does. It runs on the CPU here, at small sizes."""

from dataclasses import replace

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from experiments.benchmarks.cpu import agreement, models, torch_twins  # noqa: E402
from experiments.benchmarks.cpu.sizes import Size  # noqa: E402
from experiments.benchmarks.gpu import lines, ours, torch_peers  # noqa: E402
from experiments.benchmarks.gpu.checking import from_bfloat16  # noqa: E402

SMALL = replace(lines.FULL.gpt, vocab_size=97, length=17, d_model=24, batch_size=3)
TINY = replace(
    lines.QUICK,
    rows=3,
    width=5,
    square=6,
    length=7,
    heads=2,
    head_sizes=(8, 16),
    weights=11,
    gpt=Size(vocab_size=13, length=6, d_model=8, n_layers=1, n_heads=2, batch_size=2),
)


def test_the_gpt_of_twelve_layers_has_the_same_loss_and_gradients():
    assert (SMALL.n_layers, SMALL.n_heads) == (12, 12)
    assert agreement.check("gpt", SMALL) < 2e-5


def test_the_steps_take_the_same_way(monkeypatch):
    our_model, twin = models.build("gpt", SMALL), torch_peers.torch_twins.build("gpt", SMALL)
    agreement.copy_weights(our_model, twin)
    monkeypatch.setattr(models, "build", lambda *_: our_model)
    monkeypatch.setattr(torch_peers.torch_twins, "build", lambda *_: twin)
    our_step, their_step = ours.training_step(SMALL, "cpu"), torch_twins.training_step("gpt", SMALL, compile=False)
    losses = np.array([(our_step(), their_step()) for _ in range(10)])
    falls = losses[0] - losses
    assert falls[-1].min() > 0.005
    np.testing.assert_allclose(falls[:, 0], falls[:, 1], atol=5e-3 * falls[-1, 0])


def test_both_steps_clip_at_norm_one(monkeypatch):
    norms = []
    monkeypatch.setattr(models.optim, "clip_grad_norm", lambda _, max_norm: norms.append(max_norm))
    monkeypatch.setattr(torch.nn.utils, "clip_grad_norm_", lambda _, max_norm: norms.append(max_norm))
    ours.training_step(TINY.gpt, "cpu")()
    torch_twins.training_step("gpt", TINY.gpt, compile=False)()
    assert norms == [1.0, 1.0]


@pytest.mark.parametrize("line", lines.kernels(TINY), ids=lambda line: f"{line.task}, {line.shape}")
def test_every_peer_of_a_line_works(line):
    works = torch_peers.kernel(line, "cpu")
    assert set(works) == set(line.peers) - {"cuBLAS"}
    for name, work in works.items():
        if name not in ("flash", "memory-efficient"):  # not on the CPU, or not with bfloat16 there
            work()


def arrays_of(result):
    """The arrays in what a work returned, in float32, without what the backward pass needs."""
    found = [each for each in (result if type(result) in (tuple, list) else [result]) if each is not None]
    found = [
        each.float().numpy() if isinstance(each, torch.Tensor) else each for each in found if hasattr(each, "dtype")
    ]
    return [from_bfloat16(each) if each.dtype == np.uint16 else each for each in found]


@pytest.mark.parametrize(
    "line",
    [line for line in lines.kernels(TINY) if line.kind not in ("matmul", "AdamW")],
    ids=lambda line: f"{line.task}, {line.shape}",
)
def test_ours_and_the_peers_compute_the_same(line, host_compiler, monkeypatch):
    """On the same numbers; the flash backends, which are not on the CPU, are stood in for by the math of it."""

    def values(device, *shape, dtype=torch.float32):
        return torch.from_numpy(ours.values(lambda array: array, *shape)).to(dtype)

    def ids(device, vocab_size, size):
        return torch.from_numpy(ours.ids(lambda array: array, vocab_size, size))

    monkeypatch.setattr(torch_peers, "values", values)
    monkeypatch.setattr(torch_peers, "ids", ids)
    name = "math" if "attention" in line.kind else "PyTorch"
    theirs = arrays_of(torch_peers.kernel(line, "cpu")[name]())
    found = arrays_of(ours.kernel(line, lambda array: array)())
    if line.kind == "cross-entropy":
        found = found[1:]  # theirs gives the gradient alone
    assert len(found) >= len(theirs) > 0
    for one, other in zip(found, theirs, strict=False):
        assert one.shape == other.shape
        tolerance = 0.03 if "bf16" in line.task else 1e-5
        assert abs(one - other).max() <= tolerance * abs(other).max()


def test_products_of_float32_stay_in_float32():
    torch.set_float32_matmul_precision("high")
    try:
        torch_peers.training_steps(TINY.gpt, "cpu")
        assert torch.get_float32_matmul_precision() == "highest"
    finally:
        torch.set_float32_matmul_precision("highest")


def test_without_a_gpu_pytorch_says_so():
    expected = "" if torch.cuda.is_available() else "this build of torch finds no GPU"
    assert torch_peers.missing() == expected
