"""Checkpoints: a run goes on with the same bits, and a file that is damaged or does not fit changes nothing."""

import os
from pathlib import Path

import numpy as np
import pytest
import safetensors.numpy

from minigrad import Tensor, load_checkpoint, manual_seed, nn, ops, optim, random, save_checkpoint
from minigrad.errors import CheckpointError

VOCAB, WIDTH = 7, 8


class SmallModel(nn.Module):
    """A little of everything: tied embeddings, attention, dropout from the library's Generator and from its own."""

    def __init__(self, width: int = WIDTH, own_generator: np.random.Generator | None = None) -> None:
        self.embedding = nn.Embedding(VOCAB, width)
        self.norm = nn.LayerNorm(width)
        self.attention = nn.MultiHeadAttention(width, 2)
        self.dropouts = nn.Sequential(nn.Dropout(0.2), nn.Dropout(0.2, own_generator))
        self.output = nn.Linear(width, VOCAB, bias=False)
        self.output.weight = self.embedding.weight

    def forward(self, ids: np.ndarray) -> Tensor:
        x = self.embedding(ids)
        return self.output(x + self.dropouts(self.attention(self.norm(x), causal=True)))


class Run:
    """Everything that a training run consists of."""

    def __init__(self, seed: int) -> None:
        manual_seed(seed)
        self.masks, self.data = np.random.default_rng(seed), np.random.default_rng(seed + 1)
        self.model = SmallModel(own_generator=self.masks)
        self.optimizer = optim.AdamW(self.model.parameters(), weight_decay=0.1)
        self.step = 0
        self.losses: list[float] = []

    @property
    def generators(self) -> dict[str, np.random.Generator]:
        return {"masks": self.masks, "data": self.data}

    def train(self, steps: int) -> None:
        for _ in range(steps):
            self.optimizer.lr = 0.01 * optim.warmup_cosine(self.step, 3, 20)
            ids = self.data.integers(VOCAB, size=(4, 6))
            loss = ops.cross_entropy(self.model(ids[:, :-1]), ids[:, 1:])
            loss.backward()
            self.optimizer.step()
            self.optimizer.zero_grad()
            self.step += 1
            self.losses.append(loss.item())

    def save(self, path: Path) -> None:
        metadata = {"losses": self.losses}
        generators = self.generators
        save_checkpoint(path, self.model, self.optimizer, step=self.step, generators=generators, metadata=metadata)

    def load(self, path: Path) -> None:
        saved = load_checkpoint(path, self.model, self.optimizer, generators=self.generators)
        self.step, self.losses = saved.step, saved.metadata["losses"]

    def state(self) -> dict[str, object]:
        """All of it as bytes and numbers, to compare."""
        arrays = {**self.model.state_dict(), **self.optimizer.state_dict()}
        generators = [random.get_state(), random.get_state(self.masks), random.get_state(self.data)]
        return {name: array.tobytes() for name, array in arrays.items()} | {
            "generators": generators,
            "step": self.step,
            "losses": self.losses,
        }


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    """A checkpoint of a run after five steps."""
    run = Run(seed=1)
    run.train(5)
    path = tmp_path / "run.safetensors"
    run.save(path)
    return path


def test_a_resumed_run_ends_with_the_same_bits_as_an_uninterrupted_one(tmp_path: Path):
    path = tmp_path / "run.safetensors"
    run = Run(seed=1)
    run.train(6)
    run.save(path)
    run.train(6)
    expected = run.state()

    resumed = Run(seed=2)
    resumed.train(1)  # nothing of a run that went another way must remain
    resumed.load(path)
    assert resumed.step == 6
    resumed.train(6)
    assert resumed.state() == expected


def test_tied_weights_are_stored_once_and_stay_tied(saved: Path):
    names = list(safetensors.numpy.load_file(saved))
    assert "model.embedding.weight" in names
    assert "model.output.weight" not in names
    run = Run(seed=2)
    run.load(saved)
    assert run.model.output.weight is run.model.embedding.weight


