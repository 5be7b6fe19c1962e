"""The text of the data table: words, docstrings, duplicates, windows and counts, by hand."""

import ast
import re

import numpy as np
import pytest

from experiments.tables.data_table import counts, domains
from experiments.tables.data_table.domains import (
    CODE,
    DOMAINS,
    HELD_OUT,
    each_paragraph_once,
    held_out_windows,
    n_words,
    split,
    stream,
    training_windows,
    windows,
    without_docstrings,
)
from experiments.tables.data_table.systems import MIXTURE, SYSTEMS
from experiments.text.document import Document
from tests.experiments.tiny_domains import LETTERS, tiny_domains
from tokenizer import ByteLevelBPE

# -- words, docstrings, duplicates ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", 0),
        (" \n\t", 0),
        ("-- **\n()", 6),
        ("a word, and another.", 6),
        ("don't isn’t", 2),
        ("os.path.join(x)", 4),
        ("3.14 1,000 2;5", 3),
        ("a.1 1.a", 6),  # no point between a letter and a digit
        ("snake_case naïve", 2),
        ("end. Start", 3),
        ("a..b", 4),
    ],
)
def test_unicode_words_by_hand(text, words):
    assert n_words(text) == words


WITH_DOCSTRINGS = '''"""Of the module.

Two paragraphs."""
import os

class A:
    """Of the class."""
    x = """not a docstring"""

    def f(self):
        "Of the function."; return 1

    async def g(self):
        r"""Of another \\d."""  # é
        return """not one either"""

def h(): "one line"
\x0c
"not one: an expression"
'''


def test_docstrings_leave_the_code_and_nothing_else_does():
    without = without_docstrings(WITH_DOCSTRINGS)
    lines = WITH_DOCSTRINGS.split("\n")
    left_out = [0, 1, 2, 6, 13]
    assert without.split("\n") == [line for number, line in enumerate(lines) if number not in left_out]


def test_text_that_is_not_python_stays():
    assert without_docstrings('"""Text."""\nif x\n') == '"""Text."""\nif x\n'


def test_what_follows_a_docstring_is_still_valid():
    assert ast.parse(without_docstrings('def f():\n    """Text\n\n    text."""\n    return 1\n')).body


LICENCE = "Copyright: nobody may read this file at night without a lamp."


def test_a_paragraph_is_kept_where_it_is_first():
    in_lines, in_more_lines = LICENCE.replace(": ", ":\n"), LICENCE.replace(" ", "\n")
    found = each_paragraph_once(
        {
            "a": [Document("1", f"{in_lines}\n\nOne."), Document("2", f"Two.\n\n{LICENCE}\n \n    indented\n\nOne.")],
            "b": [Document("3", in_more_lines), Document("4", f"{LICENCE} Four.")],
        }
    )
    assert found == {
        "a": [Document("1", f"{in_lines}\n\nOne."), Document("2", "Two.\n\n    indented\n\nOne.")],
        "b": [Document("4", f"{LICENCE} Four.")],
    }


def test_no_file_of_the_library_has_the_text_of_the_reference():
    assert not [document for document in domains._standard_library()[CODE] if "pydoc_data" in document.name]


# -- windows ----------------------------------------------------------------------------------------


def test_a_stream_is_bytes_with_a_zero_before_each_document():
    assert stream([Document("1", "hé"), Document("2", "x")]).tobytes() == b"\0h\xc3\xa9\0x"


def test_windows_are_different_rows_of_the_stream():
    documents = [Document("1", "abcdefghijklmno")]
    rows = windows(documents, 4, 3, 0)
    assert {row.tobytes() for row in rows} == {b"\0abcd", b"defgh", b"hijkl"}
    assert len({windows(documents, 4, 3, seed).tobytes() for seed in range(20)}) == 6  # all orders
    with pytest.raises(ValueError, match=r"n must be at most 3, the windows of 4 bytes in the documents, got 4"):
        windows(documents, 4, 4, 0)


@pytest.mark.parametrize("domain", DOMAINS)
def test_whole_documents_are_held_out_until_they_have_their_share(tiny, domain):
    training, held_out = split(3, domain)
    assert sorted([*training, *held_out], key=lambda d: d.text) == tiny_domains(3)[domain]
    sizes = [len(document.text) + 1 for document in held_out]
    share = HELD_OUT * (sum(sizes) + sum(len(document.text) + 1 for document in training))
    assert share <= sum(sizes) < share + max(sizes)
    assert len({tuple(document.text[:2] for document in split(seed, domain)[1]) for seed in range(10)}) > 5


def test_a_mixture_has_equal_parts_and_a_domain_only_itself(tiny):
    letters = {}
    for system in SYSTEMS:
        rows = training_windows(0, system, 8, 20)
        assert rows.shape == (20, 9)
        letters[system] = [bytes(row).decode().lower().strip("\0" + "0123456789")[0] for row in rows]
    for domain in DOMAINS:
        assert letters[domain] == [LETTERS[domain]] * 20
    assert letters[MIXTURE] == [letter for letter in "rdct" for _ in range(5)]
    with pytest.raises(ValueError, match="n must be a multiple of 4, the number of domains, got 21"):
        training_windows(0, MIXTURE, 8, 21)


@pytest.mark.parametrize("domain", DOMAINS)
def test_training_and_held_out_windows_come_from_different_documents(tiny, domain):
    def numbers(rows: np.ndarray) -> set[str]:
        return set(re.findall(r"(\d\d)[a-zA-Z]", b"|".join(row.tobytes() for row in rows).decode()))

    training, held_out = ({document.text[:2] for document in part} for part in split(1, domain))
    assert len(training | held_out) == 20
    for system in (domain, MIXTURE):
        rows = training_windows(1, system, 8, 60)
        own = rows[[LETTERS[domain] in bytes(row).decode().lower() for row in rows]]
        assert numbers(own) <= training
        assert len(numbers(own)) > 5
    assert numbers(held_out_windows(1, domain, 8, 10)) <= held_out


# -- counts -----------------------------------------------------------------------------------------


def test_the_columns_by_hand():
    documents = [Document("1", "naïve don't"), Document("2", "os.path")]
    bpe = ByteLevelBPE.train(["x"], 256)  # bytes
    assert counts.counts_of(documents, bpe) == {"bytes": 19, "documents": 2, "words": 3, "tokens": 19}


def test_sources_hold_every_document_once(tiny):
    sources = counts.sources()
    assert list(sources) == list(counts.TYPES)
    held = [document for documents in sources.values() for document in documents]
    assert len(held) == sum(map(len, tiny_domains(counts.WORLD).values()))


def test_every_genre_is_in_one_group():
    from experiments.text.toy_world.world import GENRES

    assert sorted(genre for group in counts.GENRES.values() for genre in group) == sorted(GENRES)


def test_the_tokenizer_learns_from_equal_parts(tiny):
    text = "".join(counts.equal_parts(100))
    for letter in LETTERS.values():
        assert 30 <= text.lower().count(letter) <= 34  # of 100 bytes, a third, without zeros
