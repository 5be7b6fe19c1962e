"""Examples as models read them: the layouts, and how long texts are cut."""

import numpy as np
import pytest

from experiments.lab import examples
from experiments.lab.examples import Encoding
from experiments.text.readers.examples import LabelledText
from experiments.text.toy_world.vocabulary import tokenizer
from tokenizer import WordPiece

SPECIAL = ["[PAD]", "</s>", "[UNK]", "[CLS]", "[SEP]", "[START]", "[DELIM]", "[EXTRACT]"]
LETTERS = WordPiece([*SPECIAL, *"abcdefghij", *"0123456789"], special_tokens=SPECIAL)


def texts(ids: np.ndarray, mask: np.ndarray, words: WordPiece = LETTERS) -> list[str]:
    """The tokens of each row without its padding."""
    return [" ".join(words.vocab[id] for id in row[kept == 1].tolist()) for row, kept in zip(ids, mask, strict=True)]


def one(text: str) -> LabelledText:
    return LabelledText(" ".join(text), None, 0)


def pair(first: str, second: str) -> LabelledText:
    return LabelledText(" ".join(first), " ".join(second), 1)


def test_the_layouts_with_another_vocabulary():
    encoding, both = Encoding(LETTERS), [one("ab"), pair("a", "01")]
    way = examples.for_decoder(both, encoding=encoding)
    assert texts(way.ids, way.attention_mask) == ["[START] a b [EXTRACT]", "[START] a [DELIM] 0 1 [EXTRACT]"]
    assert way.labels.tolist() == [0, 1]
    encoder = examples.for_encoder(both, encoding=encoding)
    assert texts(encoder.ids, encoder.attention_mask) == ["[CLS] a b [SEP]", "[CLS] a [SEP] 0 1 [SEP]"]
    assert encoder.token_type_ids.tolist() == [[0] * 6, [0, 0, 0, 1, 1, 1]]
    elmo = examples.for_elmo(both[1:], encoding=encoding)
    assert texts(elmo.ids, elmo.attention_mask) == ["[START] a </s>"]
    assert texts(elmo.other_ids, elmo.other_attention_mask) == ["[START] 0 1 </s>"]


def test_without_an_encoding_the_vocabulary_is_that_of_the_toy_world():
    way = examples.for_decoder([LabelledText("adam found a dog.", None, 0)])
    assert texts(way.ids, way.attention_mask, tokenizer()) == ["[START] adam found a dog . [EXTRACT]"]
    encoder = examples.for_encoder([LabelledText("a dog", "a cat", 0)])
    ids, types = tokenizer().encode_pair("a dog", "a cat")
    assert (encoder.ids[0].tolist(), encoder.token_type_ids[0].tolist()) == (ids, types)


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ("abc", "012", "a b c [DELIM] 0 1"),  # both long: five tokens, the first text has the odd one
        ("abcdefgh", "0", "a b c d [DELIM] 0"),  # the longer one loses its end
        ("a", "01234567", "a [DELIM] 0 1 2 3"),
        ("abcdefgh", "01234567", "a b c [DELIM] 0 1"),
        ("abc", "01", "a b c [DELIM] 0 1"),  # fits
    ],
)
def test_of_a_long_pair_the_longer_text_is_cut(first, second, expected):
    encoding = Encoding(LETTERS, longest=8)
    way = examples.for_decoder([pair(first, second)], encoding=encoding)
    assert texts(way.ids, way.attention_mask) == [f"[START] {expected} [EXTRACT]"]
    encoder = examples.for_encoder([pair(first, second)], encoding=encoding)
    expected = expected.replace("[DELIM]", "[SEP]")
    assert texts(encoder.ids, encoder.attention_mask) == [f"[CLS] {expected} [SEP]"]


def test_a_long_text_loses_its_end_and_keeps_its_special_tokens():
    encoding, example = Encoding(LETTERS, longest=8), one("abcdefghij")
    for way, begin, end in (
        (examples.for_decoder([example], encoding=encoding), "[START]", "[EXTRACT]"),
        (examples.for_encoder([example], encoding=encoding), "[CLS]", "[SEP]"),
        (examples.for_elmo([example], encoding=encoding), "[START]", "</s>"),
    ):
        assert texts(way.ids, way.attention_mask) == [f"{begin} a b c d e f {end}"]


def test_inputs_without_room_for_two_texts_are_refused():
    with pytest.raises(ValueError, match="longest must be at least 8, got 7"):
        Encoding(LETTERS, longest=7)
