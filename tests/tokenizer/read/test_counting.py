"""A file is counted in parts; where it is cut changes nothing."""

import random
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokenizer import ByteLevelBPE, LectureBPE, WordPiece, WordVocabulary
from tokenizer.read import counting
from tokenizer.read.basic_tokenization import count_basic_words, split_stretches
from tokenizer.read.counting import file_parts
from tokenizer.read.pretokens import count_pretokens, pretokenize
from tokenizer.read.special_tokens import SpecialTokens
from tokenizer.words import count_words, split_words

SPECIAL = SpecialTokens(["<e>", "<e><e>", "<a b>", "--", "\n"])
NONE = SpecialTokens([])
# What a cut could break: contractions, runs of white space, special tokens that hold white space, that overlap
# themselves or that stand in one another, characters of one to four bytes, and what is white space to some, and to
# others a control character.
pieces = [*"ab'sre <>1!-\n\t\r\x0b\x1c\x85\u00a0\u3000é漢👩", *SPECIAL.tokens, "  ", " a", "a \n"]
tricky = st.lists(st.sampled_from(pieces), max_size=40).map("".join)


pytestmark = pytest.mark.usefixtures("small_files_are_worth_two_processes")


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    return tmp_path_factory.mktemp("texts") / "text.txt"


def parts_of(path, text, special, processes):
    path.write_bytes(text.encode())
    data = path.read_bytes()
    return [data[start:end].decode() for start, end in file_parts(path, special.tokens, processes)]


@given(tricky, st.integers(1, 9), st.sampled_from([SPECIAL, NONE]))
def test_the_pretokens_of_the_parts_are_those_of_the_file(path, text, processes, special):
    parts = parts_of(path, text, special, processes)
    assert "".join(parts) == text
    assert all(parts) or text == ""
    assert [pretoken for part in parts for pretoken in pretokenize(part, special)] == pretokenize(text, special)
    assert [stretch for part in parts for stretch in split_stretches(part, special)] == split_stretches(text, special)


@given(tricky, st.integers(1, 9))
def test_the_words_of_the_parts_are_those_of_the_file(path, text, processes):
    parts = parts_of(path, text, NONE, processes)
    assert [word for part in parts for word in split_words(part)] == split_words(text)


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("a\u3000  x漢", []),  # white space of three bytes before other white space
        ("xx<z>\n", ["<z>\n"]),  # special tokens with white space as their last character, as their second
        ("xx~ yy", ["~ y"]),
        ("x y one two three", ["one two three", "x y one two three x y one two three"]),
    ],
)
def test_wherever_a_cut_is_desired_it_changes_nothing(path, text, tokens):
    special = SpecialTokens(tokens)
    expected = pretokenize(text * 9, special)
    for processes in range(1, len(text.encode()) * 9):
        parts = parts_of(path, text * 9, special, processes)
        assert [pretoken for part in parts for pretoken in pretokenize(part, special)] == expected


def test_the_parts_are_about_equal(path):
    sizes = [len(part) for part in parts_of(path, "seven words and one more make eight\n" * 1000, NONE, 7)]
    assert len(sizes) == 7
    assert max(sizes) - min(sizes) < 20


def test_a_large_file_has_several_parts_for_each_process(path, monkeypatch):
    monkeypatch.setattr(counting, "PART", 1000)
    assert len(parts_of(path, "four words a line\n" * 300, NONE, 2)) == 6  # 5,400 bytes: at least 6, and even


def test_a_text_without_white_space_is_one_part(path):
    assert parts_of(path, "漢" * 1000, NONE, 4) == ["漢" * 1000]


def test_a_cut_is_looked_for_only_nearby(path, monkeypatch):
    monkeypatch.setattr(counting, "SEARCHED", 10)
    text = "x" * 61 + " y" * 20
    assert parts_of(path, text, NONE, 2) == [text]  # the middle is at 50, the first white space at 61
    assert parts_of(path, text[1:], NONE, 2) == ["x" * 60, " y" * 20]


def test_a_special_token_that_ends_behind_what_is_searched_is_not_cut(path, monkeypatch):
    monkeypatch.setattr(counting, "SEARCHED", 4)
    token = "~ that is long"
    for before in range(14, 26):  # the middle stays at 20
        text = "x" * before + token + "x" * (26 - before)
        assert parts_of(path, text, SpecialTokens([token]), 2) == [text]


