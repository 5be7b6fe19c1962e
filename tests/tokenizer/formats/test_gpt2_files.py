"""vocab.json and merges.txt, as GPT-2 has them: what is written is read, what is damaged is named."""

import json

import pytest

from tokenizer import ByteLevelBPE
from tokenizer.formats.gpt2_files import read_merges, spell, unspell

SPECIAL = ["<|endoftext|>", "<pad ö>"]
BPE = ByteLevelBPE.train("the cat # sat on # the mat, café 漢字\r\n" * 3, 275, SPECIAL)


@pytest.fixture
def folder(tmp_path):
    BPE.save(tmp_path)
    return tmp_path


def same(one, other):
    return (one.vocab, one.merges, one.special_tokens) == (other.vocab, other.merges, other.special_tokens)


def test_every_byte_has_a_visible_character_of_its_own():
    spelt = spell(bytes(range(256)))
    assert len(set(spelt)) == 256
    assert spelt.isprintable()
    assert not any(character.isspace() for character in spelt)
    assert unspell(spelt) == bytes(range(256))
    assert spell(b" the\n") == "ĠtheĊ"


def test_a_folder_comes_back_as_it_was_saved(folder):
    assert same(ByteLevelBPE.load(folder), BPE)
    assert same(ByteLevelBPE.load(str(folder)), BPE)


def test_two_files_as_gpt2_has_them_are_enough(folder):
    (folder / "special_tokens.json").unlink()
    assert same(ByteLevelBPE.load(folder / "vocab.json", folder / "merges.txt"), BPE)
    assert same(ByteLevelBPE.load(folder), BPE)


def test_the_files_are_those_of_gpt2(folder):
    spelt = json.loads((folder / "vocab.json").read_text(encoding="utf-8"))
    assert spelt["Ċ"] == ord("\n")
    assert spelt[spell(b"".join(BPE.merges[0]))] == 256
    assert spelt["<|endoftext|>"] == 273
    lines = (folder / "merges.txt").read_text(encoding="utf-8").split("\n")
    assert lines[0] == "#version: 0.2"
    assert len(lines) == len(BPE.merges) + 2


def test_merges_of_number_signs_are_no_comments_and_windows_line_ends_no_harm(folder):
    (folder / "merges.txt").write_bytes(b"#version: 0.2\r\n# #\r\n\xc4\xa0 #\r\n")
    vocab = {**{id: bytes([id]) for id in range(256)}, 256: b"##", 257: b" #"}
    (folder / "vocab.json").write_text(json.dumps({spell(t): i for i, t in vocab.items()}), encoding="utf-8")
    loaded = ByteLevelBPE.load(folder / "vocab.json", folder / "merges.txt", special_tokens=[])
    assert loaded.merges == [(b"#", b"#"), (b" ", b"#")]


def test_only_the_first_line_can_be_a_header(tmp_path):
    (tmp_path / "merges.txt").write_text("#version: 0.2\n#version s\n", encoding="utf-8")
    assert read_merges(tmp_path / "merges.txt") == [(b"#version", b"s")]


@pytest.mark.parametrize("line", ["one", "a b c", "a  b", "Ġt é漢"])
def test_a_damaged_merges_file_is_named_with_its_line(folder, line):
    path = folder / "merges.txt"
    path.write_text(f"#version: 0.2\nĠ t\n{line}\n", encoding="utf-8")
    with pytest.raises(ValueError, match=r"merges\.txt, line 3: expected a merge, two tokens, got"):
        ByteLevelBPE.load(folder)


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        ('{"a": 1', "line 1: expected JSON"),
        ("[1]", "expected an object of ids, got a list"),
        ('{"a": 1, "b": 1}', "expected an integer of its own for 'b', got 1"),
        ('{"a": "1"}', "expected an integer of its own for 'a', got '1'"),
        ('{"a b": 1}', "expected GPT-2's alphabet, got ' ' in 'a b'"),
    ],
)
def test_a_damaged_vocabulary_is_named(folder, damage, message):
    (folder / "vocab.json").write_text(damage, encoding="utf-8")
    with pytest.raises(ValueError, match=rf"vocab\.json.*{message}"):
        ByteLevelBPE.load(folder)


def test_merges_that_do_not_fit_the_vocabulary_are_refused(folder):
    with open(folder / "merges.txt", "a", encoding="utf-8") as file:
        file.write("q z\n")
    with pytest.raises(ValueError, match="vocab: expected the token b'qz'"):
        ByteLevelBPE.load(folder)


def test_a_special_token_spelt_like_another_token_cannot_be_saved(tmp_path):
    lookalike = spell(b" ")  # Ġ: a special token of this name, and the space, would be one entry
    bpe = ByteLevelBPE(BPE.vocab, BPE.merges, [*SPECIAL, lookalike])
    with pytest.raises(ValueError, match="special_tokens: expected names unlike the spelling"):
        bpe.save(tmp_path)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"merges\.txt"):
        ByteLevelBPE.load(tmp_path)
