"""The cache of words is bounded for every text, so encoding an endless text takes constant memory."""

import tracemalloc
from itertools import count, islice

import pytest

from tokenizer import ByteLevelBPE
from tokenizer.byte_level import BYTES
from tokenizer.cache import WordCache

UNTRAINED = ByteLevelBPE(dict(enumerate(BYTES)), [])  # no merges: as many ids as bytes


def spelt(word):
    return [ord(letter) for letter in word]


def test_the_ids_of_a_word_are_computed_once():
    asked = []
    cache = WordCache(lambda word: asked.append(word) or spelt(word))
    assert [cache["ab"], cache["ab"], cache["c"]] == [[97, 98], [97, 98], [99]]
    assert asked == ["ab", "c"]


def test_the_number_of_words_is_bounded(monkeypatch):
    monkeypatch.setattr(WordCache, "LARGEST", 10)
    cache = WordCache(spelt)
    sizes = [len(cache) for number in range(100) if cache[str(number)]]
    assert max(sizes) == 10


def test_the_number_of_ids_is_bounded(monkeypatch):
    monkeypatch.setattr(WordCache, "MOST_IDS", 100)
    cache = WordCache(spelt)
    held = [sum(map(len, cache.values())) for number in range(100) if cache[f"{number:030}"]]
    assert 100 <= max(held) <= 100 + WordCache.LONGEST
    assert min(held[10:]) == 30  # it started afresh, and counts afresh


def test_long_words_are_not_cached():
    cache = WordCache(spelt)
    assert len(cache["x" * (WordCache.LONGEST + 1)]) == WordCache.LONGEST + 1
    assert len(cache["x" * WordCache.LONGEST]) == WordCache.LONGEST
    assert list(cache) == ["x" * WordCache.LONGEST]


@pytest.mark.parametrize("word", [" {:010d}x", "\U0001f469{:060d}"], ids=["short", "long"])
def test_an_endless_text_without_repetition_takes_constant_memory(word, monkeypatch):
    """Both bounds are made small; without them, this text would take four times what is allowed, and ever more."""
    monkeypatch.setattr(WordCache, "LARGEST", 500)
    monkeypatch.setattr(WordCache, "MOST_IDS", 5000)
    characters = 1_000_000
    letters = str.maketrans("0123456789", "abcdefghij")  # one word each, with no number in it
    words = (word.format(number).translate(letters) for number in count())
    text = islice(words, characters // len(word.format(0)))
    bpe = ByteLevelBPE(UNTRAINED.vocab, [])
    tracemalloc.start()
    n_ids = sum(1 for _ in bpe.encode_iterable(text))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert n_ids > 0.99 * characters
    assert peak < 5e6, peak


def test_the_bounds_as_they_are_keep_the_memory_below_fifty_megabytes():
    """The largest words that fit: four bytes a character, and as many ids as make both bounds tight."""
    ids = WordCache.MOST_IDS // WordCache.LARGEST
    cache = WordCache(lambda word: [7] * ids)
    tracemalloc.start()
    for number in range(WordCache.LARGEST + 10):
        cache[f"{number:0{WordCache.LONGEST - 1}d}\U0001f469"]
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 50e6
