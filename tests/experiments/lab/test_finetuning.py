"""The finetuning loop: what it trains, when it stops, what it freezes, how it resumes; and its evaluation."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from experiments.lab import trainable, training
from experiments.lab.examples import for_decoder
from experiments.lab.finetuning import BEST, Finetuning, evaluate, finetune
from experiments.lab.ways import CLSToken, LastToken
from experiments.running.progress import Bar
from experiments.text.toy_world.tasks.example import Example
from experiments.text.toy_world.vocabulary import EXTRACT, START, tokenizer
from minigrad import load_checkpoint, nn
from models.bert import BERT, BERTConfig
from models.finetuning import CLSClassifier, LastTokenClassifier
from models.gpt import GPT, GPTConfig

EXAMPLES = [
    Example("good film", None, 1),
    Example("bad", None, 0),
    Example("good good film", None, 1),
    Example("bad film film", None, 0),
]


def classifier(seed: int = 0) -> LastTokenClassifier:
    config = GPTConfig(tokenizer().vocab_size, n_positions=16, d_model=16, n_layers=1, n_heads=2)
    return LastTokenClassifier(GPT(config, np.random.default_rng(seed)), 16, 2, np.random.default_rng(seed))


def test_examples_are_between_start_and_extract_and_padded_on_the_right():
    encoded = for_decoder(EXAMPLES)
    for row, example in enumerate(EXAMPLES):
        ids = encoded.ids[row][encoded.attention_mask[row] == 1]
        assert ids.tolist() == tokenizer().encode(f"{START} {example.text} {EXTRACT}")
        assert (np.diff(encoded.attention_mask[row]) <= 0).all()
    assert encoded.labels.tolist() == [1, 0, 1, 0]


def test_some_examples_have_no_more_padding_than_they_need():
    encoded = for_decoder(EXAMPLES)
    short = encoded[np.array([1])]
    assert len(short) == 1
    assert short.attention_mask.all()
    assert short.ids.shape[1] < encoded.ids.shape[1]
    assert encoded[slice(0, 2)].labels.tolist() == [1, 0]


def test_finetuning_learns_the_examples_and_the_same_seed_gives_the_same_bits():
    encoded = for_decoder(EXAMPLES)
    first, second = classifier(), classifier()
    for each in (first, second):
        finetune(each, encoded, Finetuning(lr=1e-2, steps=30, batch_size=2), seed=3)
    loss, accuracy = evaluate(first, encoded)
    assert accuracy == 1
    assert loss < 0.1
    for name, array in first.state_dict().items():
        np.testing.assert_array_equal(second.state_dict()[name], array)


def test_every_example_is_seen_once_in_each_pass(monkeypatch: pytest.MonkeyPatch):
    encoded = for_decoder(EXAMPLES)
    seen: list[list[int]] = []
    real = LastToken.__getitem__

    def watched(self: LastToken, rows: np.ndarray | slice) -> LastToken:
        seen.append(list(rows))
        return real(self, rows)

    monkeypatch.setattr(LastToken, "__getitem__", watched)
    finetune(classifier(), encoded, Finetuning(lr=1e-3, steps=4, batch_size=2), seed=0)
    assert sorted(seen[0] + seen[1]) == sorted(seen[2] + seen[3]) == [0, 1, 2, 3]


def test_evaluation_in_batches_is_the_mean_over_all_examples():
    encoded, model = for_decoder(EXAMPLES), classifier(1)
    logits = model(encoded.ids, encoded.attention_mask).data
    log_probs = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
    expected = -log_probs[np.arange(4), encoded.labels].mean()
    for batch_size in (1, 3, 4, 100):
        loss, accuracy = evaluate(model, encoded, batch_size)
        assert loss == pytest.approx(expected, rel=1e-5)
        assert accuracy == (logits.argmax(axis=1) == encoded.labels).mean()


# -- how long ---------------------------------------------------------------------------------------


def test_epochs_are_passes_over_the_examples():
    assert Finetuning(lr=0.1, epochs=3, batch_size=2).n_steps(4) == 6
    assert Finetuning(lr=0.1, epochs=0.5, batch_size=2).n_steps(8) == 2
    assert Finetuning(lr=0.1, epochs=1, batch_size=16).n_steps(3) == 1
    record = finetune(classifier(), for_decoder(EXAMPLES), Finetuning(1e-3, epochs=3, batch_size=2), seed=0)
    assert (record["steps"], record["examples"], len(record["losses"])) == (6, 12, 6)


def test_fewer_examples_than_a_batch_holds_are_all_of_every_batch():
    record = finetune(classifier(), for_decoder(EXAMPLES), Finetuning(1e-3, steps=3, batch_size=16), seed=0)
    assert (record["steps"], record["examples"]) == (3, 12)


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ({}, "steps or epochs must be given, not both, got None and None"),
        ({"steps": 1, "epochs": 1}, "steps or epochs must be given, not both, got 1 and 1"),
        ({"steps": 0}, "steps must be at least 1, got 0"),
        ({"epochs": 0}, "epochs must be a finite number above 0, got 0"),
        ({"steps": 1, "batch_size": 0}, "batch_size must be at least 1, got 0"),
        ({"steps": 1, "patience": -1}, "patience must be at least 0, got -1"),
    ],
)
def test_settings_that_make_no_training_are_refused(settings, problem):
    with pytest.raises(ValueError, match=problem):
        Finetuning(lr=0.1, **settings)


# -- early stopping ---------------------------------------------------------------------------------


class Scripted(LastToken):
    """Dev examples whose scores are written down beforehand, one for each look; it notes the weights at each look."""

    scores: list[float]
    seen: list[dict[str, np.ndarray]]

    def answer(self, model, *batch):
        self.seen.append(weights(model))
        return super().answer(model, *batch)

    def score(self, predicted):
        return self.scores[len(self.seen) - 1]


def scripted(*scores: float) -> Scripted:
    examples = for_decoder(EXAMPLES)
    dev = Scripted(examples.ids, examples.attention_mask, examples.labels)
    object.__setattr__(dev, "scores", scores)
    object.__setattr__(dev, "seen", [])
    return dev


def weights(model: nn.Module) -> dict[str, np.ndarray]:
    return {name: array.copy() for name, array in model.state_dict().items()}


def assert_same(one: dict[str, np.ndarray], other: dict[str, np.ndarray]) -> None:
    for name, array in one.items():
        np.testing.assert_array_equal(other[name], array, err_msg=name)


def test_the_weights_that_dev_prefers_are_kept():
    model, settings = classifier(), Finetuning(1e-2, steps=12, batch_size=2, look_every=2)
    dev = scripted(0.2, 0.6, 0.9, 0.1, 0.8, 0.3)
    record = finetune(model, for_decoder(EXAMPLES), settings, seed=1, dev=dev)
    assert (record["steps"], record["best_step"]) == (12, 6)
    assert [(look["steps"], look["score"]) for look in record["dev"]] == [
        (2, 0.2), (4, 0.6), (6, 0.9), (8, 0.1), (10, 0.8), (12, 0.3)
    ]  # fmt: skip
    assert_same(weights(model), dev.seen[2])


def test_training_stops_when_patience_is_over():
    model, settings = classifier(), Finetuning(1e-2, steps=12, batch_size=2, look_every=2, patience=2)
    dev = scripted(0.2, 0.6, 0.5, 0.4, 0.9)
    record = finetune(model, for_decoder(EXAMPLES), settings, seed=1, dev=dev)
    assert (record["steps"], record["best_step"], len(record["losses"])) == (8, 4, 8)
    assert [look["steps"] for look in record["dev"]] == [2, 4, 6, 8]
    assert_same(weights(model), dev.seen[1])


def test_between_equal_scores_the_lower_loss_is_better():
    model, settings = classifier(), Finetuning(1e-2, steps=12, batch_size=2, look_every=3, patience=4)
    record = finetune(model, for_decoder(EXAMPLES), settings, seed=1, dev=scripted(0.5, 0.5, 0.5, 0.5))
    losses = [look["loss"] for look in record["dev"]]
    assert losses == sorted(losses, reverse=True)  # it is learning
    assert record["best_step"] == 12


def test_without_early_stopping_dev_is_looked_at_once_and_changes_nothing():
    with_dev, without = classifier(), classifier()
    settings, examples = Finetuning(1e-2, steps=5, batch_size=2), for_decoder(EXAMPLES)
    record = finetune(with_dev, examples, settings, seed=1, dev=examples)
    loss, score = evaluate(with_dev, examples)
    assert record["dev"] == [{"steps": 5, "loss": loss, "score": score}]
    assert finetune(without, examples, settings, seed=1) | {"dev": record["dev"]} == record
    assert_same(weights(with_dev), weights(without))


def test_early_stopping_without_dev_is_refused():
    with pytest.raises(ValueError, match="look_every and patience need dev examples to look at, got none"):
        finetune(classifier(), for_decoder(EXAMPLES), Finetuning(1e-2, steps=5, look_every=1), seed=0)


# -- frozen parameters ------------------------------------------------------------------------------


def test_frozen_parameters_do_not_move_and_the_others_do():
    model, examples = classifier(), for_decoder(EXAMPLES)
    before = weights(model)
    frozen = ("model.token_embedding", "model.final_norm.bias")
    finetune(model, examples, Finetuning(1e-2, steps=5, batch_size=2, frozen=frozen), seed=0)
    still = {name for name, array in model.state_dict().items() if (array == before[name]).all()}
    assert still == {"model.token_embedding.weight", "model.final_norm.bias"}
    assert all(parameter.requires_grad for parameter in model.parameters())
    assert all(parameter.grad is None for parameter in model.parameters())


def test_what_was_frozen_before_does_not_move_and_remains_frozen():
    model, examples = classifier(), for_decoder(EXAMPLES)
    model.model.blocks.requires_grad_(False)
    before = weights(model)
    finetune(model, examples, Finetuning(1e-2, steps=3, batch_size=2, frozen=("model.blocks", "head.bias")), seed=0)
    frozen = {name for name in before if name.startswith("model.blocks.")}
    still = {name for name, array in model.state_dict().items() if (array == before[name]).all()}
    assert still == frozen | {"head.bias"}
    assert {name for name, parameter in model.named_parameters() if not parameter.requires_grad} == frozen


EMBEDDINGS = "model.token_embedding.weight"


def test_only_the_rows_of_a_table_that_are_trainable_move_also_if_the_output_layer_uses_it():
    model, examples = classifier(), replace(for_decoder(EXAMPLES), lm_weight=0.5)
    before = weights(model)
    rows = [int(examples.ids[0, 0]), int(examples.ids[1, 1])]
    finetune(model, examples, Finetuning(1e-2, steps=6, batch_size=2, trainable_rows={EMBEDDINGS: rows}), seed=0)
    moved = {name: array != before[name] for name, array in model.state_dict().items()}
    assert np.flatnonzero(moved.pop(EMBEDDINGS).any(axis=1)).tolist() == sorted(rows)
    assert all(each.any() for each in moved.values())


def test_frozen_rows_do_not_count_in_clipping():
    """Without rows to learn, finetuning is that with the whole table frozen, to the bit."""
    rows, table = classifier(), classifier()
    examples = for_decoder(EXAMPLES)
    one = finetune(rows, examples, Finetuning(1e-2, steps=6, batch_size=2, trainable_rows={EMBEDDINGS: ()}), seed=0)
    assert one == finetune(table, examples, Finetuning(1e-2, steps=6, batch_size=2, frozen=(EMBEDDINGS,)), seed=0)
    assert_same(weights(rows), weights(table))


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ({"frozen": ("model.token",)}, "frozen must name parameters or modules, got 'model.token'; there are: model"),
        ({"lr_factors": {"nothing": 0.1}}, "lr_factors must name parameters or modules, got 'nothing'"),
        ({"trainable_rows": {"model.token_embedding": [1]}}, "must name parameters, got 'model.token_embedding'; th"),
        ({"trainable_rows": {EMBEDDINGS: [1]}, "frozen": ("model",)}, f"names '{EMBEDDINGS}', all of which is frozen"),
        ({"trainable_rows": {EMBEDDINGS: [-1]}}, r"rows must lie in \[0, .* got -1"),
    ],
)
def test_a_name_or_a_row_that_does_not_exist_is_refused_and_nothing_stays_frozen(settings, problem):
    model = classifier()
    with pytest.raises(ValueError, match=problem):
        finetune(model, for_decoder(EXAMPLES), Finetuning(1e-2, steps=5, **settings), seed=0)
    assert all(parameter.requires_grad for parameter in model.parameters())


# -- learning rates by name -------------------------------------------------------------------------


def test_the_longest_name_that_matches_decides_the_learning_rate():
    model = classifier()
    model.head.requires_grad_(False)
    factors = {"model.blocks.0": 0.5, "model": 0.1, "model.blocks.0.feed_forward": 0.25}
    lrs = {id(group["params"][0]): group.get("lr") for group in trainable.groups(model, 0.2, factors)}
    for name, parameter in model.named_parameters():
        if name.startswith("head."):
            assert id(parameter) not in lrs
            continue
        factor = 0.25 if ".feed_forward." in name else 0.5 if name.startswith("model.blocks.0.") else 0.1
        assert lrs[id(parameter)] == 0.2 * factor, name
    assert {group.get("lr") for group in trainable.groups(classifier(), 0.2, {"model": 0.1})} == {0.2 * 0.1, None}


def test_a_factor_of_zero_freezes_and_a_factor_scales_the_first_step():
    """Adam's first step is the learning rate, however large the gradient is."""
    steps = {}
    for factor in (0.0, 0.01, 1.0):
        model, settings = classifier(), Finetuning(1e-2, steps=1, batch_size=4, lr_factors={"model.blocks": factor})
        before = weights(model)
        finetune(model, for_decoder(EXAMPLES), settings, seed=0)
        steps[factor] = {name: np.abs(array - before[name]).max() for name, array in model.state_dict().items()}
    name = "model.blocks.0.attention.out.weight"
    assert steps[0.0][name] == 0
    assert steps[1.0][name] == pytest.approx(1e-2, rel=1e-3)
    assert steps[0.01][name] == pytest.approx(1e-4, rel=1e-2)
    assert steps[0.0]["head.weight"] == steps[1.0]["head.weight"] == pytest.approx(1e-2, rel=1e-3)


