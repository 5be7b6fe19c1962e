"""The standard library as a corpus."""

import pytest

from experiments.text import standard_library
from experiments.text.document import Document
from experiments.text.standard_library import describe, split, without_duplicates

DOCUMENTS = [Document(f"number/{n}", f"text {n}") for n in range(40)]


def test_prose_is_the_language_reference_in_english():
    prose = standard_library.prose()
    text = " ".join(document.text for document in prose)
    assert 300_000 < len(text) < 2_000_000
    assert " the " in text
    assert "statement" in text
    assert [document.name for document in prose] == sorted(document.name for document in prose)


def test_source_has_no_tests_code_tables_or_installed_packages():
    names = [document.name for document in standard_library.source()]
    assert "json/decoder.py" in names
    for left_out in standard_library.LEFT_OUT:
        assert not any(left_out in name.split("/") for name in names), left_out


def test_docstrings_are_those_of_modules_classes_and_functions_and_no_code(monkeypatch: pytest.MonkeyPatch):
    code = (
        '"""A module."""\nX = "no docstring"\nclass C:\n    """A class."""\n    def f(self):\n        """A method."""\n'
    )
    broken = Document("broken.py", "def (:")
    plain = Document("plain.py", "x = 1\n")
    monkeypatch.setattr(standard_library, "source", lambda: [Document("a.py", code), broken, plain])
    assert standard_library.docstrings() == [Document("a.py", "A module.\n\nA class.\n\nA method.")]


def test_a_python_without_source_files_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path):
    monkeypatch.setattr(standard_library.sysconfig, "get_paths", lambda: {"stdlib": str(tmp_path)})
    with pytest.raises(FileNotFoundError, match="standard library"):
        standard_library.source()


def test_files_in_an_old_encoding_are_left_out(monkeypatch: pytest.MonkeyPatch, tmp_path):
    (tmp_path / "latin.py").write_bytes("x = 'é'".encode("latin-1"))
    (tmp_path / "good.py").write_text("x = 'é'", encoding="utf-8")
    monkeypatch.setattr(standard_library.sysconfig, "get_paths", lambda: {"stdlib": str(tmp_path)})
    assert [document.name for document in standard_library.source()] == ["good.py"]


def test_a_text_that_occurs_twice_or_is_empty_is_dropped():
    documents = [Document("a", "same"), Document("b", " \n"), Document("c", "same"), Document("d", "other")]
    assert [document.name for document in without_duplicates(documents)] == ["a", "d"]


def test_a_split_keeps_every_document_on_one_side():
    training, held_out = split(DOCUMENTS, seed=3, held_out=0.25)
    assert len(held_out) == 10
    assert sorted([*training, *held_out], key=DOCUMENTS.index) == DOCUMENTS
    assert split(DOCUMENTS, seed=3, held_out=0.25) == (training, held_out)
    assert split(DOCUMENTS, seed=4, held_out=0.25) != (training, held_out)


@pytest.mark.parametrize("held_out", [0.0, 1.0, -0.1, 0.001, 0.999])
def test_a_split_that_leaves_nothing_is_refused(held_out: float):
    with pytest.raises(ValueError, match="held_out"):
        split(DOCUMENTS, seed=0, held_out=held_out)


def test_the_description_changes_with_any_text_or_name():
    described = describe(DOCUMENTS)
    assert described["documents"] == 40
    assert described["bytes"] == sum(len(document.text) for document in DOCUMENTS)
    hashes = {
        described["sha256"],
        describe(DOCUMENTS[:-1])["sha256"],
        describe([*DOCUMENTS[:-1], Document("number/39", "text 40")])["sha256"],
        describe([*DOCUMENTS[:-1], Document("number/40", "text 39")])["sha256"],
        # the same bytes, cut elsewhere
        describe([Document("a", "bc"), Document("d", "ef")])["sha256"],
        describe([Document("a", "bcd"), Document("e", "f")])["sha256"],
    }
    assert len(hashes) == 6
