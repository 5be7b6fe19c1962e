"""The fast trainer learns exactly what the simple one learns, whatever the order of the words."""

import os
import random
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokenizer.learn import incremental, recounting

ROOT = Path(__file__).resolve().parents[3]

counts = st.integers(min_value=1, max_value=4)
few_letters = st.lists(st.sampled_from("abc"), min_size=1, max_size=20)
few_bytes = st.lists(st.sampled_from([b"\x00", b"\x7f", b"\x80", b"\xff"]), min_size=1, max_size=20)


def corpora(words):
    return st.lists(st.tuples(words, counts), max_size=12)


@given(corpora(few_letters) | corpora(few_bytes) | corpora(st.text(min_size=1).map(list)))
def test_learns_the_same_merges_with_the_same_counts_as_recounting(words):
    assert list(incremental.learn_merges(words)) == list(recounting.learn_merges(words))


@given(corpora(few_letters), st.randoms(use_true_random=False))
def test_the_order_of_the_words_does_not_matter(words, rng):
    shuffled = rng.sample(words, len(words))
    assert list(incremental.learn_merges(shuffled)) == list(incremental.learn_merges(words))


@given(corpora(few_letters))
def test_a_symbol_is_made_by_one_pair_only(words):
    symbols = [merge.symbol for merge in incremental.learn_merges(words)]
    assert len(set(symbols)) == len(symbols)


def test_agrees_with_recounting_on_a_larger_corpus():
    rng = random.Random(0)
    words = [([rng.choice("abcdefgh") for _ in range(rng.randint(1, 12))], rng.randint(1, 9)) for _ in range(300)]
    merges = list(incremental.learn_merges(words))
    assert merges == list(recounting.learn_merges(words))
    assert len(merges) > 500


@pytest.mark.parametrize(
    ("smaller", "greater"),
    [
        (b"a", b"b"),
        (b"a", b"aa"),
        (b"\x7f", b"\x80"),
        (b"\xff", b"\xff\x00"),
        ("z", "é"),
        ("\uffff", "\U00010000"),
    ],
)
def test_of_equally_frequent_pairs_the_greatest_goes_first(smaller, greater):
    for words in ([smaller, smaller], [greater, greater]), ([greater, greater], [smaller, smaller]):
        first = next(incremental.learn_merges((word, 1) for word in words))
        assert (first.left, first.right) == (greater, greater)


def test_python_hash_seed_does_not_matter():
    program = (
        "from tokenizer import ByteLevelBPE; import pathlib\n"
        "text = pathlib.Path('tokenizer/byte_level.py')\n"
        "print(ByteLevelBPE.train(text, 600, ['<s>']).merges)"
    )
    outputs = set()
    for seed in "0", "1", "12345":
        environment = {**os.environ, "PYTHONHASHSEED": seed}
        run = subprocess.run(
            [sys.executable, "-c", program],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
            check=True,
        )
        outputs.add(run.stdout)
    assert len(outputs) == 1
    assert outputs.pop().count("b'") > 600
