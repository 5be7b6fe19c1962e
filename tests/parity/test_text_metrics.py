"""BLEU against sacrebleu, ROUGE against rouge-score."""

import random

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from experiments.lab import text_metrics

sacrebleu = pytest.importorskip("sacrebleu")
rouge_scorer = pytest.importorskip("rouge_score.rouge_scorer")

SCORER = rouge_scorer.RougeScorer(["rouge1", "rouge2", "rouge3", "rougeL"], use_stemmer=False)

WORDS = [
    "the",
    "The",
    "cat",
    "cats",
    "sat",
    "on",
    "mat",
    "4-gram",
    "U.S.",
    "1,000",
    "it's",
    "café",
    "(red)",
    "&amp;",
    ".",
]
SENTENCE = st.lists(st.sampled_from(WORDS), max_size=9).map(" ".join)
ANY_TEXT = st.one_of(SENTENCE, st.text("aB12.,-'&;\n\t \"/é–", max_size=25), st.text(max_size=15))


def corpus(seed: int, n_texts: int, mistakes: float) -> tuple[list[str], list[str]]:
    """Sentences, and copies with words replaced, left out and added: (predicted, gold)."""
    rng = random.Random(seed)
    gold = [rng.choices(WORDS, k=rng.randrange(1, 30)) for _ in range(n_texts)]
    edits = [lambda word: [], lambda word: [rng.choice(WORDS)], lambda word: [word, rng.choice(WORDS)]]
    predicted = [
        [new for word in text for new in (rng.choice(edits)(word) if rng.random() < mistakes else [word])]
        for text in gold
    ]
    return [" ".join(text) for text in predicted], [" ".join(text) for text in gold]


CORPORA = [corpus(seed, n, mistakes) for seed, (n, mistakes) in enumerate([(1, 0.2), (50, 0.1), (50, 0.5), (200, 0.9)])]


def assert_bleu_is_theirs(predicted: list[str], gold: list[str]) -> None:
    """With both tokenizers; sacrebleu's smoothing is the one it has by default, exp."""
    for name, words in (("none", str.split), ("13a", text_metrics.bleu_words)):
        expected = sacrebleu.corpus_bleu(predicted, [gold], tokenize=name, force=True).score / 100
        assert text_metrics.bleu(predicted, gold, words) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize(("predicted", "gold"), CORPORA)
def test_bleu_of_a_corpus_is_sacrebleus(predicted, gold):
    assert 0 < text_metrics.bleu(predicted, gold) < 1
    assert_bleu_is_theirs(predicted, gold)


@given(pairs=st.lists(st.tuples(SENTENCE, SENTENCE), min_size=1, max_size=3))
@example(pairs=[("the cat sat on", "the cat sat on the mat")])  # too short
@example(pairs=[("the cat sat on the mat", "the cat")])
@example(pairs=[("on sat cat the", "the cat sat on")])  # words alone match: smoothing
@example(pairs=[("the cat sat", "the cat sat")])  # no four words in a row
@example(pairs=[("", "the cat"), ("the cat sat on", "the cat sat on")])
@example(pairs=[("red", "mat")])
def test_bleu_of_few_sentences_is_sacrebleus(pairs):
    predicted, gold = zip(*pairs, strict=True)
    assert_bleu_is_theirs(list(predicted), list(gold))


@given(text=ANY_TEXT)
@example(text="low-\ncost <skipped> 4-gram, 1.5 in 2002.\n &lt;a&gt; &quot;b&quot; ...,,- 5-")
@example(text="!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~ x!x\"x#x$x%x&x'x(x)x*x+x,x-x.x/x:x;x<x=x>x?x@x[x\\x]x^x_x`x{x|x}x~x")
def test_real_text_is_split_as_by_sacrebleus_13a(text):
    tokenizer = sacrebleu.metrics.bleu._get_tokenizer("13a")()
    assert text_metrics.bleu_words(text) == tokenizer(text.rstrip()).split()


def assert_rouge_is_theirs(predicted: list[str], gold: list[str]) -> None:
    """Their score is for one text; over several, the mean."""
    scores = [SCORER.score(reference, text) for text, reference in zip(predicted, gold, strict=True)]
    expected = {name: sum(one[name].fmeasure for one in scores) / len(scores) for name in scores[0]}
    ours = {
        "rouge1": text_metrics.rouge_1(predicted, gold),
        "rouge2": text_metrics.rouge_2(predicted, gold),
        "rouge3": text_metrics.rouge_n(predicted, gold, 3),
        "rougeL": text_metrics.rouge_l(predicted, gold),
    }
    assert ours == pytest.approx(expected)


@pytest.mark.parametrize(("predicted", "gold"), CORPORA)
def test_rouge_of_a_corpus_is_the_mean_of_rouge_scores(predicted, gold):
    assert 0 < text_metrics.rouge_2(predicted, gold) < 1
    assert_rouge_is_theirs(predicted, gold)


@given(pairs=st.lists(st.tuples(ANY_TEXT, ANY_TEXT), min_size=1, max_size=3))
@example(pairs=[("", "")])
@example(pairs=[("police killed the gunman", "the gunman kill police")])
def test_rouge_of_few_texts_is_that_of_rouge_score(pairs):
    predicted, gold = zip(*pairs, strict=True)
    assert_rouge_is_theirs(list(predicted), list(gold))
