"""What transformers writes beside a vocabulary: its tokens get their ids, and what means other ids is refused.

That the ids are those of transformers is tested in tests/parity/test_tokenizer_folders.py.
"""

import json

import pytest

from tokenizer import ByteLevelBPE, WordPiece
from tokenizer.formats.bert_files import SPECIAL_TOKENS

TEXT = "the cat sat on the mat\n" * 3
END = "<|endoftext|>"
BPE = ByteLevelBPE.train(TEXT, 270, [END])
WORDPIECE = WordPiece([*SPECIAL_TOKENS, "the", "ca", "##t"])
LAST = BPE.vocab_size  # the id of the first token that is added
PLAIN = {"lstrip": False, "rstrip": False, "single_word": False, "normalized": False, "special": True}


@pytest.fixture
def gpt2(tmp_path):
    """GPT-2's two files and nothing else."""
    BPE.save(tmp_path)
    for file in "special_tokens.json", "tokenizer_config.json":
        (tmp_path / file).unlink()
    return tmp_path


@pytest.fixture
def bert(tmp_path):
    """A vocab.txt and nothing else."""
    WORDPIECE.save(tmp_path)
    (tmp_path / "tokenizer_config.json").unlink()
    return tmp_path


def write(folder, name, value):
    (folder / name).write_text(json.dumps(value), encoding="utf-8")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("added_tokens.json", {"<|pad|>": LAST}),
        ("special_tokens_map.json", {"eos_token": END, "pad_token": "<|pad|>"}),
        ("special_tokens_map.json", {"pad_token": {"content": "<|pad|>", **PLAIN}}),
        ("special_tokens_map.json", {"additional_special_tokens": ["<|pad|>"]}),
        ("tokenizer_config.json", {"pad_token": "<|pad|>", "model_max_length": 1024, "unknown": [1]}),
        ("tokenizer_config.json", {"extra_special_tokens": ["<|pad|>"]}),
        ("tokenizer_config.json", {"added_tokens_decoder": {str(LAST): {"content": "<|pad|>", **PLAIN}}}),
    ],
)
def test_an_added_token_is_one_id_and_not_seven_letters(name, value, gpt2):
    assert len(ByteLevelBPE.load(gpt2).encode("<|pad|>")) == 7
    write(gpt2, name, value)
    loaded = ByteLevelBPE.load(gpt2)
    assert loaded.special_tokens == [END, "<|pad|>"]
    assert loaded.encode(f"the<|pad|>{END}") == [*BPE.encode("the"), LAST, LAST - 1]
    assert loaded.decode([LAST, LAST - 1]) == f"<|pad|>{END}"
    assert loaded.vocab_size == LAST + 1


def test_a_token_keeps_the_id_that_a_file_gives_it_and_others_come_behind(gpt2):
    write(gpt2, "added_tokens.json", {"<b>": LAST + 9, "<a>": LAST + 4})
    write(gpt2, "special_tokens_map.json", {"cls_token": "<c>", "pad_token": "<p>", "bos_token": END})
    loaded = ByteLevelBPE.load(gpt2)
    assert loaded.encode("<a><b><p><c>") == [LAST + 4, LAST + 9, LAST + 10, LAST + 11]
    loaded.save(gpt2)
    again = ByteLevelBPE.load(gpt2)
    assert (again.vocab, again.special_tokens) == (loaded.vocab, loaded.special_tokens)


def test_a_saved_tokenizer_has_no_tokens_of_the_one_that_was_there(gpt2):
    write(gpt2, "added_tokens.json", {"<|pad|>": LAST})
    write(gpt2, "special_tokens_map.json", {"mask_token": "<m>"})
    write(gpt2, "tokenizer_config.json", {"unk_token": "<u>"})
    BPE.save(gpt2)
    assert ByteLevelBPE.load(gpt2).vocab == BPE.vocab
    assert sorted(path.name for path in gpt2.iterdir()) == [
        "merges.txt", "special_tokens.json", "tokenizer_config.json", "vocab.json",
    ]  # fmt: skip


def test_special_tokens_that_are_given_are_all_there_are(gpt2):
    write(gpt2, "added_tokens.json", {"<|pad|>": LAST})
    assert ByteLevelBPE.load(gpt2, special_tokens=[END]).vocab == BPE.vocab
    assert ByteLevelBPE.load(gpt2 / "vocab.json", gpt2 / "merges.txt").vocab == BPE.vocab  # which name two files


def test_files_that_contradict_each_other_are_refused(gpt2):
    write(gpt2, "added_tokens.json", {"<a>": LAST})
    write(gpt2, "tokenizer_config.json", {"added_tokens_decoder": {str(LAST + 1): {"content": "<a>", **PLAIN}}})
    with pytest.raises(ValueError, match=rf"added_tokens\.json: .*one id for .*'<a>', got {LAST + 1} .*and {LAST}"):
        ByteLevelBPE.load(gpt2)
    write(gpt2, "added_tokens.json", {"<b>": LAST + 1})
    with pytest.raises(ValueError, match=rf"added_tokens\.json: .*its own for .*'<b>', got {LAST + 1}, .*'<a>'"):
        ByteLevelBPE.load(gpt2)


def test_nested_tokens_that_transformers_finds_in_another_order_are_refused(gpt2):
    write(gpt2, "special_tokens_map.json", {"pad_token": "<e>"})
    write(gpt2, "added_tokens.json", {"<e><e>": LAST})  # not special, hence normalized
    with pytest.raises(ValueError, match=r"added_tokens\.json: expected False as normalized for '<e><e>' as for '<e>'"):
        ByteLevelBPE.load(gpt2)
    write(gpt2, "special_tokens_map.json", {"pad_token": "<e>", "mask_token": "<e><e>"})
    assert ByteLevelBPE.load(gpt2).encode("<e><e><e>") == [LAST, LAST + 1]


def test_added_tokens_of_bert(bert):
    write(bert, "added_tokens.json", {"[b]": 9, "[a]": 8})
    write(bert, "special_tokens_map.json", {"pad_token": "[PAD]", "additional_special_tokens": ["[a]", "[b]", "[c]"]})
    loaded = WordPiece.load(bert)
    assert loaded.special_tokens == [*SPECIAL_TOKENS, "[a]", "[b]", "[c]"]
    assert loaded.encode("The[a] [b]cat[c] [A]") == [5, 8, 9, 6, 7, 10, 1, 1, 1]
    loaded.save(bert)
    assert WordPiece.load(bert).vocab == loaded.vocab


@pytest.mark.parametrize("lowercase", [True, False])
def test_settings_that_say_what_is_done_anyway_do_no_harm(lowercase, bert):
    harmless = {"strip_accents": lowercase, "tokenize_chinese_chars": True, "never_split": None, "unk_token": "[UNK]"}
    write(bert, "tokenizer_config.json", {"do_lower_case": lowercase, **harmless, "padding_side": "left"})
    assert WordPiece.load(bert).lowercase is lowercase
    assert WordPiece.load(bert).encode("thé") == ([5] if lowercase else [1])


@pytest.mark.parametrize("name", ["unk_token", "cls_token", "sep_token"])
@pytest.mark.parametrize("file", ["tokenizer_config.json", "special_tokens_map.json"])
def test_another_token_in_one_of_berts_roles_is_refused(name, file, bert):
    for token in "<s>", {"content": "<s>", **PLAIN}:
        write(bert, file, {name: token})
        with pytest.raises(ValueError, match=rf"{file}: expected '\[...\]' as {name}, got '<s>', which is not"):
            WordPiece.load(bert)
