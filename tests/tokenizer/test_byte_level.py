"""Byte-level BPE: lossless on every string, deterministic, and clear about bad input."""

import random
from itertools import chain

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokenizer import ByteLevelBPE
from tokenizer.byte_level import BYTES
from tokenizer.cache import WordCache

END = "<|endoftext|>"
TEXT = "the cat sat on the mat, then the other cat sat too; café, naïve, 漢字漢字, 12 34\n\n" * 3 + END
SMALL = ByteLevelBPE.train(TEXT, 290, [END, END + END])

any_text = st.text()
near_text = st.lists(st.sampled_from(["the", " ", "c", "at", "é", "漢", "\n", "'", "s", END, "<|", "|>"])).map("".join)


@given(any_text | near_text)
def test_decode_undoes_encode(text):
    assert SMALL.decode(SMALL.encode(text)) == text


@given(st.lists(any_text | near_text, max_size=8))
def test_encode_iterable_gives_the_ids_of_the_joined_text(chunks):
    assert list(SMALL.encode_iterable(chunks)) == SMALL.encode("".join(chunks))


def test_encode_iterable_is_lazy():
    def endless():
        while True:
            yield "the cat sat on the mat\n"

    ids = SMALL.encode_iterable(endless())
    assert SMALL.decode([next(ids) for _ in range(1000)]).startswith("the cat sat on the mat\nthe cat")


def test_ids_are_bytes_then_merges_then_special_tokens():
    assert [SMALL.vocab[id] for id in range(256)] == BYTES
    made = [left + right for left, right in SMALL.merges]
    assert [SMALL.vocab[256 + i] for i in range(len(made))] == made
    assert [SMALL.vocab[id] for id in (288, 289)] == [END.encode(), (END + END).encode()]
    assert SMALL.vocab_size == 290


def test_training_merges_the_most_frequent_pair_first():
    bpe = ByteLevelBPE.train("ab ab ab cd", 258)
    # " a" and "b" never share a merge with the word before: the space belongs to the word after it.
    assert bpe.merges == [(b"a", b"b"), (b" ", b"ab")]
    assert bpe.encode("ab ab") == [256, 257]


def test_special_tokens_are_never_split_and_never_merged_across():
    id, double = 288, 289
    assert SMALL.encode(f"cat{END}the") == [*SMALL.encode("cat"), id, *SMALL.encode("the")]
    assert SMALL.encode(END * 3) == [double, id]
    assert SMALL.encode("<|endof") == [id for byte in "<|endof" for id in SMALL.encode(byte)]


def test_special_tokens_teach_nothing():
    with_it = ByteLevelBPE.train(f"cat{END}cat{END}", 300, [END])
    without = ByteLevelBPE.train(["cat", "cat"], 299)
    assert with_it.merges == without.merges


def test_a_merge_never_reaches_over_documents():
    assert ByteLevelBPE.train(["ab", "cd", "ab"], 1000).merges == [(b"a", b"b"), (b"c", b"d")]


def test_the_order_of_documents_does_not_matter():
    documents = TEXT.split(" ")
    expected = ByteLevelBPE.train(documents, 290).merges
    for seed in range(5):
        random.Random(seed).shuffle(documents)
        assert ByteLevelBPE.train(documents, 290).merges == expected


def test_string_iterable_and_file_teach_the_same(tmp_path):
    path = tmp_path / "text.txt"
    path.write_text(TEXT, encoding="utf-8", newline="")
    from_string = ByteLevelBPE.train(TEXT, 290, [END]).merges
    assert ByteLevelBPE.train([TEXT], 290, [END]).merges == from_string
    assert ByteLevelBPE.train(path, 290, [END]).merges == from_string


def test_training_ends_when_every_pretoken_is_one_token():
    bpe = ByteLevelBPE.train("ab", 5000)
    assert bpe.vocab_size == 257


def test_merges_are_shown_as_they_are_learnt():
    seen = []
    bpe = ByteLevelBPE.train(TEXT, 300, on_merge=seen.append)
    assert [(merge.left, merge.right) for merge in seen] == bpe.merges
    assert seen[0].count >= seen[-1].count > 0


