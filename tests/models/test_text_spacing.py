"""The text of WordPiece's pieces: where a space belongs, while it is written as well as at its end."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.text.spacing import continuation, spaced
from tests.models import toy_models

PIECES = ["dog", "##s", "s", "t", "'", '"', ".", ",", "(", ")", "[SEP]", "##", "“", "”"]


@pytest.mark.parametrize(
    ("pieces", "text"),
    [
        ("the dog barked .", "the dog barked."),
        ("a , b ; c : d ! e ? 5 %", "a, b; c: d! e? 5%"),
        ("dog ##s ( and [ cat ##s ] ) .", "dogs (and [cats])."),
        ("the dog ' s tail , i don ' t , we ' ll", "the dog's tail, i don't, we'll"),
        ("the dogs ' tails", "the dogs' tails"),
        ('she said : " a dog . " " yes "', 'she said: "a dog." "yes"'),
        ("“ a dog ”", "“a dog”"),
        ("##s dog", "##s dog"),  # nothing that it could continue, as in WordPiece's decode
        ("[UNK] . . .", "[UNK]..."),
        ("3 + 4 = 7 .", "3 + 4 = 7."),
        ("", ""),
    ],
)
def test_words_and_marks_have_the_spaces_of_english(pieces: str, text: str):
    assert spaced(pieces.split()) == text


@given(st.lists(st.sampled_from(PIECES), max_size=12), st.integers(0, 12))
def test_a_text_begins_with_the_text_of_its_first_pieces(pieces: list[str], n: int):
    assert spaced(pieces).startswith(spaced(pieces[:n]))


@given(st.lists(st.sampled_from(PIECES), max_size=12))
def test_only_spaces_are_guessed(pieces: list[str]):
    wordpiece = toy_models.WordPiece(["[UNK]", *PIECES], special_tokens=["[SEP]"])
    decoded = wordpiece.decode([wordpiece.ids[piece] for piece in pieces])
    assert spaced(pieces).replace(" ", "") == decoded.replace(" ", "")


@pytest.mark.parametrize(
    ("text", "pieces", "new"),
    [
        ("the dog", "barked .", " barked."),
        ("the dog ", "barked", "barked"),
        ("the dog\n", "barked", "barked"),
        ("The  DOG", "##s .", "s."),
        ("the dog .", "the", " the"),
        ("the dog ", "##s", "s"),
        ('said "', 'a dog "', 'a dog"'),
        ("the (", "dog )", "dog)"),
        ("", "the dog", "the dog"),
        ("", "##s", "##s"),
        (" ", "the", "the"),
        ("the dog", "", ""),
    ],
)
def test_what_continues_a_text_is_joined_to_it(text: str, pieces: str, new: str):
    wordpiece = toy_models.wordpiece()
    assert continuation(wordpiece, text, [wordpiece.ids[piece] for piece in pieces.split()]) == new
