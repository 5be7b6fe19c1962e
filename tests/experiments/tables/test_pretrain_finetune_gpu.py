"""The experiment on pretraining and finetuning on a GPU, for which tests/gpu_double.py stands in."""

import numpy as np
import pytest

from experiments.lab import recipes, worlds, zoo
from experiments.lab.worlds import Reading
from experiments.running.contract import Request
from experiments.running.work import Work
from experiments.tables import pretrain_finetune
from experiments.tables.pretrain_finetune import findings, measures
from experiments.tables.pretrain_finetune.systems import Settings
from minigrad import Tensor
from tests.gpu_double import FakeGPUArray

TINY = Settings(
    seeds=1,
    finetuning_steps=1,
    label_counts=(2,),
    finetuning_lrs=(1e-3,),
    zoo=zoo.zoo(Reading(200, batch_tokens=64), steps=1, small=(8, 1, 2), large=(8, 1, 2)),
    n_dev=2,
    n_test=9,
)


@pytest.fixture(autouse=True)
def little_to_compute(monkeypatch: pytest.MonkeyPatch):
    """No probes and no figures; the sample has three tokens a document."""
    monkeypatch.setattr(measures, "LINE", [0, 1])
    monkeypatch.setattr(recipes, "probes_of", lambda fill, seed: {})
    monkeypatch.setattr(findings, "draw", lambda *arguments: None)
    generate = measures.generate
    monkeypatch.setattr(measures, "generate", lambda *a, **options: generate(a[0], a[1], 3, *a[3:], **options))
    yield
    worlds.text_of.cache_clear()


def test_all_of_it_is_computed_on_the_gpu_with_the_same_numbers(gpu, tmp_path, monkeypatch):
    devices = set[type]()
    backward = Tensor.backward

    def spy(tensor: Tensor, *arguments, **options) -> None:
        devices.add(type(tensor.data))
        backward(tensor, *arguments, **options)

    monkeypatch.setattr(Tensor, "backward", spy)
    monkeypatch.setitem(pretrain_finetune.PRESETS, "quick", TINY)
    monkeypatch.setenv("MINIGRAD_CACHE", str(tmp_path))
    cells = {}
    for device in ("cpu", "cuda"):
        work = Work(Request("experiments.tables.pretrain_finetune", device=device))
        pretrain_finetune.run(TINY, work)
        cells[device] = {key: cell.value for key, cell in work.cells.items()}
        assert devices == {np.ndarray if device == "cpu" else FakeGPUArray}
        devices.clear()
    assert cells["cpu"].keys() == cells["cuda"].keys()
    for key, values in cells["cpu"].items():
        for name, value in values.items():
            if "loss" in name or name == "line":
                np.testing.assert_allclose(cells["cuda"][key][name], value, rtol=1e-4, err_msg=f"{key} {name}")
