"""A batch gives the ids of each text, in order, whoever encodes it."""

import copy

import pytest

from tokenizer import ByteLevelBPE, LectureBPE, WordPiece, WordVocabulary, batches
from tokenizer.cache import WordCache

END = "<|endoftext|>"
TEXT = "the cat sat on the mat; café 漢字\n" * 3
BPE = ByteLevelBPE.train(TEXT + END, 280, [END])
ALL = [BPE, LectureBPE.train(TEXT, 40), WordPiece.train(TEXT, 50), WordVocabulary.train(TEXT)]
TEXTS = ["the cat", "", "sat on", f"{END}the mat", "漢字 café\n\n", "x" * 300] * 7


@pytest.mark.parametrize("processes", [None, 1, 2, 3])
def test_a_batch_has_the_ids_of_each_text_in_order(processes, monkeypatch):
    monkeypatch.setattr(batches, "PIECE", 100)
    assert BPE.encode_batch(TEXTS, processes) == [BPE.encode(text) for text in TEXTS]
    assert BPE.encode_batch((text for text in TEXTS), processes) == [BPE.encode(text) for text in TEXTS]
    assert BPE.encode_batch([], processes) == []


@pytest.mark.parametrize(("characters", "expected"), [(0, 1), (19, 1), (20, 2), (39, 3), (1000, 4)])
def test_a_larger_batch_has_more_processes_up_to_the_number_of_cores(monkeypatch, characters, expected):
    asked = []

    def in_processes(work, pieces, processes):
        asked.append(processes)
        return map(work, pieces)

    monkeypatch.setattr(batches, "SHARE", 10)
    monkeypatch.setattr(batches, "cores", lambda: 4)
    monkeypatch.setattr(batches, "in_processes", in_processes)
    assert BPE.encode_batch(["x"] * characters) == [[ord("x")]] * characters
    assert asked == ([] if expected == 1 else [expected])


def test_a_batch_has_no_more_processes_than_there_are_cores(monkeypatch):
    asked = []
    monkeypatch.setattr(batches, "cores", lambda: 4)
    monkeypatch.setattr(batches, "in_processes", lambda work, pieces, processes: asked.append(processes) or [])
    BPE.encode_batch(["x"], 999)
    assert asked == [4]


def test_pieces_keep_all_texts_and_are_of_about_the_same_size(monkeypatch):
    monkeypatch.setattr(batches, "PIECE", 100)
    texts = ["x" * 30] * 20 + ["y" * 1000] + ["z"] * 5
    pieces = batches._pieces(texts)
    assert [text for piece in pieces for text in piece] == texts
    assert [sum(map(len, piece)) for piece in pieces] == [120] * 5 + [1000, 5]


@pytest.mark.parametrize("processes", [1, 2])
def test_what_cannot_be_encoded_is_refused_in_every_process(processes):
    with pytest.raises(ValueError, match=r"lone surrogate U\+D800"):
        BPE.encode_batch(["good", "\ud800"], processes)
    with pytest.raises(TypeError, match="text: expected str, got int"):
        BPE.encode_batch(["good", 3], processes)
    with pytest.raises(TypeError, match="texts: expected an iterable of strings, got a string"):
        BPE.encode_batch("a string", processes)


def test_fewer_than_one_process_is_refused():
    with pytest.raises(ValueError, match="processes: expected at least 1, got 0"):
        BPE.encode_batch(["text"], 0)


@pytest.mark.parametrize("tokenizer", ALL, ids=lambda tokenizer: type(tokenizer).__name__)
def test_every_tokenizer_encodes_batches(tokenizer):
    expected = [tokenizer.encode(text) for text in TEXTS]
    assert tokenizer.encode_batch(TEXTS) == expected
    assert tokenizer.encode_batch(TEXTS, 2) == expected


def test_wordpiece_puts_cls_and_sep_around_each_text_of_a_batch():
    expected = [ALL[2].encode(text, add_special_tokens=True) for text in TEXTS]
    for processes in 1, 2:
        assert ALL[2].encode_batch(TEXTS, processes, add_special_tokens=True) == expected


@pytest.mark.parametrize("tokenizer", ALL, ids=lambda tokenizer: type(tokenizer).__name__)
def test_a_copy_encodes_alike_and_starts_with_an_empty_cache(tokenizer):
    ids = tokenizer.encode(f"the cat{END}")
    twin = copy.deepcopy(tokenizer)
    caches = [value for value in vars(twin).values() if isinstance(value, WordCache)]
    assert caches == ([] if isinstance(tokenizer, WordVocabulary) else [{}])
    for name in "vocab", "merges", "history", "special_tokens", "lowercase":
        assert getattr(twin, name, None) == getattr(tokenizer, name, None)
    assert twin.encode(f"the cat{END}") == ids