@pytest.mark.parametrize("processes", [1, 2, 3])
def test_counts_do_not_depend_on_the_number_of_processes(path, monkeypatch, processes):
    monkeypatch.setattr(counting, "PART", 2000)
    rng = random.Random(0)
    text = "".join(rng.choices([*pieces, " the", " lowest", "<e>"], k=5000))
    path.write_bytes(text.encode())
    expected = Counter(pretoken for pretoken in pretokenize(text, SPECIAL) if pretoken not in SPECIAL.tokens)
    assert count_pretokens(path, SPECIAL, processes) == expected
    assert count_words(path, processes) == Counter(split_words(text))
    assert count_basic_words(path, SPECIAL, True, processes) == count_basic_words(text, SPECIAL, True)


@pytest.mark.parametrize("train", [ByteLevelBPE.train, LectureBPE.train, WordPiece.train, WordVocabulary.train])
def test_two_processes_train_the_same_tokenizer(path, train):
    path.write_text("the lowest of the newest <e> 漢字\n" * 50, encoding="utf-8")
    assert train(path, 280, processes=2).vocab == train(path, 280).vocab


@pytest.mark.parametrize("train", [ByteLevelBPE.train, LectureBPE.train, WordPiece.train, WordVocabulary.train])
def test_reading_is_reported(path, monkeypatch, train):
    monkeypatch.setattr(counting, "PART", 1000)
    path.write_bytes(b"four words a line\n" * 300)
    read = []
    train(path, 260, on_read=lambda done, total: read.append((done, total)))
    assert len(read) == 6
    assert read[-1] == (5400, 5400)
    assert read == sorted(read)


def test_a_file_that_is_not_utf8_is_named_whoever_reads_it(path):
    path.write_bytes(b"good words\n" * 100 + b"caf\xe9 au lait\n" + b"good words\n" * 100)
    for processes in 1, 2:
        with pytest.raises(ValueError, match=r"text\.txt: expected UTF-8 text, got 0xe9"):
            count_pretokens(path, NONE, processes)


def test_a_file_that_ends_inside_a_character_is_refused(path):
    path.write_bytes("漢字".encode()[:-1])
    with pytest.raises(ValueError, match=r"text\.txt: expected UTF-8 text, got 0xe5"):
        count_pretokens(path, NONE)


def test_several_processes_need_a_file(tmp_path):
    with pytest.raises(ValueError, match=r"processes: expected 1 unless texts is the pathlib\.Path of a file, got 2"):
        ByteLevelBPE.train(["some", "text"], 300, processes=2)
    with pytest.raises(ValueError, match="processes: expected at least 1, got 0"):
        ByteLevelBPE.train("text", 300, processes=0)
    with pytest.raises(FileNotFoundError):
        ByteLevelBPE.train(tmp_path / "missing.txt", 300)


@pytest.mark.parametrize(
    ("size", "processes", "cores", "expected"),
    [
        (601, 999, 8, 1),  # a small file is read sooner than a process starts
        (10**7, 999, 8, 8),
        (10**7, 3, 8, 3),
        (600_000, 999, 8, 2),
        (10**7, 10**18, 64, 38),
        (0, 999, 8, 1),
    ],
)
def test_no_more_processes_than_are_of_use(path, monkeypatch, size, processes, cores, expected):
    asked = []

    def in_processes(work, pieces, processes):
        asked.append((len(pieces), processes))
        return [Counter({"x": 1})] * len(pieces)

    monkeypatch.setattr(counting, "SHARE", 1 << 18)
    monkeypatch.setattr("tokenizer.read.processes.cores", lambda: cores)
    monkeypatch.setattr(counting, "in_processes", in_processes)
    path.write_bytes(b"xxx\n" * (size // 4))
    count_pretokens(path, NONE, processes)
    assert asked == [(expected, expected)]


def test_an_empty_file_is_refused(path):
    path.write_bytes(b"")
    with pytest.raises(ValueError, match="got empty text"):
        count_pretokens(path, NONE, 2)
