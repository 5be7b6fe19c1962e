"""The variants of masked LM on a world's text: each hides what its name says, as often, and is trained as it is."""

from dataclasses import replace

import numpy as np
import pytest

from experiments.lab import recipes, zoo
from experiments.lab.document_nsp import DocumentMLMWithNextSentence
from experiments.lab.objectives import n_targets
from experiments.lab.recipes import MaskedLM, MaskedLMAtExactRate, MaskedLMWithNextSentence
from experiments.lab.worlds import Reading
from experiments.text.toy_world.vocabulary import MASK, SPECIAL_TOKENS, tokenizer
from minigrad import IGNORE
from models.objectives.next_sentence import IS_NEXT, IS_RANDOM
from tests.experiments.tiny_zoo import TINY
from tests.experiments.zoo_tables.variants import EASY

READING = Reading(n_tokens=20_000)
RATES = (0.05, 0.15, 0.25, 0.4, 0.5)
IDS = tokenizer().ids
N_STEPS = 12
Steps = list[tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]]


@pytest.fixture(autouse=True)
def cache(monkeypatch, tmp_path_factory):
    monkeypatch.setenv("MINIGRAD_CACHE", str(tmp_path_factory.getbasetemp() / "variants"))


def steps_of(variant: MaskedLM) -> Steps:
    """For some steps, all (B, T): the text; what is read; which tokens are predicted, and which may be."""
    never = [IDS[token] for token in (*SPECIAL_TOKENS, *variant.too_easy)]
    untouched = MaskedLM(replace=(0.0, 0.0, 1.0))(READING, 100)  # documents are cut at the same places
    objective, steps = variant(READING, 100), []
    for step in range(N_STEPS):
        ids, mask, _, _ = untouched.batch(step)
        inputs, _, _, labels = objective.batch(step)
        np.testing.assert_array_equal(labels[labels != IGNORE], ids[labels != IGNORE])
        steps.append((ids, inputs, labels != IGNORE, (mask == 1) & ~np.isin(ids, never)))
    return steps


# -- how much ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("too_easy", [(), EASY])
@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("variant", [MaskedLMAtExactRate(), MaskedLM(spans=True)], ids=["tokens", "spans"])
def test_the_rate_of_a_batch_is_exact(variant, rate, too_easy):
    for _, _, predicted, may_be in steps_of(replace(variant, rate=rate, too_easy=too_easy)):
        assert not (predicted & ~may_be).any()
        assert predicted.sum() == round(rate * may_be.sum())


@pytest.mark.parametrize("too_easy", [(), EASY])
@pytest.mark.parametrize("rate", RATES)
def test_the_rate_of_each_document_is_rounded_and_at_least_one_token(rate, too_easy):
    predicted, may_be = 0, 0
    for _, _, chosen, possible in steps_of(MaskedLM(rate, too_easy=too_easy)):
        n = possible.sum(axis=1)
        assert chosen.sum(axis=1).tolist() == [max(round(rate * each), each > 0) for each in n.tolist()]
        predicted, may_be = predicted + chosen.sum(), may_be + n.sum()
    if rate >= 0.15:
        assert predicted / may_be == pytest.approx(rate, rel=0.12)
    else:
        assert predicted / may_be > 1.2 * rate  # so `MaskedLMAtExactRate` is needed


# -- what -------------------------------------------------------------------------------------------


def runs(hidden: np.ndarray) -> float:
    """The mean length of the runs of hidden tokens."""
    begins = hidden & ~np.pad(hidden, [(0, 0), (1, 0)])[:, :-1]
    return float(hidden.sum() / begins.sum())


def test_spans_are_as_long_as_in_a_long_text_and_single_tokens_are_not():
    """In a text without ends the mean is 3.8; here spans meet the ends of segments."""
    lengths = {}
    for spans in (False, True):
        steps = steps_of(MaskedLM(0.15, (1.0, 0.0, 0.0), spans, too_easy=EASY))
        lengths[spans] = np.mean([runs(inputs == IDS[MASK]) for _, inputs, _, _ in steps])
    assert lengths[False] < 1.2
    assert 2.5 < lengths[True] < 3.8