def test_factors_of_one_give_the_bits_of_no_factors():
    one, other = classifier(), classifier()
    finetune(one, for_decoder(EXAMPLES), Finetuning(3e-3, steps=6, lr_factors={"model": 1, "head": 1.0}), seed=0)
    finetune(other, for_decoder(EXAMPLES), Finetuning(3e-3, steps=6), seed=0)
    assert_same(weights(one), weights(other))


def test_a_negative_factor_is_refused():
    with pytest.raises(ValueError, match=r"lr_factors\['model'\] must be a finite number at least 0, got -0.1"):
        Finetuning(1e-2, steps=5, lr_factors={"model": -0.1})


# -- dropout, and a training that is killed ---------------------------------------------------------


def with_dropout() -> tuple[CLSClassifier, CLSToken]:
    """A classifier that drops much, so that another draw shows."""
    config = BERTConfig(tokenizer().vocab_size, 16, d_model=16, n_layers=1, n_heads=2, dropout=0.3)
    model = CLSClassifier(BERT(config, np.random.default_rng(0)), 16, 2, np.random.default_rng(0), dropout=0.3)
    encoded = for_decoder(EXAMPLES)
    return model, CLSToken(encoded.ids, encoded.attention_mask, np.zeros_like(encoded.ids), encoded.labels)


