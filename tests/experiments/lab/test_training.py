"""Training that is killed resumes and ends with the same bits; a damaged checkpoint is said and not believed."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from experiments.lab import training, word_vectors
from experiments.lab.objectives import CausalLM
from experiments.lab.pretraining import Pretraining, pretrain
from experiments.lab.windows import Windows
from experiments.lab.word_vectors import SkipGramSettings, pretrain_word_vectors
from experiments.running.progress import Bar
from minigrad import load_checkpoint, optim, save_checkpoint
from models.gpt import GPT, GPTConfig
from models.word_vectors import SkipGram

IDS = np.random.default_rng(0).integers(0, 7, size=400)


def model() -> GPT:
    return GPT(GPTConfig(7, n_positions=8, d_model=8, n_layers=1, n_heads=2), np.random.default_rng(1))


TEXT = np.random.default_rng(2).integers(0, 8, size=150)
PAIRS = SkipGramSettings(lr=0.02, window=2, n_negatives=3, batch_size=16, subsample=0.1)


def vectors_of(folder: Path) -> tuple[dict[str, np.ndarray], dict]:
    """The weights and the record of word vectors, trained or taken up in this folder."""
    vectors = SkipGram(8, 6, np.random.default_rng(0))
    with Bar(len(TEXT), "test") as bar:
        record = pretrain_word_vectors(vectors, TEXT, PAIRS, 5, folder, bar)
    return vectors.state_dict(), record


def language_model_of(folder: Path) -> tuple[dict[str, np.ndarray], dict]:
    """The same of a language model."""
    trained = model()
    with Bar(12, "test") as bar:
        record = pretrain(trained, CausalLM(Windows(IDS, 8, 4, seed=5)), Pretraining(steps=12, lr=1e-2), folder, bar)
    return trained.state_dict(), record


def assert_same_bits(one: tuple[dict[str, np.ndarray], dict], other: tuple[dict[str, np.ndarray], dict]) -> None:
    assert one[1] == other[1]
    assert one[0].keys() == other[0].keys()
    for name, array in one[0].items():
        assert array.tobytes() == other[0][name].tobytes(), name


def killed_at(step: int, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Let the optimizer's step of this number be interrupted, once; gives the list of the steps that are taken."""
    taken: list[int] = []
    for kind in (optim.Adam, optim.AdamW):

        def killed(self: optim.Optimizer, real=kind.step) -> None:
            taken.append(len(taken))
            if len(taken) == step + 1:
                raise KeyboardInterrupt
            real(self)

        monkeypatch.setattr(kind, "step", killed)
    return taken


@pytest.mark.parametrize("step", [0, 1, 4, 9, 17, 23])
def test_word_vectors_that_were_killed_go_on_and_end_with_the_same_bits(tmp_path: Path, monkeypatch, step: int):
    monkeypatch.setattr(word_vectors, "CHUNK", 64)  # three of them
    whole = vectors_of(tmp_path / "whole")
    monkeypatch.setattr(training, "SECONDS_BETWEEN_CHECKPOINTS", 0.0)
    taken = killed_at(step, monkeypatch)
    with pytest.raises(KeyboardInterrupt):
        vectors_of(tmp_path / "killed")
    assert_same_bits(whole, vectors_of(tmp_path / "killed"))
    assert len(taken) == 1 + 24  # the step that was interrupted is the only one that is taken twice
    assert [path.name for path in (tmp_path / "killed").iterdir()] == ["model.safetensors"]


