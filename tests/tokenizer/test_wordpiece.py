"""WordPiece: the longest known piece first, ## before a piece that continues a word, [UNK] if no piece fits."""

import os
import random
import subprocess
import sys
from itertools import islice
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokenizer import WordPiece
from tokenizer.cache import WordCache
from tokenizer.formats.bert_files import SPECIAL_TOKENS
from tokenizer.learn import likelihood
from tokenizer.read.basic_tokenization import basic_words

ROOT = Path(__file__).resolve().parents[2]
PIECES = ["un", "##aff", "##able", "##a", "the", "##f", "a", "##b", "ab", "abc", "##c", ",", "!", "é"]
VOCAB = [*SPECIAL_TOKENS, *PIECES]
SMALL = WordPiece(VOCAB)
TEXT = "the hugging cat hugs the mat; the pugs sat on the mat, and the bunny hugged the pug. " * 3
any_text = st.text()
near_text = st.lists(st.sampled_from(["unaffable", "ab", "c", " ", "É", ",", "\n", *SPECIAL_TOKENS, "[MA", "SK]"])).map(
    "".join
)


def pieces(text, **settings):
    return list(WordPiece.train(text, 150, **settings).vocab.values())


def test_the_longest_piece_goes_first():
    assert SMALL.segment("unaffable") == ["un", "##aff", "##able"]
    assert SMALL.show("abc abcc abbc") == "abc abc ##c ab ##b ##c"
    assert SMALL.encode("the unaffable") == [VOCAB.index(piece) for piece in ("the", "un", "##aff", "##able")]


def test_the_steps_of_a_word_take_one_piece_after_the_other_off_the_rest():
    assert list(SMALL.steps("unaffable")) == [["unaffable"], ["un", "##affable"], ["un", "##aff", "##able"]]
    assert list(SMALL.steps("the")) == [["the"]]
    assert list(SMALL.steps("unaffz")) == [["unaffz"], ["un", "##affz"], ["un", "##aff", "##z"], ["[UNK]"]]
    assert list(SMALL.steps("a" * 101)) == [["[UNK]"]]
    assert list(SMALL.steps("")) == [] == SMALL.pieces("")


def test_the_words_of_a_text_are_what_is_split():
    assert SMALL.words("Thé [MASK]ab, [mask]") == ["the", "[MASK]", "ab", ",", "[", "mask", "]"]


def test_greedy_means_that_no_other_split_is_tried():
    # a + ##b + ##d spells it, but the longest piece, ab, leaves ##d, and there is no way back.
    wordpiece = WordPiece(["[UNK]", "ab", "a", "##b", "##bd"])
    assert wordpiece.segment("abd") == ["[UNK]"]


def test_the_prefix_alone_is_no_piece_of_a_word():
    wordpiece = WordPiece(["[UNK]", "#", "##", "a"])
    assert wordpiece.segment("ab # a##") == ["[UNK]", "#", "a", "#", "#"]


def test_a_word_that_cannot_be_spelt_is_unk_as_a_whole():
    assert SMALL.segment("unaffably the") == ["[UNK]", "the"]
    assert SMALL.segment("thé ab") == ["the", "ab"]
    assert WordPiece(VOCAB, lowercase=False).segment("thé é The") == ["[UNK]", "é", "[UNK]"]


def test_a_word_of_more_than_a_hundred_characters_is_unk():
    assert SMALL.segment("a" * 100) == ["a", *["##a"] * 99]
    assert SMALL.segment("a" * 101) == ["[UNK]"]
    assert SMALL.segment("a" * 60 + "," + "a" * 60) != ["[UNK]"]


def test_special_tokens_are_found_in_the_text_and_never_split():
    assert SMALL.segment("the[MASK]ab [SEP] [mask]") == ["the", "[MASK]", "ab", "[SEP]", "[UNK]", "[UNK]", "[UNK]"]
    further = WordPiece(VOCAB, special_tokens=["[new one]"])
    assert further.segment("ab[new one]ab") == ["ab", "[new one]", "ab"]
    assert further.special_tokens == [*SPECIAL_TOKENS, "[new one]"]
    assert further.ids["[new one]"] == len(VOCAB)


