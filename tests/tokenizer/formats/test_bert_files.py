"""vocab.txt and tokenizer_config.json: what is written is read, what is damaged is named."""

import json

import pytest

from tokenizer import WordPiece
from tokenizer.formats.bert_files import SPECIAL_TOKENS

WORDPIECE = WordPiece([*SPECIAL_TOKENS, "the", "##é", "漢", "#", "##"], lowercase=False, special_tokens=["[new]"])


@pytest.fixture
def folder(tmp_path):
    WORDPIECE.save(tmp_path)
    return tmp_path


def same(one, other):
    return (one.vocab, one.lowercase, one.special_tokens) == (other.vocab, other.lowercase, other.special_tokens)


def test_a_folder_comes_back_as_it_was_saved(folder):
    assert same(WordPiece.load(folder), WORDPIECE)
    assert same(WordPiece.load(str(folder)), WORDPIECE)


def test_a_line_is_a_piece_and_its_number_the_id(folder):
    lines = (folder / "vocab.txt").read_bytes().decode("utf-8").split("\n")
    assert lines == [*WORDPIECE.vocab.values(), ""]


def test_vocab_txt_by_itself_is_enough_and_lowers_capitals_unless_told(folder):
    loaded = WordPiece.load(folder / "vocab.txt")
    assert loaded.vocab == WORDPIECE.vocab
    assert loaded.lowercase is True
    assert loaded.special_tokens == list(SPECIAL_TOKENS)  # it does not say that [new] is special
    assert WordPiece.load(folder / "vocab.txt", lowercase=False).lowercase is False
    (folder / "tokenizer_config.json").unlink()
    assert same(WordPiece.load(folder), loaded)


def test_windows_line_ends_do_no_harm(folder):
    path = folder / "vocab.txt"
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    assert same(WordPiece.load(folder), WORDPIECE)


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        ("[UNK]\na\nb\na\n", "line 4: expected every piece once, got 'a' as in line 2"),
        ("[UNK]\n\na\n", "line 2: expected a piece, got an empty line"),
        ("a\nb\n", r"expected \[UNK\] among the pieces, got 2 pieces without"),
        ("", "line 1: expected a piece, got an empty line"),
        (b"[UNK]\n\xff\n", "expected UTF-8 text, got 0xff"),
    ],
)
def test_a_damaged_vocabulary_is_named(folder, damage, message):
    (folder / "vocab.txt").write_bytes(damage if isinstance(damage, bytes) else damage.encode())
    with pytest.raises(ValueError, match=rf"vocab\.txt.*{message}"):
        WordPiece.load(folder)


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ([], "expected an object, got a list"),
        ({"do_lower_case": "yes"}, "expected true or false for do_lower_case, got 'yes'"),
        (
            {"additional_special_tokens": "[a]"},
            r"expected a list of strings for additional_special_tokens, got '\[a\]'",
        ),
        ({"additional_special_tokens": [1]}, r"expected a list of strings .* got \[1\]"),
    ],
)
def test_a_damaged_configuration_is_named(folder, config, message):
    (folder / "tokenizer_config.json").write_text(json.dumps(config), encoding="utf-8")
    with pytest.raises(ValueError, match=rf"tokenizer_config\.json.*{message}"):
        WordPiece.load(folder)


@pytest.mark.parametrize("piece", ["a\nb", "a\rb", " a", "a\u3000"])
def test_a_piece_that_is_no_line_cannot_be_saved(tmp_path, piece):
    with pytest.raises(ValueError, match=r"vocab: expected pieces of one line for vocab\.txt, got"):
        WordPiece(["[UNK]", piece]).save(tmp_path)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"vocab\.txt"):
        WordPiece.load(tmp_path)
