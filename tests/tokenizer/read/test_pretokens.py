"""Pre-tokens: GPT-2's cuts, nothing lost, and the same wherever the text was cut into chunks."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokenizer.read import pretokens as module
from tokenizer.read.pretokens import count_pretokens, pretokenize, pretokenize_chunks
from tokenizer.read.special_tokens import SpecialTokens

NONE = SpecialTokens([])
SPECIAL = SpecialTokens(["<e>", "<e><e>", "<end>"])
# The characters at which chunks could go wrong: contractions, white space, parts of special tokens.
tricky = st.text("'relsvd <>en\n\u00a01!é", max_size=30)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("the dog.", ["the", " dog", "."]),
        ("I'll we're IT'S", ["I", "'ll", " we", "'re", " IT", "'", "S"]),
        ("a  b", ["a", " ", " b"]),
        ("a \n\n b", ["a", " \n\n", " b"]),
        ("end  ", ["end", "  "]),
        ("x1 22", ["x", "1", " 22"]),
        ("né 漢字！", ["né", " 漢字", "！"]),
        ("", []),
    ],
)
def test_gpt2_cuts(text, expected):
    assert pretokenize(text, NONE) == expected


@given(st.text())
def test_joined_pretokens_are_the_text(text):
    assert "".join(pretokenize(text, NONE)) == text


def test_special_tokens_are_pretokens_and_nothing_reaches_across():
    assert pretokenize("a <e> b!<e><e>!", SPECIAL) == ["a", " ", "<e>", " b", "!", "<e><e>", "!"]


@given(st.lists(tricky, max_size=6), st.integers(1, 8))
def test_chunks_give_the_pretokens_of_the_joined_text(chunks, block):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "BLOCK", block)
        lists = list(pretokenize_chunks(chunks, SPECIAL))
    assert [pretoken for pretokens in lists for pretoken in pretokens] == pretokenize("".join(chunks), SPECIAL)


@pytest.mark.parametrize(
    "text",
    [
        "we're I'll it's 'r 'le",  # 'r and e must not be parted
        "a  b \n\n c   ",  # the last space of a run goes with the word after it
        "x<e><e><e>y<end>z<en<e",  # a token that goes on, and one that only begins
        "漢<e>'<end>'s",
    ],
)
def test_wherever_a_text_is_cut_in_three_its_pretokens_stay_the_same(text, monkeypatch):
    monkeypatch.setattr(module, "BLOCK", 1)
    expected = pretokenize(text, SPECIAL)
    for i in range(len(text) + 1):
        for j in range(i, len(text) + 1):
            lists = pretokenize_chunks([text[:i], text[i:j], text[j:]], SPECIAL)
            assert [pretoken for pretokens in lists for pretoken in pretokens] == expected


def test_an_endless_pretoken_is_not_searched_again_with_every_chunk(monkeypatch):
    searched = []
    decided = module._decided
    monkeypatch.setattr(module, "_decided", lambda text, special: searched.append(len(text)) or decided(text, special))
    total = sum(len("".join(pretokens)) for pretokens in pretokenize_chunks(["a" * module.BLOCK] * 64, NONE))
    assert total == 64 * module.BLOCK
    assert sum(searched) <= 2 * total


def test_chunks_are_not_gathered_to_the_end():
    consumed = []

    def chunks():
        for number in range(1000):
            consumed.append(number)
            yield "some words " * 1000

    lists = pretokenize_chunks(chunks(), NONE)
    for _ in range(10):
        next(lists)
    assert len(consumed) <= 10 * 7  # 64 KiB are six chunks and a bit


def test_counts_leave_special_tokens_out():
    assert count_pretokens(["a b<e>", " b"], SPECIAL) == {"a": 1, " b": 2}


@pytest.mark.parametrize("texts", ["", [], ["", ""], "<e><end>"])
def test_empty_text_is_refused(texts):
    with pytest.raises(ValueError, match="texts: expected at least one character besides special tokens"):
        count_pretokens(texts, SPECIAL)
