"""Our ids are those of Hugging Face's `tokenizers` and of `tiktoken` on the same vocabulary."""

import random

import pytest

from tokenizer import ByteLevelBPE
from tokenizer.byte_level import BYTES
from tokenizer.formats.gpt2_files import spell

from .characters import OTHERS, PROSE, assigned_characters

hf = pytest.importorskip("tokenizers")
tiktoken = pytest.importorskip("tiktoken")

SPECIAL = ["<|endoftext|>", "<|pad|>", "<|endoftext|><|endoftext|>"]
PATTERN = r"'(?:[sdmt]|ll|ve|re)| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"


@pytest.fixture(scope="module")
def ours():
    return ByteLevelBPE.train([PROSE, OTHERS * 20], 2000, SPECIAL)


def in_tokenizers(ours):
    special = {token.encode() for token in ours.special_tokens}
    theirs = hf.Tokenizer(
        hf.models.BPE(
            vocab={spell(token): id for id, token in ours.vocab.items() if token not in special},
            merges=[(spell(left), spell(right)) for left, right in ours.merges],
        )
    )
    theirs.pre_tokenizer = hf.pre_tokenizers.ByteLevel(add_prefix_space=False)
    theirs.decoder = hf.decoders.ByteLevel()
    theirs.add_special_tokens(ours.special_tokens)
    return theirs


def in_tiktoken(ours):
    special = {token: ours.ids[token.encode()] for token in ours.special_tokens}
    ranks = {token: id for id, token in ours.vocab.items() if id not in special.values()}
    return tiktoken.Encoding("ours", pat_str=PATTERN, mergeable_ranks=ranks, special_tokens=special)


def assert_same_ids(ours, texts):
    ids = [ours.encode(text) for text in texts]
    assert [encoding.ids for encoding in in_tokenizers(ours).encode_batch(texts)] == ids
    assert in_tiktoken(ours).encode_batch(texts, allowed_special="all") == ids


def test_real_text(ours):
    lines = PROSE.splitlines(keepends=True)
    assert_same_ids(ours, [PROSE, OTHERS, *lines])


def test_a_hundred_thousand_random_strings(ours):
    rng = random.Random(0)
    words = [*set(PROSE.split()), *OTHERS.split()]
    odds_and_ends = [
        *SPECIAL,
        "<|",
        "|>",
        "'",
        "'s",
        "'re",
        "'L",
        " ",
        "  ",
        "\n",
        "\t",
        "\r\n",
        "1",
        "23",
        "!",
        "…",
        "_",
    ]

    def random_string():
        pools = rng.choices([words, odds_and_ends, assigned_characters()], weights=[4, 4, 2], k=rng.randint(1, 8))
        return "".join(rng.choice(pool) for pool in pools)

    assert_same_ids(ours, [random_string() for _ in range(100_000)])


def test_every_character_is_a_letter_a_number_a_space_or_other_to_all():
    """One merge on each side of each character tells which class of the pattern it was put in."""
    first, later = BYTES[0xC2:0xF5], BYTES[0x80:0xC0]
    merges = [(left, byte) for left in (b"a", b" ") for byte in first]
    merges += [(byte, right) for right in (b"1", b"!") for byte in later]
    tokens = [*BYTES, *(left + right for left, right in merges)]
    ours = ByteLevelBPE(dict(enumerate(tokens)), merges)
    characters = assigned_characters()
    rows = [characters[i : i + 64] for i in range(0, len(characters), 64)]
    assert_same_ids(ours, ["".join(f"a{character}1 {character}!" for character in row) for row in rows])


def test_decoding_agrees(ours):
    theirs, also_theirs = in_tokenizers(ours), in_tiktoken(ours)
    rng = random.Random(1)
    for _ in range(2000):
        ids = [rng.randrange(ours.vocab_size - len(SPECIAL)) for _ in range(rng.randint(1, 12))]
        assert ours.decode(ids) == theirs.decode(ids)
        assert ours.decode_bytes(ids) == also_theirs.decode_bytes(ids)
