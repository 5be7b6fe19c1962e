"""Special tokens are found first, the longest first, and cannot be ambiguous."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokenizer.read.special_tokens import SpecialTokens


def found(special, text):
    return [text[start:end] for start, end in special.find(text)]


def test_the_longest_of_several_is_found():
    special = SpecialTokens(["<e>", "<e><e>"])
    assert found(special, "a<e><e>b<e>") == ["<e><e>", "<e>"]
    assert found(special, "<e><e><e>") == ["<e><e>", "<e>"]


def test_characters_with_a_meaning_in_patterns_are_ordinary():
    assert found(SpecialTokens(["[.*]", "a|b"]), "[.*] a|b [x] ab") == ["[.*]", "a|b"]


def test_without_special_tokens_nothing_is_found():
    special = SpecialTokens([])
    assert found(special, "abc") == []
    assert special.unfinished("abc") == 3


def test_unfinished_is_the_first_place_where_a_token_may_have_begun():
    special = SpecialTokens(["<end>", "<e>"])
    assert special.unfinished("text<en") == 4
    assert special.unfinished("text<e") == 4
    assert special.unfinished("text<e>") == 7
    assert special.unfinished("a < b") == 5


@given(st.text("<e>nd", max_size=12), st.text("<e>nd", max_size=6))
def test_what_is_found_before_the_unfinished_place_stays_found(text, more):
    special = SpecialTokens(["<end>", "<e>", "<e><e>"])
    stop = special.unfinished(text)
    decided = [span for span in special.find(text) if span[0] < stop]
    assert list(special.find(text + more))[: len(decided)] == decided


@pytest.mark.parametrize(
    ("tokens", "message"),
    [
        ([""], "expected strings of at least one character, got ''"),
        ([3], "expected strings of at least one character, got 3"),
        (["<s>", "<s>"], "expected every token once"),
        (["ab", "bc"], "'ab', which ends with 'b', with which 'bc' begins"),
        (["xyz", "wxy", "<s>"], "'wxy', which ends with 'xy', with which 'xyz' begins"),
    ],
)
def test_ambiguous_tokens_are_refused(tokens, message):
    with pytest.raises(ValueError, match=f"special_tokens: .*{message}"):
        SpecialTokens(tokens)


def test_a_lone_surrogate_is_refused():
    with pytest.raises(ValueError, match=r"lone surrogate U\+D800"):
        SpecialTokens(["<s>", "<\ud800>"])


def test_a_string_instead_of_a_list_is_refused():
    with pytest.raises(TypeError, match="special_tokens: expected a list of strings, got the string '<s>'"):
        SpecialTokens("<s>")