def test_segments_and_steps_show_the_tokens():
    assert b"".join(SMALL.segment("the café")) == "the café".encode()
    steps = list(SMALL.steps(" the"))
    assert steps[0] == [b" ", b"t", b"h", b"e"]
    assert steps[-1] == SMALL.segment(" the") == [b" the"]


def test_half_a_character_decodes_to_the_replacement_character():
    half = SMALL.ids[b"\xe2"]
    assert SMALL.decode([half]) == "\ufffd"
    assert SMALL.decode_bytes([half]) == b"\xe2"


def test_an_added_special_token_gets_the_next_id():
    bpe = ByteLevelBPE(dict(enumerate(BYTES)), [], ["<pad>"])
    assert bpe.ids[b"<pad>"] == 256
    assert bpe.encode("<pad>") == [256]


def test_the_cache_of_words_stays_small_and_right(monkeypatch):
    monkeypatch.setattr(WordCache, "LARGEST", 3)
    bpe = ByteLevelBPE(SMALL.vocab, SMALL.merges, [END])
    text = "the cat sat on the mat then " + "x" * 100 + END
    assert bpe.decode(bpe.encode(text)) == text
    assert bpe.encode(text) == SMALL.encode(text)
    assert len(bpe._ids_of_pretoken) <= 3


@pytest.mark.parametrize("text", ["a\ud800b", "\udfff", " the \udc80"])
def test_a_lone_surrogate_is_refused_with_the_way_out(text):
    for attempt in (
        SMALL.encode,
        lambda text: ByteLevelBPE.train(text, 300),
        lambda text: list(SMALL.encode_iterable([text])),
    ):
        with pytest.raises(ValueError, match=r"lone surrogate U\+D[0-9A-F]{3} in .* repairs such text"):
            attempt(text)


def test_bad_training_input_is_refused():
    with pytest.raises(ValueError, match="got empty text"):
        ByteLevelBPE.train("", 300)
    with pytest.raises(
        ValueError, match=r"vocab_size: expected at least 257 \(256 bytes and 1 special tokens\), got 256"
    ):
        ByteLevelBPE.train("abc", 256, ["<s>"])
    with pytest.raises(ValueError, match="special_tokens: expected tokens unlike the ordinary ones, got 'a'"):
        ByteLevelBPE.train((1 / 0 for _ in "ab"), 300, ["a"])  # before anything is read


@pytest.mark.parametrize("id", [290, -1, 10**9])
def test_an_id_outside_the_vocabulary_is_refused(id):
    with pytest.raises(ValueError, match=rf"ids: expected ids of the vocabulary \(0 to 289\), got {id}"):
        SMALL.decode([0, id])


def test_a_vocabulary_that_cannot_work_is_refused():
    alphabet = dict(enumerate(BYTES))
    with pytest.raises(ValueError, match=r"vocab: expected all 256 single bytes, got none for \[b'\\xff'\]"):
        ByteLevelBPE(dict(enumerate(BYTES[:255])), [])
    with pytest.raises(ValueError, match="vocab: expected the token b'ab', which the merge b'a' \\+ b'b' needs"):
        ByteLevelBPE(alphabet, [(b"a", b"b")])
    with pytest.raises(ValueError, match="vocab: expected every token once"):
        ByteLevelBPE({**alphabet, 256: b"a"}, [])
    with pytest.raises(ValueError, match="merges: expected each pair once"):
        ByteLevelBPE({**alphabet, 256: b"ab"}, [(b"a", b"b"), (b"a", b"b")])
    with pytest.raises(TypeError, match="text: expected str, got bytes"):
        SMALL.encode(b"bytes")


def test_ids_need_not_be_consecutive():
    vocab = {7 * id: token for id, token in SMALL.vocab.items()}
    spread = ByteLevelBPE(vocab, SMALL.merges, SMALL.special_tokens)
    assert spread.encode(TEXT) == [7 * id for id in SMALL.encode(TEXT)]
    assert spread.decode(spread.encode(TEXT)) == TEXT


def test_every_character_round_trips():
    characters = (chr(code) for code in chain(range(0xD800), range(0xE000, 0x110000)))
    text = "".join(characters)
    assert SMALL.decode(SMALL.encode(text)) == text
