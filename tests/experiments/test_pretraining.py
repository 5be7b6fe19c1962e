"""The pretraining loops: which tokens are read, what is learnt, and going on after a kill."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from experiments import pretraining
from experiments.pretraining import (
    END_OF_TEXT,
    LMSettings,
    SkipGramSettings,
    Windows,
    averages,
    matrices_decay,
    pretrain_language_model,
    pretrain_word_vectors,
    token_stream,
    unigram_entropy,
)
from experiments.progress import Bar
from minigrad import load_checkpoint, optim, save_checkpoint
from models.gpt import GPT, GPTConfig
from models.word_vectors import SkipGram
from tokenizer import ByteLevelBPE

IDS = np.random.default_rng(0).integers(0, 7, size=400)
SETTINGS = LMSettings(steps=12, lr=1e-2, batch_size=4, context=8)


def model() -> GPT:
    return GPT(GPTConfig(7, n_positions=8, d_model=8, n_layers=1, n_heads=2), np.random.default_rng(1))


def pretrain(folder: Path, on: GPT | None = None) -> tuple[GPT, dict]:
    trained = on or model()
    with Bar(SETTINGS.steps, "test") as bar:
        return trained, pretrain_language_model(trained, IDS, SETTINGS, 5, folder, bar)


# -- windows ----------------------------------------------------------------------------------------


def test_one_pass_reads_every_row_once_and_neighbours_share_one_token():
    windows = Windows(np.arange(1 + 8 * 6), context=8, batch_size=2, seed=0)
    rows = np.concatenate([windows.batch(step) for step in range(3)])
    assert rows.shape == (6, 9)
    rows = rows[rows[:, 0].argsort()]
    np.testing.assert_array_equal(rows[:, 0], np.arange(0, 48, 8))
    np.testing.assert_array_equal(rows[:, -1], np.arange(8, 56, 8))


def test_the_second_pass_has_another_order():
    windows = Windows(np.arange(1 + 8 * 6), context=8, batch_size=6, seed=0)
    first, second = windows.batch(0), windows.batch(1)
    assert (first != second).any()
    np.testing.assert_array_equal(np.sort(first, axis=0), np.sort(second, axis=0))


def test_a_batch_depends_on_nothing_but_its_step_and_the_seed():
    one, other = Windows(IDS, 8, 4, seed=3), Windows(IDS, 8, 4, seed=3)
    in_order = [one.batch(step).copy() for step in range(30)]
    for step in (29, 0, 17, 3):
        np.testing.assert_array_equal(other.batch(step), in_order[step])
    assert (Windows(IDS, 8, 4, seed=4).batch(0) != in_order[0]).any()


def test_too_few_tokens_for_a_batch_are_refused():
    with pytest.raises(ValueError, match="too few"):
        Windows(np.arange(32), context=8, batch_size=4, seed=0)


# -- the stream -------------------------------------------------------------------------------------


def test_the_stream_has_an_end_of_text_before_each_text_and_a_space_before_its_first_word():
    tokenizer = ByteLevelBPE.train(["a b. a b."], 260, special_tokens=[END_OF_TEXT])
    assert tokenizer.decode(token_stream(tokenizer, ["a b.", "b"]).tolist()) == f"{END_OF_TEXT} a b.{END_OF_TEXT} b"


def test_unigram_entropy_of_equally_frequent_tokens_is_the_logarithm_of_their_number():
    assert unigram_entropy(np.array([0, 5, 9, 2] * 3)) == pytest.approx(np.log(4))
    assert unigram_entropy(np.array([1, 1])) == 0
    assert unigram_entropy(np.array([0, 0, 0, 1])) == pytest.approx(-(0.75 * np.log(0.75) + 0.25 * np.log(0.25)))


def test_averages_are_of_equal_stretches_in_order():
    assert averages([1.0, 3.0, 5.0, 7.0], parts=2) == [2.0, 6.0]
    assert averages([1.0, 2.0], parts=50) == [1.0, 2.0]


# -- the loops --------------------------------------------------------------------------------------


def test_pretraining_learns_a_text_that_repeats_itself(tmp_path: Path):
    ids = np.tile(np.arange(7), 200)
    trained = model()
    settings = LMSettings(steps=60, lr=2e-2, batch_size=4, context=8)
    with Bar(60, "test") as bar:
        record = pretrain_language_model(trained, ids, settings, 0, tmp_path, bar)
    assert record["losses"][0] > 1.5
    assert record["losses"][-1] < 0.3
    assert record["unigram_entropy"] == pytest.approx(np.log(7))


def test_a_killed_run_goes_on_and_ends_with_the_same_bits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    whole, record = pretrain(tmp_path / "whole")
    monkeypatch.setattr(pretraining, "SECONDS_BETWEEN_CHECKPOINTS", 0.0)
    real_batch, asked = Windows.batch, []

    def killed_at_seven(self: Windows, step: int) -> np.ndarray:
        asked.append(step)
        if len(asked) == 8:
            raise KeyboardInterrupt
        return real_batch(self, step)

    monkeypatch.setattr(Windows, "batch", killed_at_seven)
    with pytest.raises(KeyboardInterrupt):
        pretrain(tmp_path / "killed")
    resumed, resumed_record = pretrain(tmp_path / "killed")
    assert asked == [*range(8), *range(7, 12)]
    assert resumed_record == record
    for name, array in whole.state_dict().items():
        np.testing.assert_array_equal(resumed.state_dict()[name], array)
    assert [path.name for path in (tmp_path / "killed").iterdir()] == ["model.safetensors"]


def test_the_weights_lie_in_the_folder(tmp_path: Path):
    trained, _ = pretrain(tmp_path)
    loaded = GPT(trained.config, np.random.default_rng(9))
    load_checkpoint(tmp_path / "model.safetensors", loaded)
    for name, array in trained.state_dict().items():
        np.testing.assert_array_equal(loaded.state_dict()[name], array)


def test_the_learning_rate_warms_up_and_ends_at_a_tenth(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    seen: list[float] = []
    real_step = pretraining.optim.AdamW.step
    monkeypatch.setattr(pretraining.optim.AdamW, "step", lambda self: (seen.append(self.lr), real_step(self)))
    pretrain(tmp_path)
    assert len(seen) == 12
    assert max(seen) == SETTINGS.lr
    assert seen[0] == SETTINGS.lr  # a warm-up of one step, a tenth of twelve
    assert seen[-1] == pytest.approx(0.1 * SETTINGS.lr)
    assert seen == sorted(seen, reverse=True)


def test_only_matrices_decay():
    groups = matrices_decay(model(), 0.1)
    assert {parameter.ndim for parameter in groups[0]["params"]} == {2}
    assert {parameter.ndim for parameter in groups[1]["params"]} == {1}
    assert [group["weight_decay"] for group in groups] == [0.1, 0.0]
    assert sum(len(group["params"]) for group in groups) == len(model().parameters())


def test_word_vectors_learn_which_words_stand_together(tmp_path: Path):
    rng = np.random.default_rng(0)
    ids = np.concatenate([rng.integers(0, 4, size=20) + 4 * rng.integers(0, 2) for _ in range(400)])
    vectors = SkipGram(8, 6, np.random.default_rng(0))
    settings = SkipGramSettings(lr=0.02, window=4, n_negatives=3, batch_size=256, subsample=1.0)
    with Bar(len(ids), "test") as bar:
        record = pretrain_word_vectors(vectors, ids, settings, 0, tmp_path, bar)
    assert record["pairs"] > 2 * len(ids)
    assert record["losses"][-1] < record["losses"][0]
    table = vectors.centre.weight.data
    table = table / np.linalg.norm(table, axis=1, keepdims=True)
    similar = table @ table.T
    assert similar[0, 1:4].min() > similar[0, 4:].max()
    assert (tmp_path / "model.safetensors").is_file()


def test_a_text_without_a_pair_is_refused(tmp_path: Path):
    with Bar(1, "test") as bar, pytest.raises(ValueError, match="ids must hold at least 2 tokens, got 1"):
        pretrain_word_vectors(SkipGram(8, 6), np.array([3]), SkipGramSettings(), 0, tmp_path, bar)


# -- killed, damaged, taken up again ----------------------------------------------------------------

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
    trained, record = pretrain(folder)
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
    monkeypatch.setattr(pretraining, "CHUNK", 64)  # three of them
    whole = vectors_of(tmp_path / "whole")
    monkeypatch.setattr(pretraining, "SECONDS_BETWEEN_CHECKPOINTS", 0.0)
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
OF_LANGUAGE_MODELS = ["norm:{}", 'norm:{"losses": 3}', 'norm:{"losses": [1.0]}', 'norm:{"losses": ["a", "b"]}']
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
    monkeypatch.setattr(pretraining, "CHUNK", 64)
    whole = train(tmp_path / "whole")
    monkeypatch.setattr(pretraining, "SECONDS_BETWEEN_CHECKPOINTS", 0.0)
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
from experiments import pretraining
from experiments.progress import Bar
from models.word_vectors import SkipGram

pretraining.SECONDS_BETWEEN_CHECKPOINTS, pretraining.CHUNK = 0.0, 512
ids = np.random.default_rng(0).integers(0, 50, size=3000)
settings = pretraining.SkipGramSettings(window=3, batch_size=32, subsample=0.01)
vectors = SkipGram(50, 16, np.random.default_rng(1))
print("begin", flush=True)
with Bar(len(ids), "test") as bar:
    pretraining.pretrain_word_vectors(vectors, ids, settings, 0, Path(sys.argv[1]), bar)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL is of POSIX")
def test_a_process_that_is_killed_at_any_moment_loses_no_bit(tmp_path: Path):
    project = Path(pretraining.__file__).parents[1]
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