def test_a_model_alone_is_loaded_without_touching_the_librarys_generator(saved: Path):
    manual_seed(3)
    model, before = SmallModel(), random.get_state()
    assert load_checkpoint(saved, model).step == 5
    assert random.get_state() == before
    np.testing.assert_array_equal(
        model.embedding.weight.data, safetensors.numpy.load_file(saved)["model.embedding.weight"]
    )


def test_loading_counts_as_a_write_into_the_parameters(saved: Path):
    run = Run(seed=2)
    loss = ops.cross_entropy(run.model(np.zeros((1, 2), int)), np.zeros((1, 2), int))
    run.load(saved)
    with pytest.raises(RuntimeError, match="overwritten"):
        loss.backward()


def test_an_array_that_does_not_lie_in_c_order_survives(tmp_path: Path):
    model = nn.Linear(2, 3)
    model.weight.data = np.arange(6, dtype=np.float32).reshape(2, 3).T
    save_checkpoint(tmp_path / "linear", model)
    other = nn.Linear(2, 3)
    load_checkpoint(tmp_path / "linear", other)
    np.testing.assert_array_equal(other.weight.data, [[0, 3], [1, 4], [2, 5]])


def test_metadata_comes_back_as_json_holds_it(tmp_path: Path):
    model = nn.Linear(1, 1)
    save_checkpoint(tmp_path / "a", model, metadata={"cursor": [3, 4], "text": "naïve ☃", "loss": 0.1})
    saved = load_checkpoint(tmp_path / "a", model)
    assert saved.metadata == {"cursor": [3, 4], "text": "naïve ☃", "loss": 0.1}
    assert saved.step == 0


def test_metadata_that_json_cannot_hold_is_refused_before_anything_is_written(tmp_path: Path):
    with pytest.raises(TypeError, match="metadata"):
        save_checkpoint(tmp_path / "a", nn.Linear(1, 1), metadata={"array": np.ones(2)})
    with pytest.raises(TypeError, match="generators' states"):  # its state is an array
        save_checkpoint(tmp_path / "a", nn.Linear(1, 1), generators={"old": np.random.Generator(np.random.MT19937())})
    assert list(tmp_path.iterdir()) == []


# -- files that are refused ---------------------------------------------------------------------


def assert_refused(path: Path, run: Run, message: str) -> None:
    before = run.state()
    with pytest.raises(CheckpointError, match=message):
        run.load(path)
    assert run.state() == before


def test_a_missing_file_is_refused(tmp_path: Path):
    assert_refused(tmp_path / "nothing", Run(seed=2), "there is no checkpoint .*nothing")


@pytest.mark.parametrize("kept", [0, 4, 8, 100, -1])
def test_a_truncated_file_is_refused(saved: Path, kept: int):
    saved.write_bytes(saved.read_bytes()[:kept])
    assert_refused(saved, Run(seed=2), "damaged")


def test_a_file_of_another_kind_is_refused(tmp_path: Path):
    path = tmp_path / "notes.txt"
    path.write_text("These are notes, not weights.", encoding="utf-8")
    assert_refused(path, Run(seed=2), "not a safetensors file")


def test_a_folder_is_refused(tmp_path: Path):
    assert_refused(tmp_path, Run(seed=2), "not a safetensors file")


@pytest.mark.parametrize("metadata", [None, {"format": "pt"}, {"format": "minigrad checkpoint 0"}])
def test_a_safetensors_file_of_somebody_else_is_refused(tmp_path: Path, metadata: dict[str, str] | None):
    path = tmp_path / "other.safetensors"
    safetensors.numpy.save_file(SmallModel().state_dict(), path, metadata)
    assert_refused(path, Run(seed=2), "not a minigrad checkpoint")


