"""Metrics of texts that a model writes, by the word sequences that they share with a reference: 1 is best.

    rouge_1, rouge_2    single words, pairs of neighbours; summaries
    rouge_l             the longest common subsequence of words; summaries
    bleu                one to four words in a row, and the length; translations

Each prediction has one reference, its gold text. An n-gram is n words in a row. Papers print these numbers times 100.

ROUGE's F-measure weighs precision and recall equally. BLEU is a precision, with a penalty where recall would be low.
Neither knows synonyms: a good text in other words scores low.

Sources: Lin 2004, "ROUGE: A Package for Automatic Evaluation of Summaries"; Papineni et al. 2002, "BLEU: a Method for
Automatic Evaluation of Machine Translation"; Post 2018, "A Call for Clarity in Reporting BLEU Scores".
"""

import math
import re
import string
from collections import Counter
from collections.abc import Callable, Sequence

from experiments.lab.metrics import check_lengths, check_texts


def ngrams(words: Sequence[str], n: int) -> Counter[tuple[str, ...]]:
    """How often each sequence of n words occurs; T words have T - n + 1 of them, or none if T < n."""
    return Counter(tuple(words[i : i + n]) for i in range(len(words) - n + 1))


def n_shared(predicted: Counter[tuple[str, ...]], gold: Counter[tuple[str, ...]]) -> int:
    """How many n-grams are in both: each counts as often as in the text that has it less often.

    "the the the" thus shares one word with "the cat", not three. BLEU calls this clipping.
    """
    return (predicted & gold).total()


# -- ROUGE ------------------------------------------------------------------------------------------


def rouge_1(predicted: Sequence[str], gold: Sequence[str]) -> float:
    """ROUGE-1: the F-measure of shared words in any order, averaged over the texts."""
    return rouge_n(predicted, gold, 1)


def rouge_2(predicted: Sequence[str], gold: Sequence[str]) -> float:
    """ROUGE-2: the F-measure of shared pairs of neighbouring words, averaged over the texts."""
    return rouge_n(predicted, gold, 2)


def rouge_n(predicted: Sequence[str], gold: Sequence[str], n: int) -> float:
    """ROUGE-N: the F-measure of shared n-grams, averaged over the texts.

    Raises:
        TypeError: if predicted or gold is not a sequence of texts.
        ValueError: if their lengths differ, or are 0.
    """
    scores = []
    for text, reference in _pairs(predicted, gold):
        ours, theirs = ngrams(rouge_words(text), n), ngrams(rouge_words(reference), n)
        scores.append(f_measure(n_shared(ours, theirs), ours.total(), theirs.total()))
    return sum(scores) / len(scores)


def rouge_l(predicted: Sequence[str], gold: Sequence[str]) -> float:
    """ROUGE-L: the F-measure of the longest common subsequence of words, averaged over the texts.

    A text is one sequence here, however many sentences it has. Raises as `rouge_n`.
    """
    scores = []
    for text, reference in _pairs(predicted, gold):
        ours, theirs = rouge_words(text), rouge_words(reference)
        scores.append(f_measure(longest_common_subsequence(ours, theirs), len(ours), len(theirs)))
    return sum(scores) / len(scores)


def rouge_words(text: str) -> list[str]:
    """ROUGE's words, without stemming: sequences of the letters a to z and of digits, in lower case."""
    return re.findall("[a-z0-9]+", text.lower())


def f_measure(n_shared: int, n_predicted: int, n_gold: int) -> float:
    """The harmonic mean of precision (shared / predicted) and recall (shared / gold): 0 if there is nothing."""
    return 2 * n_shared / (n_predicted + n_gold) if n_predicted + n_gold else 0.0


def longest_common_subsequence(first: Sequence[str], second: Sequence[str]) -> int:
    """The number of words in the longest sequence that both have in this order, gaps allowed.

    "a b c d" and "a c b d" have "a b d" and "a c d": 3. Row by row, with L(i, j) for the first i and j words:

        L(i, j) = L(i - 1, j - 1) + 1                  if word i of the first is word j of the second
                  max(L(i - 1, j), L(i, j - 1))        otherwise

    The time is proportional to the product of the lengths. Source: Wagner and Fischer 1974, "The String-to-String
    Correction Problem".
    """
    above = [0] * (len(second) + 1)  # L(i - 1, ·)
    for word in first:
        row = [0]  # L(i, ·)
        for j, other in enumerate(second, start=1):
            row.append(above[j - 1] + 1 if word == other else max(above[j], row[j - 1]))
        above = row
    return above[-1]


