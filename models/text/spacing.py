"""The text of WordPiece's pieces as people write it: "the dog ' s tail ." becomes "the dog's tail."

WordPiece's `decode` puts a space between all words, punctuation marks included, because encoding has dropped the
spaces of the text. They can only be guessed. The rules here decide about each piece from the pieces before it, so that
a text can be shown while it is generated:

    . , ; : ! ? % ) ] }     no space before them
    ( [ {                   no space after them
    '                       no space before it, and none between it and the endings of English: 's, n't, 'll, …
    "                       opens and closes a quotation in turn

Only what is shown changes. Models read the ids, which have no spaces.
"""

from collections.abc import Iterable

from tokenizer import WordPiece
from tokenizer.formats.bert_files import PREFIX

CLOSING = frozenset(".,;:!?%)]}'”")
OPENING = frozenset("([{“")
ENDINGS = frozenset(["s", "t", "m", "d", "ll", "re", "ve"])  # of dog's, don't, I'm, I'd, I'll, you're, I've


def spaced(pieces: Iterable[str]) -> str:
    """The text of some pieces. The text of their first n pieces is how it begins."""
    text, before, in_quotation = "", "", False
    for piece in pieces:
        mark = piece
        if piece == '"':
            mark, in_quotation = "”" if in_quotation else "“", not in_quotation
        if piece.startswith(PREFIX) and text:
            text += piece.removeprefix(PREFIX)
        elif not text or mark in CLOSING or before in OPENING or (before == "'" and piece in ENDINGS):
            text += piece
        else:
            text += f" {piece}"
        before = mark
    return text


def continuation(tokenizer: WordPiece, text: str, ids: list[int]) -> str:
    """The text of some ids that continue a text, with a space at its beginning if one belongs between the two."""
    before = tokenizer.segment(text)
    whole = spaced([*before, *(tokenizer.vocab[id] for id in ids)])
    new = whole[len(spaced(before)) :]
    return new.lstrip(" ") if text[-1:].isspace() else new  # the space is there already
