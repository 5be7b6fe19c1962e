"""What a tokenizer learns from: strings, iterables of strings, files."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokenizer.read import texts as module
from tokenizer.read.texts import documents, file_chunks, utf8, whole_words


def joined(texts):
    return ["".join(document) for document in documents(texts)]


def test_a_string_is_one_document_and_never_a_file_name():
    assert joined("a b.txt") == ["a b.txt"]


def test_every_string_of_an_iterable_is_a_document():
    assert joined(["a", "b c"]) == ["a", "b c"]
    assert joined(text for text in ("a", "b c")) == ["a", "b c"]


def test_a_file_is_one_document_with_its_line_ends_kept(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "CHUNK", 3)
    path = tmp_path / "text.txt"
    path.write_bytes("é\r\nb\n漢字\r".encode())
    assert joined(path) == ["é\r\nb\n漢字\r"]
    assert len(list(file_chunks(path))) > 1


@pytest.mark.parametrize("texts", [3, None, b"bytes"])
def test_what_is_not_text_is_refused(texts):
    with pytest.raises(TypeError, match=r"texts: expected a string, an iterable of strings or a pathlib\.Path, got"):
        list(documents(texts))


def test_an_item_that_is_not_text_is_named():
    with pytest.raises(TypeError, match="texts: expected strings, got int as item 1"):
        list(documents(["a", 1]))


def test_a_lone_surrogate_is_shown_with_what_stands_around_it():
    with pytest.raises(ValueError, match=r"U\+DFFF in 'and so on, and then \\udfff, and the end'; "):
        utf8("It is a long text, and so on, and then \udfff, and the end")


def test_a_file_that_is_not_utf8_is_named(tmp_path):
    path = tmp_path / "latin1.txt"
    path.write_bytes(b"caf\xe9 au lait")
    with pytest.raises(ValueError, match=r"latin1\.txt: expected UTF-8 text, got 0xe9"):
        list(file_chunks(path))


@given(st.lists(st.text("ab \n\u2003", max_size=6)))
def test_whole_words_keeps_the_text_and_tears_no_word(chunks):
    pieces = list(whole_words(chunks))
    assert "".join(pieces) == "".join(chunks)
    assert [word for piece in pieces for word in piece.split()] == "".join(chunks).split()


def test_whole_words_does_not_wait_for_the_end():
    pieces = whole_words(iter(["one two th", "ree fo", "ur"]))
    assert next(pieces) == "one two "
    assert next(pieces) == "three "
