"""The fast way of finding pre-tokens finds those that the pattern says."""

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tokenizer.read import gpt2_pattern
from tokenizer.read.gpt2_pattern import GPT2_PATTERN, _is_below_u10000, find_all

EVERY = [chr(code) for code in range(0x110000)]  # surrogates, too: an error tells of them later


@pytest.mark.parametrize("characters", [EVERY[:0x10000], EVERY[0x10000:]], ids=["below U+10000", "beyond"])
def test_every_character_is_of_the_same_kind_to_both(characters):
    text = "".join(f"a{character}1 {character}! {character}{character}\n" for character in characters)
    assert find_all(text) == GPT2_PATTERN.findall(text)


@given(st.text() | st.text("'relsvdtm \n\t\r\u00a0\u3000\x1c\x851²½é漢!_a", max_size=40))
@example("\ud800 '\udfff")
def test_the_same_pretokens_are_found(text):
    assert find_all(text) == GPT2_PATTERN.findall(text)
    assert "".join(find_all(text)) == text


def test_the_fast_pattern_is_the_one_of_the_standard_library(monkeypatch):
    monkeypatch.setattr(gpt2_pattern, "GPT2_PATTERN", None)
    assert isinstance(gpt2_pattern._pattern_below_u10000(), re.Pattern)
    assert find_all("漢字 café\ufffd") == ["漢字", " café", "\ufffd"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [("", True), ("abc", True), ("漢\ufffd", True), ("a\U00010000", False), ("👩", False), ("\ud83d", True)],
)
def test_characters_from_beyond_are_noticed(text, expected):
    assert _is_below_u10000(text) is expected
