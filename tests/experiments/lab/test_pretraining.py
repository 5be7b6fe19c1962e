"""The pretraining loops: which tokens are read, what is learnt, and going on after a kill."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from experiments.lab import pretraining, training
from experiments.lab.objectives import CausalLM
from experiments.lab.pretraining import CutShort, Pretraining, kept
from experiments.lab.training import averages, matrices_decay
from experiments.lab.windows import Windows, token_stream, unigram_entropy
from experiments.lab.word_vectors import SkipGramSettings, pretrain_word_vectors
from experiments.running.progress import Bar
from minigrad import is_grad_enabled, load_checkpoint
from models.gpt import GPT, GPTConfig
from models.word_vectors import SkipGram
from tokenizer import ByteLevelBPE
from tokenizer.formats.gpt2_files import END_OF_TEXT

IDS = np.random.default_rng(0).integers(0, 7, size=400)
SETTINGS = Pretraining(steps=12, lr=1e-2)


def model() -> GPT:
    return GPT(GPTConfig(7, n_positions=8, d_model=8, n_layers=1, n_heads=2), np.random.default_rng(1))


def pretrain(folder: Path, on: GPT | None = None) -> tuple[GPT, dict]:
    trained = on or model()
    with Bar(SETTINGS.steps, "test") as bar:
        return trained, pretraining.pretrain(trained, CausalLM(Windows(IDS, 8, 4, seed=5)), SETTINGS, folder, bar)


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
    objective, settings = CausalLM(Windows(ids, 8, 4, seed=0)), Pretraining(steps=60, lr=2e-2)
    with Bar(60, "test") as bar:
        record = pretraining.pretrain(trained, objective, settings, tmp_path, bar)
    assert record["losses"][0] > 1.5
    assert record["losses"][-1] < 0.3


def test_a_killed_run_goes_on_and_ends_with_the_same_bits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    whole, record = pretrain(tmp_path / "whole")
    monkeypatch.setattr(training, "SECONDS_BETWEEN_CHECKPOINTS", 0.0)
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


def test_targets_are_counted_and_weights_are_kept_when_so_many_were_seen(tmp_path: Path):
    settings = dataclasses.replace(SETTINGS, keep_at=(40, 100, 10_000))
    with Bar(12, "test") as bar:
        record = pretraining.pretrain(model(), CausalLM(Windows(IDS, 8, 4, seed=5)), settings, tmp_path, bar)
    assert record["targets"] == 12 * 4 * 8
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "model-100.safetensors", "model-40.safetensors", "model.safetensors"
    ]  # fmt: skip
    saved = load_checkpoint(kept(tmp_path, 40), model())
    assert (saved.step, saved.metadata) == (2, {"targets": 64})


def test_probes_are_looked_at_along_the_way_without_gradients_and_dropout(tmp_path: Path):
    trained, seen = model(), []

    def probe(looked_at: GPT) -> float:
        seen.append((is_grad_enabled(), looked_at.training))
        return float(len(seen))

    settings = dataclasses.replace(SETTINGS, probe_every=5)
    with Bar(12, "test") as bar:
        objective = CausalLM(Windows(IDS, 8, 4, seed=5))
        record = pretraining.pretrain(trained, objective, settings, tmp_path, bar, probes={"skill": probe})
    rows = [(5, 160, 1.0), (10, 320, 2.0), (12, 384, 3.0)]
    assert record["probes"] == [{"steps": s, "targets": t, "skill": v} for s, t, v in rows]
    assert seen == [(False, False)] * 3
    assert trained.training


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


def test_a_training_that_is_cut_short_is_the_beginning_of_the_whole_one(tmp_path: Path):
    """It ends with the weights that the whole one has there, and its probes are evaluated at its own end."""
    whole = dataclasses.replace(SETTINGS, keep_at=(7 * 32,))
    short = CutShort(**vars(SETTINGS), stop=7)
    records, folders = [], [tmp_path / "whole", tmp_path / "short"]
    for settings, folder in zip((whole, short), folders, strict=True):
        folder.mkdir()
        with Bar(settings.last_step, "test") as bar:
            objective = CausalLM(Windows(IDS, 8, 4, seed=5))
            records.append(pretraining.pretrain(model(), objective, settings, folder, bar, {"zero": lambda _: 0.0}))
    assert [record["probes"][-1]["steps"] for record in records] == [12, 7]
    there, end = model(), model()
    load_checkpoint(kept(folders[0], 7 * 32), there)
    load_checkpoint(folders[1] / "model.safetensors", end)
    for name, array in there.state_dict().items():
        np.testing.assert_array_equal(end.state_dict()[name], array)


@pytest.mark.parametrize("stop", [0, 13])
def test_a_training_stops_at_one_of_its_steps(stop: int):
    with pytest.raises(ValueError, match=f"stop must be at least 1 and at most 12, got {stop}"):
        CutShort(**vars(SETTINGS), stop=stop)


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
