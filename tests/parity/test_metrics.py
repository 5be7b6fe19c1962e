"""Metrics of labels, scores and answers against scikit-learn, SciPy and torchmetrics' copy of SQuAD's script."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from experiments.lab import metrics

theirs = pytest.importorskip("sklearn.metrics")
stats = pytest.importorskip("scipy.stats")
squad_script = pytest.importorskip("torchmetrics.functional.text.squad")

CASES = [(seed, n_classes, n) for seed, (n_classes, n) in enumerate([(2, 5), (2, 400), (3, 50), (7, 1000)])]


def labels(seed: int, n_classes: int, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Predictions of which about a half are right, and gold labels of which small ones are more frequent."""
    rng = np.random.default_rng(seed)
    gold = np.minimum(rng.integers(n_classes, size=n), rng.integers(n_classes, size=n))
    return np.where(rng.random(n) < 0.5, gold, rng.integers(n_classes, size=n)), gold


def assert_labels_are_scored_alike(predicted, gold):
    assert metrics.accuracy(predicted, gold) == pytest.approx(theirs.accuracy_score(gold, predicted))
    assert metrics.matthews(predicted, gold) == pytest.approx(theirs.matthews_corrcoef(gold, predicted))
    expected = theirs.f1_score(gold, predicted, labels=[1], average="macro", zero_division=0)
    assert metrics.f1(predicted, gold) == pytest.approx(expected)


@pytest.mark.parametrize(("seed", "n_classes", "n"), CASES)
def test_labels_are_scored_as_by_scikit_learn(seed, n_classes, n):
    assert_labels_are_scored_alike(*labels(seed, n_classes, n))


@pytest.mark.parametrize("names", [["no", "yes"], ["contradiction", "entailment", "neutral"]])
def test_labels_that_are_texts_are_scored_as_by_scikit_learn(names):
    predicted, gold = (np.array(names)[some] for some in labels(1, len(names), 90))
    assert metrics.accuracy(predicted, gold) == pytest.approx(theirs.accuracy_score(gold, predicted))
    assert metrics.matthews(predicted, gold) == pytest.approx(theirs.matthews_corrcoef(gold, predicted))
    expected = theirs.f1_score(gold, predicted, labels=[names[1]], average="macro")
    assert metrics.f1(predicted, gold, positive=names[1]) == pytest.approx(expected)


@given(pairs=st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2)), min_size=1, max_size=12))
@pytest.mark.filterwarnings("ignore:A single label was found")  # scikit-learn then scores 0 or 1, as we do
def test_few_labels_are_scored_as_by_scikit_learn(pairs):
    assert_labels_are_scored_alike(*zip(*pairs, strict=True))


@pytest.mark.parametrize("n_values", [3, 20, 10**6])
def test_correlations_are_those_of_scipy(n_values):
    rng = np.random.default_rng(n_values)
    gold = rng.integers(n_values, size=300) / 7  # of few values many are equal
    predicted = gold + n_values / 3 * rng.standard_normal(300).round(1)
    assert metrics.pearson(predicted, gold) == pytest.approx(stats.pearsonr(predicted, gold).statistic)
    assert metrics.spearman(predicted, gold) == pytest.approx(stats.spearmanr(predicted, gold).statistic)
    np.testing.assert_array_equal(metrics.ranks(gold), stats.rankdata(gold))


@given(pairs=st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=2, max_size=12))
def test_correlations_with_many_ties_are_those_of_scipy(pairs):
    predicted, gold = zip(*pairs, strict=True)
    if len(set(predicted)) == 1 or len(set(gold)) == 1:
        assert metrics.pearson(predicted, gold) == metrics.spearman(predicted, gold) == 0  # SciPy's are undefined
        return
    assert metrics.pearson(predicted, gold) == pytest.approx(stats.pearsonr(predicted, gold).statistic)
    assert metrics.spearman(predicted, gold) == pytest.approx(stats.spearmanr(predicted, gold).statistic)


# -- SQuAD ------------------------------------------------------------------------------------------

NO_ANSWER = ""
ANSWERS = [
    *["Denver Broncos", "the Denver Broncos!", "broncos  of\tDenver", "A an the", "Theatre; an-other", "U.S.A."],
    *["a red, red rose", "red rose", "rose", "Café «A»", "the “A” team", "1,000 m", "1000m", "...", NO_ANSWER],
]


def assert_answers_are_scored_alike(predicted: list[str], gold: list[list[str]]) -> None:
    """The script names questions by ids and says percent, in float32."""
    ours = metrics.squad_exact_match(predicted, gold), metrics.squad_f1(predicted, gold)
    scores = squad_script.squad(
        [{"id": str(i), "prediction_text": text} for i, text in enumerate(predicted)],
        [{"id": str(i), "answers": {"text": answers}} for i, answers in enumerate(gold)],
    )
    assert ours == pytest.approx((float(scores["exact_match"]) / 100, float(scores["f1"]) / 100), rel=1e-5)


@pytest.mark.parametrize("text", ANSWERS)
def test_answers_are_normalised_as_by_squads_script(text):
    assert metrics.normalise_answer(text) == squad_script._normalize_text(text)


def test_a_single_gold_answer_is_scored_as_by_squads_script():
    pairs = [(one, [other]) for one in ANSWERS for other in ANSWERS]
    for text, gold in pairs:
        assert_answers_are_scored_alike([text], [gold])
    assert_answers_are_scored_alike([text for text, _ in pairs], [gold for _, gold in pairs])


def with_words(text: str) -> bool:
    """The script of SQuAD 2.0 leaves gold answers without words out beforehand, torchmetrics' does not."""
    return bool(metrics.normalise_answer(text))


TEXTS = st.one_of(st.sampled_from(ANSWERS), st.text("aAn the.,-é", max_size=12))
GOLD = st.one_of(st.just([NO_ANSWER]), st.lists(TEXTS.filter(with_words), min_size=1, max_size=4))


@given(questions=st.lists(st.tuples(TEXTS, GOLD), min_size=1, max_size=5))
def test_several_gold_answers_and_none_are_scored_as_by_squads_script(questions):
    predicted, gold = zip(*questions, strict=True)
    assert_answers_are_scored_alike(list(predicted), list(gold))