def test_special_tokens_are_added_as_bert_reads_one_text_and_two():
    cls, sep, the, ab = (VOCAB.index(piece) for piece in ("[CLS]", "[SEP]", "the", "ab"))
    assert SMALL.encode("the ab", add_special_tokens=True) == [cls, the, ab, sep]
    assert SMALL.encode_pair("the ab", "ab") == ([cls, the, ab, sep, ab, sep], [0, 0, 0, 0, 1, 1])
    assert SMALL.encode_pair("", "") == ([cls, sep, sep], [0, 0, 1])


@given(any_text | near_text)
def test_every_word_becomes_as_many_pieces_as_it_has_characters_or_fewer(text):
    wordpiece = WordPiece([*VOCAB, *(f"##{letter}" for letter in "une")])
    words = basic_words(text, lowercase=True)
    if not any(token in text for token in SPECIAL_TOKENS):
        assert wordpiece.words(text) == words
        assert wordpiece.segment(text) == [piece for word in words for piece in wordpiece.pieces(word)]
    for word in words:
        found = wordpiece.pieces(word)
        assert len(found) <= len(word)
        assert found == ["[UNK]"] or wordpiece.decode(wordpiece.encode(word)) == word


@given(st.text(min_size=1).filter(lambda text: basic_words(text, True)), st.integers(0, 30), st.booleans())
def test_a_text_of_known_characters_comes_back_as_its_words(text, more, lowercase):
    words = [word for word in basic_words(text, lowercase) if len(word) <= 100]
    smallest = 5 + 2 * len(set("".join(words)))
    wordpiece = WordPiece.train(text, smallest + more, lowercase=lowercase, min_count=1)
    assert wordpiece.decode(wordpiece.encode(text)) == " ".join(words)
    backwards = " ".join(word[::-1] for word in words)  # other words, the same characters
    assert wordpiece.ids["[UNK]"] not in wordpiece.encode(backwards)


@given(st.lists(any_text | near_text, max_size=8))
def test_encode_iterable_gives_the_ids_of_the_joined_text(chunks):
    assert list(SMALL.encode_iterable(chunks)) == SMALL.encode("".join(chunks))


def test_encode_iterable_is_lazy():
    def endless():
        while True:
            yield "the abc ab\n"

    assert SMALL.decode(islice(SMALL.encode_iterable(endless()), 6)) == "the abc ab the abc ab"


def test_decoding_joins_pieces_and_keeps_a_first_piece_as_it_is():
    assert SMALL.decode(SMALL.encode("Unaffable, the!")) == "unaffable , the !"
    assert SMALL.decode([VOCAB.index("##aff"), VOCAB.index("##a")]) == "##affa"
    assert SMALL.decode([]) == ""


def test_the_vocabulary_has_special_tokens_then_characters_then_merges():
    merges = []
    wordpiece = WordPiece.train("hug hugs pug", 17, min_count=2, on_merge=merges.append)
    first = [*SPECIAL_TOKENS, *"ghpsu", "##g", "##h", "##p", "##s", "##u"]
    assert list(wordpiece.vocab.values()) == [*first, *(merge.symbol for merge in merges)]
    assert [str(merge) for merge in merges] == [
        "##u + ##g -> ##ug  (3 times; its parts 3 and 3 times)",
        "h + ##ug -> hug  (2 times; its parts 2 and 3 times)",
    ]


def test_a_special_token_that_is_learnt_as_a_piece_stays_one_entry():
    wordpiece = WordPiece.train("Hug HUG pug", 100, ["[UNK]", "hug", "p"])
    assert list(wordpiece.vocab.values())[:3] == ["[UNK]", "hug", "p"]
    assert wordpiece.encode("hug HUG") == [1, 1]


def test_recounting_learns_the_same():
    assert pieces(TEXT, learn=likelihood.learn_merges) == pieces(TEXT)


def test_training_ends_when_every_word_is_one_piece():
    wordpiece = WordPiece.train("hug hugs", 1000)
    assert wordpiece.segment("hug hugs") == ["hug", "hugs"]
    assert wordpiece.vocab_size < 25


def test_common_words_become_whole_before_rare_ones_unless_the_score_alone_decides():
    text = "the " * 40 + "cat " * 30 + "quizzify jinx "
    assert WordPiece.train(text, 45).segment("the cat") == ["the", "cat"]
    assert WordPiece.train(text, 45, min_count=1).segment("the jinx") == ["t", "##h", "##e", "jinx"]


def test_the_order_of_documents_does_not_matter():
    documents = TEXT.split()
    expected = pieces(documents)
    for seed in range(5):
        random.Random(seed).shuffle(documents)
        assert pieces(documents) == expected


