"""Recipes: their names, the models they start from, what their objectives read, and how their training is observed."""

from dataclasses import replace

import numpy as np
import pytest

from experiments.lab import recipes
from experiments.lab.document_objectives import DocumentBiLM, DocumentLM
from experiments.lab.recipes import (
    MaskedLM,
    MaskedLMAtExactRate,
    bidirectional_lm,
    causal_lm,
    named,
    probes_of,
    shown,
)
from experiments.lab.windows import unigram_entropy
from experiments.lab.worlds import START_ID
from experiments.running.progress import Bar
from experiments.text.toy_world.parts import part_of
from experiments.text.toy_world.tasks.blanks import CLUE_AFTER, CLUE_BEFORE, SKILLS, Blank, draw
from experiments.text.toy_world.vocabulary import CLS, MASK, SEP, SPECIAL_TOKENS, tokenizer
from experiments.text.toy_world.world import World
from minigrad import IGNORE
from tests.experiments.tiny_zoo import READING, TINY


@pytest.fixture(autouse=True)
def cache(monkeypatch, tmp_path):
    monkeypatch.setenv("MINIGRAD_CACHE", str(tmp_path))


def test_names_tell_recipes_apart():
    assert TINY.gpt.name == "GPT, width 8, layers 1, causal_lm, 4 steps, learning rate 0.003"
    assert TINY.vectors.name.startswith("word vectors, width 16, 3,000 tokens, learning rate ")
    assert TINY.elmo.name.startswith("BiLSTMLanguageModel, width 8, layers 2, bidirectional_lm, 4 steps, ")
    assert "MaskedLM(rate=0.25, replace=(0.8, 0.1, 0.1), spans=False, too_easy=(" in TINY.bert.name
    assert len({member.name for member in TINY.members.values()}) == 7
    assert (named(causal_lm), named(MaskedLM), named(MaskedLM(0.3))) == ("causal_lm", "MaskedLM", repr(MaskedLM(0.3)))


def test_progress_bars_have_shorter_names(monkeypatch, tmp_path):
    assert shown(causal_lm) == "causal_lm"
    assert shown(MaskedLMAtExactRate(0.05)) == "MaskedLMAtExactRate at 5%, 80/10/10"
    assert shown(MaskedLM(0.125, (1.0, 0.0, 0.0), spans=True)) == "MaskedLM at 12.5%, 100/0/0, spans"
    labels = []

    def bar_spy(total, label):
        labels.append(label)
        return Bar(total, label)

    monkeypatch.setattr(recipes, "Bar", bar_spy)
    TINY.bert.train(tmp_path, 0, "cpu")
    assert labels == ["pretraining BERT, width 8, layers 1, MaskedLM at 25%, 80/10/10, learning rate 0.003, seed 0"]


@pytest.mark.parametrize("name", TINY.members)
def test_a_model_starts_the_same_with_the_same_seed_only(name):
    member = TINY.members[name]
    one, two, other = (member.untrained(seed).state_dict() for seed in (0, 0, 1))
    assert all(np.array_equal(one[each], two[each]) for each in one)
    assert any(not np.array_equal(one[each], other[each]) for each in one)
    size = tokenizer().vocab_size
    assert max(len(array) for array in one.values()) >= size


def test_language_models_read_the_same_batches():
    forward, both = causal_lm(READING, 2), bidirectional_lm(READING, 2)
    assert isinstance(forward, DocumentLM)
    assert isinstance(both, DocumentBiLM)
    for step in range(3):
        ids, mask = READING.documents(2).batch(step)
        np.testing.assert_array_equal(forward.batch(step)[0], ids[:, :-1])
        np.testing.assert_array_equal(both.batch(step)[0], ids)
        assert (ids[:, 0] == START_ID).all()
        assert mask.sum() == both.batch(step)[1].sum()


