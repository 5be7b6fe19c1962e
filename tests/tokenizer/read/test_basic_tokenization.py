"""BERT's basic tokenization: what is a word, what goes, and that nothing depends on where a text is cut."""

import unicodedata
from collections import Counter
from itertools import chain, islice

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tokenizer.read import basic_tokenization
from tokenizer.read.basic_tokenization import basic_words, count_basic_words, split_chunks, split_stretches
from tokenizer.read.special_tokens import SpecialTokens

SPECIAL = SpecialTokens(["[MASK]", "[SEP]", "[a b]", "[SEP][SEP]"])
any_text = st.text()
fragments = ["the", " ", "É", "漢", "\n", "\x0b", "\x85", "\u2028", "!", "[", "[MA", "SK]", "[a", "b]", "[SEP]"]
near_text = st.lists(st.sampled_from(fragments)).map("".join)


@pytest.mark.parametrize(
    ("text", "cased", "uncased"),
    [
        ("Hello, World!", "Hello , World !", "hello , world !"),
        ("don't U.S.A. x_1", "don ' t U . S . A . x _ 1", "don ' t u . s . a . x _ 1"),
        ("$5+3=8 ^~`|", "$ 5 + 3 = 8 ^ ~ ` |", "$ 5 + 3 = 8 ^ ~ ` |"),
        ("Größe Çédille ÅNGSTRÖM", "Größe Çédille ÅNGSTRÖM", "große cedille angstrom"),
        ("漢字とかな 한", "漢 字 とかな 한", "漢 字 とかな " + unicodedata.normalize("NFD", "한")),
        ("a\tb\nc\r\nd\u00a0e\u2003f\u3000g\u2028h", "a b c d e f g h", "a b c d e f g h"),
        ("a\x00b\ufffdc\u200bd\x0be\x85f\u00adg\ue000h", "abcdefgh", "abcdefgh"),
        ("ΣΑΣ", "ΣΑΣ", "σασ"),
        ("İI ǅ", "İI ǅ", "ii ǆ"),
        ("½ 2² ①", "½ 2² ①", "½ 2² ①"),
        ("👩\u200d👧 €5", "👩👧 €5", "👩👧 €5"),
        ("«¿!…»", "« ¿ ! … »", "« ¿ ! … »"),
        ("a\u037eb", "a \u037e b", "a ; b"),  # the Greek question mark is a semicolon, taken apart
        ("", "", ""),
    ],
)
def test_words_of_a_text(text, cased, uncased):
    assert basic_words(text, lowercase=False) == cased.split()
    assert basic_words(text, lowercase=True) == uncased.split()


def test_accents_stay_in_cased_text_as_they_are():
    assert basic_words("e\u0301 é", lowercase=False) == ["e\u0301", "é"]
    assert basic_words("e\u0301 é", lowercase=True) == ["e", "e"]


@given(any_text | near_text, st.booleans())
def test_words_have_no_space_and_stay_words(text, lowercase):
    for word in basic_words(text, lowercase):
        assert word.split() == [word]
        assert basic_words(word, lowercase) == [word]


@given(any_text | near_text, st.booleans())
@example("a\x0bb\x1cc\x85d", False)  # white space to Python, and control characters to BERT
def test_nothing_reaches_across_white_space(text, lowercase):
    stretches = split_stretches(text, SpecialTokens([]))
    assert [word for stretch in stretches for word in basic_words(stretch, lowercase)] == basic_words(text, lowercase)


def test_special_tokens_are_found_first_the_longest_first_and_left_alone():
    text = "Mask [MASK]. x[SEP][SEP][SEP] [a b][mask]"
    assert split_stretches(text, SPECIAL) == ["Mask", "[MASK]", ".", "x", "[SEP][SEP]", "[SEP]", "[a b]", "[mask]"]


@pytest.mark.parametrize("block", [1, 5, 1 << 16])
@given(chunks=st.lists(any_text | near_text, max_size=8))
@example(chunks=["[SEP]", "[SEP]"])
@example(chunks=["x [a ", "b] y"])
@example(chunks=["[a b]x", "y z"])
@example(chunks=["x\x0b", "y\x85", "z"])
def test_stretches_do_not_depend_on_where_the_text_is_cut(block, chunks):
    before = basic_tokenization.BLOCK
    basic_tokenization.BLOCK = block
    try:
        found = [stretch for stretches in split_chunks(chunks, SPECIAL) for stretch in stretches]
    finally:
        basic_tokenization.BLOCK = before
    assert found == split_stretches("".join(chunks), SPECIAL)


def test_an_endless_text_is_split_as_it_comes(monkeypatch):
    monkeypatch.setattr(basic_tokenization, "BLOCK", 10)

    def endless():
        while True:
            yield from ("one two th", "ree [SE", "P] ")

    stretches = chain.from_iterable(split_chunks(endless(), SPECIAL))
    assert list(islice(stretches, 8)) == ["one", "two", "three", "[SEP]"] * 2


def test_words_are_counted_and_special_tokens_left_out(tmp_path):
    text = "The [MASK] cat, the CAT.\n"
    expected = Counter({"the": 2, "cat": 2, ",": 1, ".": 1})
    assert count_basic_words(text, SPECIAL, lowercase=True) == expected
    assert count_basic_words(["The [MASK] cat,", "the CAT."], SPECIAL, lowercase=True) == expected
    (tmp_path / "text.txt").write_text(text, encoding="utf-8")
    assert count_basic_words(tmp_path / "text.txt", SPECIAL, lowercase=True) == expected
    assert count_basic_words(text, SPECIAL, lowercase=False)["CAT"] == 1


@pytest.mark.parametrize("text", ["", " \n", "[MASK] [SEP]", "\x00\u200b"])
def test_text_without_words_is_refused(text):
    with pytest.raises(ValueError, match="texts: expected at least one word besides special tokens, got empty text"):
        count_basic_words(text, SPECIAL, lowercase=True)


def test_a_lone_surrogate_is_refused():
    with pytest.raises(ValueError, match=r"lone surrogate U\+D800 in 'a\\ud800b'"):
        basic_words("a\ud800b", lowercase=True)
