"""The vocabulary: special tokens first, and every word of every document is one token."""

import re

import pytest

from experiments.text.toy_world.tasks import blanks
from experiments.text.toy_world.vocabulary import SPECIAL_TOKENS, UNK, tokenizer, words
from experiments.text.toy_world.world import GENRES, World

from .written import SEEDS, world, written

TOKEN = re.compile(r"\w+|[^\w\s]")
"""A word or a punctuation mark."""


def strings(ids: list[int]) -> list[str]:
    """The string of each token."""
    return [tokenizer().decode([token]) for token in ids]


def test_the_ids_of_special_tokens_are_their_places():
    for place, token in enumerate(SPECIAL_TOKENS):
        assert tokenizer().encode(token) == [place]
    assert tokenizer().special_tokens == SPECIAL_TOKENS
    assert len(set(SPECIAL_TOKENS)) == len(SPECIAL_TOKENS)


def test_padding_is_token_0_and_every_model_family_has_its_tokens():
    assert SPECIAL_TOKENS[0] == "[PAD]"
    families = {"[CLS]", "[SEP]", "[MASK]", "</s>", "[UNK]", "[START]", "[DELIM]", "[EXTRACT]", "<extra_id_19>"}
    assert families <= set(SPECIAL_TOKENS)


def test_the_vocabulary_has_no_token_twice_and_all_words():
    assert words() == sorted(set(words()))
    assert [word for word in words() if len(tokenizer().encode(word)) != 1] == []
    assert tokenizer().vocab_size > len(SPECIAL_TOKENS) + len(words())


@pytest.mark.parametrize("seed", SEEDS)
def test_every_word_of_the_documents_is_a_token_and_is_decoded_to_itself(seed: int):
    texts = World(seed).text(0, 100_000)
    ids = tokenizer().encode_batch(texts)
    known = dict(zip(range(tokenizer().vocab_size), strings(list(range(tokenizer().vocab_size))), strict=True))
    n_words = 0
    for text, encoded in zip(texts, ids, strict=True):
        expected = TOKEN.findall(text)
        assert [known[token] for token in encoded] == expected
        assert tokenizer().decode(encoded) == " ".join(expected)
        n_words += len(expected)
    assert n_words >= 100_000


@pytest.mark.parametrize("genre", GENRES)
def test_what_is_held_out_has_no_other_words(genre: str):
    for texts in written(genre, 0):
        for text in texts:
            assert strings(tokenizer().encode(text)) == TOKEN.findall(text)


@pytest.mark.parametrize("kinds", [blanks.CLUE_BEFORE, blanks.CLUE_AFTER, blanks.SKILLS])
def test_blanks_and_their_choices_are_tokens(kinds: dict[str, blanks.Maker]):
    for blank in [blank for kind in kinds for blank in blanks.draw(world(0), kinds, kind, 20)]:
        filled = blank.filled(blank.choices[0])
        assert strings(tokenizer().encode(filled)) == TOKEN.findall(filled)
        assert all(len(tokenizer().encode(choice)) == 1 for choice in blank.choices)


def test_another_word_is_spelt_in_letters():
    ids = tokenizer().encode("zebra 45")
    assert tokenizer().decode(ids) == "zebra 45"
    assert len(ids) == 7
    assert tokenizer().encode(UNK)[0] not in ids


def test_all_worlds_share_one_vocabulary():
    assert tokenizer() is tokenizer()
    used = {word for seed in SEEDS for text in world(seed).text(0, 20_000) for word in TOKEN.findall(text)}
    assert used <= set(words())