def test_an_encoder_reads_the_same_documents_with_its_own_special_tokens():
    ids = tokenizer().ids
    objective = MaskedLM(rate=1.0, replace=(1.0, 0.0, 0.0), too_easy=(".", "the"))(READING, 2)
    for step in range(3):
        documents, _ = READING.documents(2).batch(step)
        inputs, mask, types, labels = objective.batch(step)
        whole = np.where(labels == IGNORE, inputs, labels)
        assert (whole[:, 0] == ids[CLS]).all()
        ends = mask.sum(axis=1) - 1
        assert (whole[np.arange(len(whole)), ends] == ids[SEP]).all()
        never = [ids[token] for token in (*SPECIAL_TOKENS, ".", "the")]
        np.testing.assert_array_equal(labels == IGNORE, (mask == 0) | np.isin(whole, never))
        assert (inputs[labels != IGNORE] == ids[MASK]).all()
        for row, own, document in zip(whole, mask, documents, strict=True):
            words = [id for id in row[own == 1].tolist() if id not in (ids[CLS], ids[SEP])]
            assert words == [id for id in document.tolist() if id not in never[:9]]
        # A second segment follows a sentence's end and its [SEP].
        rows, columns = np.nonzero(np.diff(types, axis=1) == 1)
        assert len(rows)
        assert (whole[rows, columns] == ids[SEP]).all()
        assert np.isin(whole[rows, columns - 1], [ids["."], ids["?"]]).all()


def test_a_masking_rate_and_spans_reach_the_objective():
    few, many, spans = (MaskedLM(*settings)(READING, 0) for settings in ((0.1,), (0.5,), (0.5, (0.8, 0.1, 0.1), True)))
    assert (few.batch(0)[-1] != IGNORE).sum() < (many.batch(0)[-1] != IGNORE).sum() / 3
    assert spans.spans
    neighbours = []
    for objective in (many, spans):
        hidden = np.concatenate([objective.batch(step)[-1].ravel() for step in range(8)]) != IGNORE
        neighbours.append((hidden[1:] & hidden[:-1]).sum())
    assert neighbours[1] > 1.2 * neighbours[0]


# -- probes -----------------------------------------------------------------------------------------


def test_probes_are_of_every_kind_and_of_dev_texts(monkeypatch):
    monkeypatch.setattr(recipes, "N_PROBES", 5)
    asked: list[list[Blank]] = []

    def fill(model, blanks):
        """Right in the first two."""
        asked.append(list(blanks))
        logits = np.zeros((len(blanks), tokenizer().vocab_size))
        for row, blank in zip(logits, blanks[:2], strict=False):
            row[tokenizer().ids[blank.choices[0]]] = 1
        return logits

    probes = probes_of(fill, 3)
    assert list(probes) == [*CLUE_BEFORE, *(f"{kind}, after" for kind in CLUE_AFTER), *SKILLS]
    assert [probe(None) for probe in probes.values()] == [0.4] * 24
    sets = [(kinds, kind) for kinds in (CLUE_BEFORE, CLUE_AFTER, SKILLS) for kind in kinds]
    assert asked == [draw(World(3), kinds, kind, 5, "dev") for kinds, kind in sets]
    texts = [
        blank.filled(blank.choices[0])
        for blanks, (_, kind) in zip(asked, sets, strict=True)
        for blank in blanks
        if kind not in ("fact", "translation")  # whose texts are in documents
    ]
    assert {part_of(text) for text in texts} == {"dev"}


def test_the_record_has_probes_targets_and_the_entropy_of_the_tokens(monkeypatch, tmp_path):
    monkeypatch.setattr(recipes, "N_PROBES", 2)
    recipe = replace(TINY.gpt, training=replace(TINY.gpt.training, probe_every=2))
    record = recipe.train(tmp_path, 0, "cpu")
    assert record["unigram_entropy"] == unigram_entropy(READING.ids(0))
    assert [look["steps"] for look in record["probes"]] == [2, 4]
    assert record["probes"][-1]["targets"] == record["targets"]
    assert set(record["probes"][0]) == {"steps", "targets", *probes_of(recipe.fill, 0)}
    assert len(record["losses"]) == 4
    assert record == recipe.train(tmp_path, 0, "cpu")