@pytest.mark.parametrize("spans", [False, True])
@pytest.mark.parametrize("shares", [(0.8, 0.1, 0.1), (1.0, 0.0, 0.0)])
def test_what_is_predicted_is_replaced_as_the_shares_say(shares, spans):
    masked = stays = n = 0
    for ids, inputs, predicted, _ in steps_of(MaskedLM(0.5, shares, spans)):
        masked += (inputs[predicted] == IDS[MASK]).sum()
        stays += (inputs[predicted] == ids[predicted]).sum()
        n += predicted.sum()
        np.testing.assert_array_equal(inputs[~predicted], ids[~predicted])
    deviation = 4 * 0.5 / np.sqrt(n / 10)  # a span of at most 10 tokens has one fate
    assert masked / n == pytest.approx(shares[0], abs=deviation if shares[0] < 1 else 0)
    assert stays / n == pytest.approx(shares[2], abs=deviation if shares[2] else 0)


def test_next_sentence_prediction_hides_as_much_and_labels_most_documents():
    variant = MaskedLMWithNextSentence(0.25, too_easy=EASY)
    objective, never = variant(READING, 100), [IDS[token] for token in (*SPECIAL_TOKENS, *EASY)]
    assert isinstance(objective, DocumentMLMWithNextSentence)
    counts = dict.fromkeys((IS_NEXT, IS_RANDOM, IGNORE), 0)
    for step in range(N_STEPS):
        inputs, mask, _, next_labels, labels = batch = objective.batch(step)
        whole = np.where(labels == IGNORE, inputs, labels)
        n = ((mask == 1) & ~np.isin(whole, never)).sum(axis=1)
        hidden = (labels != IGNORE).sum(axis=1)
        assert hidden.tolist() == [max(round(0.25 * each), 1) for each in n.tolist()]
        assert n_targets(batch) == hidden.sum()
        for label in counts:
            counts[label] += int((next_labels == label).sum())
    n_labels = counts[IS_NEXT] + counts[IS_RANDOM]
    assert counts[IGNORE] < 0.3 * (n_labels + counts[IGNORE])
    assert abs(counts[IS_RANDOM] / n_labels - 0.5) < 4 * np.sqrt(0.25 / n_labels)


# -- in the zoo -------------------------------------------------------------------------------------


@pytest.mark.parametrize("variant", [MaskedLMAtExactRate, MaskedLMWithNextSentence])
def test_a_variant_with_the_zoos_settings_does_not_get_the_zoos_checkpoint(variant):
    member = replace(zoo.FULL.bert, objective=variant(**vars(zoo.MASKED_LM)))
    assert zoo.installed_checkpoint(zoo.FULL.bert, 0) is not None
    assert zoo.installed_checkpoint(member, 0) is None
    assert variant.__name__ in member.name


def test_the_record_of_next_sentence_prediction_has_its_accuracy(monkeypatch, tmp_path):
    monkeypatch.setattr(recipes, "N_PROBES", 2)
    monkeypatch.setattr(recipes, "N_HELD_OUT", 2_000)
    training = replace(TINY.bert.training, probe_every=2)
    plain, ours = (
        replace(TINY.bert, training=training, objective=objective(0.25)).train(tmp_path / name, 0, "cpu")
        for name, objective in (("plain", MaskedLM), ("ours", MaskedLMWithNextSentence))
    )
    for one, other in zip(plain["probes"], ours["probes"], strict=True):
        assert other.keys() - one.keys() == {"next sentence"}
        assert 0 < other["next sentence"] < 1
    assert ours["targets"] == ours["probes"][-1]["targets"]
    assert abs(ours["targets"] - plain["targets"]) < 0.1 * plain["targets"]