# -- BLEU -------------------------------------------------------------------------------------------

MAX_N = 4
"""BLEU's longest n-grams."""


def bleu(predicted: Sequence[str], gold: Sequence[str], words: Callable[[str], Sequence[str]] = str.split) -> float:
    """BLEU of a whole corpus: the geometric mean of four precisions, times a penalty for short translations.

        BP exp(1/4 Σ log p_n), n = 1 … 4,    BP = min(1, exp(1 - gold words / predicted words))

    p_n is the share of the predicted n-grams that are in their reference. N-grams and words are summed over all texts
    before anything is divided, so this is not a mean of scores for texts. Case counts.

    If no n-gram of one length matches, the geometric mean would be 0. sacrebleu's smoothing "exp" is used: see
    `smoothed_precisions`. The result is 0 if not a single word matches, or if no prediction has four words.

    Args:
        predicted, gold: N texts each.
        words: splits a text. By default at white space, for texts whose words are already separated (sacrebleu's
            tokenizer "none"); `bleu_words` for real text.

    Raises:
        TypeError: if predicted or gold is not a sequence of texts.
        ValueError: if their lengths differ, or are 0.
    """
    pairs = [(words(text), words(reference)) for text, reference in _pairs(predicted, gold)]
    matches, totals = [0] * MAX_N, [0] * MAX_N
    for ours, theirs in pairs:
        for n in range(1, MAX_N + 1):
            counts = ngrams(ours, n)
            matches[n - 1] += n_shared(counts, ngrams(theirs, n))
            totals[n - 1] += counts.total()
    if matches[0] == 0 or totals[-1] == 0:
        return 0.0
    n_predicted, n_gold = totals[0], sum(len(theirs) for _, theirs in pairs)
    # Precision alone would reward a translation of a few safe words.
    brevity_penalty = min(1.0, math.exp(1 - n_gold / n_predicted))
    precisions = smoothed_precisions(matches, totals)
    return brevity_penalty * math.exp(sum(math.log(p) for p in precisions) / MAX_N)


def smoothed_precisions(matches: Sequence[int], totals: Sequence[int]) -> list[float]:
    """matches / totals for each n; the first length without a match counts 1/2 match, the next 1/4, and so on.

    Source: technique 3 of Chen and Cherry 2014, "A Systematic Comparison of Smoothing Techniques for Sentence-Level
    BLEU".
    """
    precisions, imagined = [], 1.0
    for n_matches, total in zip(matches, totals, strict=True):
        if n_matches == 0:
            imagined /= 2
        precisions.append((n_matches or imagined) / total)
    return precisions


def bleu_words(text: str) -> list[str]:
    """The words of real text, for published BLEU scores: sacrebleu's tokenizer "13a", which follows mteval-v13a.pl.

    ASCII punctuation and symbols become words of their own, but not apostrophes, a hyphen that follows no digit, and
    the points and commas inside a number.
    """
    text = text.rstrip().replace("<skipped>", "").replace("-\n", "").replace("\n", " ")
    for entity, character in (("&quot;", '"'), ("&amp;", "&"), ("&lt;", "<"), ("&gt;", ">")):
        text = text.replace(entity, character)
    text = re.sub(f"([{re.escape(ALWAYS_A_WORD)}])", r" \1 ", f" {text} ")
    text = re.sub(r"([^0-9])([.,])", r"\1 \2 ", text)  # "end." but not "1.5"
    text = re.sub(r"([.,])([^0-9])", r" \1 \2", text)  # "in 2002."
    text = re.sub(r"([0-9])(-)", r"\1 \2 ", text)  # "4-gram", but not "low-cost"
    return text.split()


ALWAYS_A_WORD = "".join(sorted(set(string.punctuation) - set("',-.")))
"""Characters that `bleu_words` separates wherever they are."""


def _pairs(predicted: Sequence[str], gold: Sequence[str]) -> list[tuple[str, str]]:
    """Each text with its reference. Raises as `rouge_n`."""
    check_texts("predicted", predicted)
    check_texts("gold", gold)
    check_lengths(predicted, gold)
    return list(zip(predicted, gold, strict=True))