def test_one_flipped_bit_anywhere_in_the_file_is_noticed(tmp_path: Path):
    path, model = tmp_path / "small", nn.Linear(2, 1)
    save_checkpoint(path, model, optim.SGD(model.parameters(), lr=0.1), metadata={"cursor": 12})
    contents = path.read_bytes()
    for position in range(len(contents)):
        damaged = bytearray(contents)
        damaged[position] ^= 1 << position % 8
        path.write_bytes(damaged)
        with pytest.raises(CheckpointError):
            load_checkpoint(path, model)


def test_a_model_that_differs_is_refused_and_all_names_are_listed(saved: Path):
    run = Run(seed=2)
    run.model.norm.weight.data = run.model.norm.weight.data.astype(np.float64)
    run.model.head = nn.Linear(WIDTH, 2, bias=False)
    run.model.attention.q.bias = None
    run.model.attention.k = nn.Linear(WIDTH, WIDTH + 1)
    before = run.state()
    with pytest.raises(CheckpointError) as error:
        run.load(saved)
    assert run.state() == before
    for part in (
        "missing: model.head.weight",
        "unexpected: model.attention.q.bias",
        "model.attention.k.weight is (8, 8), expected (9, 8)",
        "model.attention.k.bias is (8,), expected (9,)",
        "wrong dtype: model.norm.weight is float32, expected float64",
    ):
        assert part in str(error.value)


def test_another_optimizer_is_refused_with_the_names_of_both_parts(saved: Path):
    run = Run(seed=2)
    run.optimizer = optim.SGD(run.model.parameters(), lr=0.1)
    run.model.extra = nn.Linear(1, 1, bias=False)
    assert_refused(saved, run, "missing: model.extra.weight, optimizer.velocity.0, .*unexpected: .*exp_avg.0")


def test_an_optimizer_cannot_resume_from_a_checkpoint_without_one(saved: Path):
    run = Run(seed=2)
    save_checkpoint(saved, run.model, generators=run.generators)
    assert_refused(saved, run, "saved without an optimizer")


@pytest.mark.parametrize("names", [(), ("data",), ("data", "masks", "more"), ("data", "mask")])
def test_generators_of_other_names_are_refused(saved: Path, names: tuple[str, ...]):
    run = Run(seed=2)
    before = run.state()
    given = {name: np.random.default_rng() for name in names}
    with pytest.raises(CheckpointError, match=r"generators: saved were \['data', 'masks'\], given are"):
        load_checkpoint(saved, run.model, run.optimizer, generators=given)
    with pytest.raises(CheckpointError, match="generators: saved were"):
        load_checkpoint(saved, run.model, generators=given)
    assert run.state() == before


def test_a_generator_of_another_kind_is_refused(saved: Path):
    run = Run(seed=2)
    run.data = np.random.Generator(np.random.PCG64DXSM(0))
    assert_refused(saved, run, "generator data was a PCG64, is a PCG64DXSM")


# -- writing ------------------------------------------------------------------------------------


@pytest.mark.parametrize("failing", ["save_file", "replace"])
def test_a_write_that_fails_leaves_the_old_file_and_no_temporary_one(
    saved: Path, monkeypatch: pytest.MonkeyPatch, failing: str
):
    old = saved.read_bytes()

    def fail(*arguments: object) -> None:
        if failing == "save_file":
            Path(str(arguments[1])).write_bytes(b"half of")
        raise OSError("No space left on device")

    monkeypatch.setattr(safetensors.numpy if failing == "save_file" else os, failing, fail)
    with pytest.raises(OSError, match="No space left"):
        Run(seed=2).save(saved)
    assert saved.read_bytes() == old
    assert list(saved.parent.iterdir()) == [saved]


def test_a_checkpoint_replaces_the_one_before_and_makes_its_folder(tmp_path: Path):
    path = tmp_path / "new" / "folder" / "run.safetensors"
    run = Run(seed=1)
    run.save(path)
    run.train(2)
    run.save(path)
    other = Run(seed=2)
    other.load(path)
    assert other.state() == run.state()
    assert list(path.parent.iterdir()) == [path]