def test_python_hash_seed_does_not_matter():
    program = (
        "from tokenizer import WordPiece; import pathlib\n"
        "print(WordPiece.train(pathlib.Path('tokenizer/wordpiece.py'), 400).vocab)"
    )
    outputs = set()
    for seed in "0", "1", "12345":
        run = subprocess.run(
            [sys.executable, "-c", program],
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        )
        outputs.add(run.stdout)
    assert len(outputs) == 1
    assert outputs.pop().count("'##") > 100


def test_string_iterable_and_file_teach_the_same(tmp_path):
    (tmp_path / "text.txt").write_text(TEXT, encoding="utf-8", newline="")
    expected = pieces(TEXT)
    assert pieces([TEXT]) == expected
    assert pieces(tmp_path / "text.txt") == expected


def test_special_tokens_and_endless_words_teach_nothing():
    expected = pieces(["hug", "hug"])
    assert pieces(["hug[SEP]hug"]) == expected
    assert pieces(["hug", "hug", "zq" * 51]) == expected


def test_the_cache_of_words_stays_small_and_right(monkeypatch):
    monkeypatch.setattr(WordCache, "LARGEST", 3)
    wordpiece = WordPiece(VOCAB)
    text = "the unaffable abc, ab! [MASK] thé a"
    assert wordpiece.encode(text) == wordpiece.encode(text) == SMALL.encode(text)
    assert len(wordpiece._ids_of_stretch) <= 3


def test_a_lone_surrogate_is_refused():
    for attempt in (
        SMALL.encode,
        lambda text: list(SMALL.encode_iterable([text])),
        lambda text: WordPiece.train(text, 100),
    ):
        with pytest.raises(ValueError, match=r"lone surrogate U\+DC80"):
            attempt("the \udc80")


def test_bad_training_input_is_refused():
    with pytest.raises(ValueError, match="texts: expected at least one word besides special tokens, got empty text"):
        WordPiece.train(" \n", 100)
    with pytest.raises(ValueError, match="texts: expected a word of 100 characters or fewer, got only longer ones"):
        WordPiece.train("zq" * 51, 100)
    with pytest.raises(
        ValueError, match=r"vocab_size: expected at least 11 \(5 special tokens and twice 3 characters\), got 10"
    ):
        WordPiece.train("abc", 10)
    with pytest.raises(ValueError, match=r"special_tokens: expected \[UNK\] among them, got \['\[PAD\]'\]"):
        WordPiece.train("abc", 100, ["[PAD]"])
    with pytest.raises(TypeError, match=r"special_tokens: expected a list of strings, got the string '\[UNK\]'"):
        WordPiece.train("abc", 100, "[UNK]")
    with pytest.raises(ValueError, match="min_count: expected at least 1, got 0"):
        WordPiece.train("abc", 100, min_count=0)


def test_a_vocabulary_that_cannot_work_is_refused():
    with pytest.raises(ValueError, match=r"vocab: expected \[UNK\] in it, got 1 pieces without"):
        WordPiece(["a"])
    with pytest.raises(ValueError, match="vocab: expected every piece once, got 'a' as 1 and 2"):
        WordPiece(["[UNK]", "a", "a"])
    with pytest.raises(ValueError, match="vocab: expected strings of at least one character, got '' as id 1"):
        WordPiece(["[UNK]", ""])
    with pytest.raises(TypeError, match=r"vocab: expected a list of pieces, got the string '\[UNK\]'"):
        WordPiece("[UNK]")
    with pytest.raises(ValueError, match="special_tokens: expected tokens that cannot overlap"):
        WordPiece(["[UNK]"], special_tokens=["ab", "bc"])


def test_bad_input_is_refused():
    with pytest.raises(TypeError, match="text: expected str, got bytes"):
        SMALL.encode(b"the")
    with pytest.raises(ValueError, match=f"ids: expected 0 to {len(VOCAB) - 1}, got {len(VOCAB)}"):
        SMALL.decode([0, len(VOCAB)])
    with pytest.raises(ValueError, match=r"vocab: expected \[CLS\] in it"):
        WordPiece(["[UNK]", "[SEP]"]).encode("a", add_special_tokens=True)
    with pytest.raises(ValueError, match=r"vocab: expected \[SEP\] in it"):
        WordPiece(["[UNK]", "[CLS]"]).encode_pair("a", "b")