def spoil(path: Path, how: str) -> None:
    """Put something else in the place of a checkpoint."""
    content = path.read_bytes()
    path.unlink()
    if how == "a folder":
        path.mkdir()
        (path / "file").write_text("", encoding="utf-8")
    elif how == "a link that leads nowhere":
        path.symlink_to(path.with_name("nowhere"))
    elif how == "truncated":
        path.write_bytes(content[: len(content) // 2])
    elif how == "empty":
        path.write_bytes(b"")
    elif how == "a flipped bit":
        path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    elif how == "another model":
        other = GPT(GPTConfig(9, n_positions=8, d_model=8, n_layers=1, n_heads=2))
        save_checkpoint(path, other, optim.AdamW(other.parameters(), lr=1.0), step=1)
    else:
        resumed = model() if "norm" in how else SkipGram(8, 6)
        optimizer = optim.AdamW(resumed.parameters(), lr=1.0)
        generators = None if "norm" in how else {"training": np.random.default_rng(0)}
        metadata = json.loads(how.partition(":")[2])
        save_checkpoint(path, resumed, optimizer, step=2, generators=generators, metadata=metadata)


DAMAGE = ["a folder", "truncated", "empty", "a flipped bit", "another model", "a link that leads nowhere"]
OF_LANGUAGE_MODELS = [
    'norm:{"losses": [1.0, 2.0], "targets": -1, "probes": []}',
    "norm:{}",
    'norm:{"losses": 3}',
    'norm:{"losses": [1.0]}',
    'norm:{"losses": ["a", "b"]}',
]
OF_WORD_VECTORS = [
    "vectors:{}",
    'vectors:{"losses": [1.0, 2.0]}',
    'vectors:{"losses": [1.0, 2.0], "first": 0, "done": 2.5, "n_pairs": 1}',
    'vectors:{"losses": [1.0, 2.0], "first": -64, "done": 2, "n_pairs": 1}',
    'vectors:{"losses": [1.0, 2.0], "first": 9, "done": 2, "n_pairs": 1}',
]


@pytest.mark.parametrize(
    ("train", "how"),
    [(language_model_of, how) for how in DAMAGE + OF_LANGUAGE_MODELS]
    + [(vectors_of, how) for how in DAMAGE + OF_WORD_VECTORS],
)
def test_a_damaged_checkpoint_is_said_and_the_training_starts_again(tmp_path: Path, monkeypatch, capsys, train, how):
    monkeypatch.setattr(word_vectors, "CHUNK", 64)
    whole = train(tmp_path / "whole")
    monkeypatch.setattr(training, "SECONDS_BETWEEN_CHECKPOINTS", 0.0)
    killed_at(7, monkeypatch)
    with pytest.raises(KeyboardInterrupt):
        train(tmp_path / "killed")
    spoil(tmp_path / "killed" / "unfinished.safetensors", how)
    assert_same_bits(whole, train(tmp_path / "killed"))
    err = capsys.readouterr().err
    assert f"{tmp_path / 'killed' / 'unfinished.safetensors'}" in err
    assert err.startswith("Warning: ")
    assert "; this training starts from its beginning.\n" in err
    assert [path.name for path in (tmp_path / "killed").iterdir()] == ["model.safetensors"]


PROGRAM = """
import sys
from pathlib import Path
import numpy as np
from experiments.lab import training, word_vectors
from experiments.running.progress import Bar
from models.word_vectors import SkipGram

training.SECONDS_BETWEEN_CHECKPOINTS, word_vectors.CHUNK = 0.0, 512
ids = np.random.default_rng(0).integers(0, 50, size=3000)
settings = word_vectors.SkipGramSettings(window=3, batch_size=32, subsample=0.01)
vectors = SkipGram(50, 16, np.random.default_rng(1))
print("begin", flush=True)
with Bar(len(ids), "test") as bar:
    word_vectors.pretrain_word_vectors(vectors, ids, settings, 0, Path(sys.argv[1]), bar)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL is of POSIX")
def test_a_process_that_is_killed_at_any_moment_loses_no_bit(tmp_path: Path):
    project = Path(training.__file__).parents[2]
    environment = {**os.environ, "PYTHONPATH": str(project)}

    def start(folder: str) -> subprocess.Popen:
        command = [sys.executable, "-c", PROGRAM, str(tmp_path / folder)]
        process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE)
        assert process.stdout is not None
        assert process.stdout.readline() == b"begin\n"
        return process

    began = time.monotonic()
    assert start("whole").wait(60) == 0
    took, draw = time.monotonic() - began, np.random.default_rng()
    for _ in range(3):
        process = start("killed")
        time.sleep(float(draw.uniform(0, took / 3)))
        process.send_signal(signal.SIGKILL)
        process.wait(60)
    assert start("killed").wait(60) == 0
    whole, killed = (tmp_path / folder / "model.safetensors" for folder in ("whole", "killed"))
    loaded = [SkipGram(50, 16), SkipGram(50, 16)]
    steps = [load_checkpoint(path, vectors).step for path, vectors in zip((whole, killed), loaded, strict=True)]
    assert steps[0] == steps[1] > 100
    assert_same_bits(*((vectors.state_dict(), {}) for vectors in loaded))