def test_dropout_draws_by_the_seed_and_is_off_in_evaluation():
    ends = []
    for seed in (1, 1, 2):
        model, examples = with_dropout()
        finetune(model, examples, Finetuning(1e-2, steps=4, batch_size=4), seed)  # all examples in every batch
        assert evaluate(model, examples) == evaluate(model, examples)
        assert model.training
        ends.append(weights(model))
    assert_same(ends[0], ends[1])
    assert any((ends[0][name] != ends[2][name]).any() for name in ends[0])


PARTLY = {
    "frozen": ("model.position_embedding", "head.bias"),
    "trainable_rows": {EMBEDDINGS: [3, 5]},
    "lr_factors": {"model": 0.5, "model.pooler": 2.0},
}


@pytest.mark.parametrize("what", [{}, PARTLY], ids=["all", "partly frozen"])
@pytest.mark.parametrize("kill_at", [1, 4, 5, 6, 9, 11])
def test_a_killed_run_resumes_with_the_same_bits(kill_at, what, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    settings = Finetuning(3e-2, steps=12, batch_size=2, look_every=2, patience=3, **what)

    def train(folder: Path) -> tuple[dict[str, np.ndarray], dict]:
        model, examples = with_dropout()
        with Bar(12, "test") as bar:
            record = finetune(model, examples, settings, 1, examples, folder, bar)
        return weights(model), record

    whole, record = train(tmp_path / "whole")
    monkeypatch.setattr(training, "SECONDS_BETWEEN_CHECKPOINTS", 0.0)
    real, taken = CLSToken.loss, []

    def killed(self, model, *batch):
        if model.training:
            taken.append(len(taken))
        if len(taken) == kill_at + 1:
            raise KeyboardInterrupt
        return real(self, model, *batch)

    monkeypatch.setattr(CLSToken, "loss", killed)
    with pytest.raises(KeyboardInterrupt):
        train(tmp_path / "killed")
    resumed, resumed_record = train(tmp_path / "killed")
    assert resumed_record == record
    assert len(taken) == record["steps"] + 1
    assert_same(whole, resumed)
    assert [path.name for path in (tmp_path / "killed").iterdir()] == ["model.safetensors"]
    left, _ = with_dropout()
    assert load_checkpoint(tmp_path / "killed" / "model.safetensors", left).step == record["best_step"]
    assert_same(whole, weights(left))


def test_if_the_best_weights_are_damaged_training_starts_again(tmp_path: Path, monkeypatch, capsys):
    settings = Finetuning(3e-2, steps=12, batch_size=2, look_every=2, patience=3)
    model, examples = with_dropout()
    record = finetune(model, examples, settings, 1, examples, tmp_path / "whole")
    monkeypatch.setattr(training, "SECONDS_BETWEEN_CHECKPOINTS", 0.0)
    real, taken = CLSToken.loss, []

    def killed(self, model, *batch):
        taken.append(len(taken))
        if len(taken) == 4:
            raise KeyboardInterrupt
        return real(self, model, *batch)

    with monkeypatch.context() as patch:
        patch.setattr(CLSToken, "loss", killed)
        with pytest.raises(KeyboardInterrupt):
            finetune(with_dropout()[0], examples, settings, 1, examples, tmp_path / "killed")
    (tmp_path / "killed" / BEST).write_bytes(b"")
    again, _ = with_dropout()
    assert finetune(again, examples, settings, 1, examples, tmp_path / "killed") == record
    assert "this training starts from its beginning" in capsys.readouterr().err
    assert_same(weights(model), weights(again))
