"""Added tokens and settings beside vocab.json and vocab.txt: our ids are those of transformers for the same folder."""

import json
import random

import pytest

from tokenizer import ByteLevelBPE, WordPiece

from .characters import OTHERS, PROSE

transformers = pytest.importorskip("transformers")

BERTS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
BPE = ByteLevelBPE.train([PROSE, OTHERS], 700, ["<|endoftext|>"])
WORDPIECE = WordPiece.train([PROSE, OTHERS], 700)
END, PAD, NEW = BPE.vocab_size - 1, BPE.vocab_size, BPE.vocab_size + 1
LAST = WORDPIECE.vocab_size  # the id of the first token that is added
PLAIN = {"lstrip": False, "rstrip": False, "single_word": False, "normalized": False}
TYPED = {**PLAIN, "special": True, "__type": "AddedToken"}


def texts(tokens):
    rng = random.Random(0)
    words = [*set(PROSE.split()), *OTHERS.split()]
    parts = [*words, *tokens * 100, *[" ", "  ", "\n", "É", "漢"] * 50, *[token[:-1] for token in tokens] * 20]
    return ["".join(rng.choices([" ", *parts], k=9)) for _ in range(500)]


def folder_with(folder, files, keep):
    """The files of a tokenizer that `keep` names, and others beside them."""
    for path in folder.iterdir():
        if path.name not in keep:
            path.unlink()
    for name, value in files.items():
        (folder / name).write_text(json.dumps(value), encoding="utf-8")
    return folder


def decoder(*tokens, **options):
    return {str(id): {"content": token, **PLAIN, "special": True, **options} for id, token in tokens}


GPT2 = {
    "added_tokens.json": {"added_tokens.json": {"<|pad|>": PAD, "<|new|>": NEW}},
    "a token without a role": {
        "added_tokens.json": {"<|new|>": NEW, "<|pad|>": PAD},
        "special_tokens_map.json": {"pad_token": "<|pad|>"},
    },
    "special_tokens_map.json": {
        "special_tokens_map.json": {
            "pad_token": "<|pad|>",
            "eos_token": {"content": "<|endoftext|>", **PLAIN, "normalized": True},
            "additional_special_tokens": [{"content": "<|new|>", **TYPED}],
        }
    },
    "the order of the roles": {
        "special_tokens_map.json": {
            "mask_token": "<|new|>",
            "additional_special_tokens": ["<|x|>"],
            "cls_token": "<|pad|>",
        }
    },
    "added_tokens_decoder": {
        "tokenizer_config.json": {
            "add_prefix_space": False,
            "model_max_length": 1024,
            "pad_token": "<|pad|>",
            "added_tokens_decoder": decoder(
                (END, "<|endoftext|>"), (PAD, "<|pad|>"), (NEW, "<|new|>"), normalized=True
            ),
        }
    },
    "not special": {
        "tokenizer_config.json": {"added_tokens_decoder": decoder((PAD, "<|pad|>"), (NEW, "<|new|>"), special=False)}
    },
    "tokenizer_config.json": {
        "tokenizer_config.json": {
            "tokenizer_class": "GPT2Tokenizer",
            "errors": "replace",
            "pad_token": {"content": "<|pad|>", **TYPED},
            "additional_special_tokens": ["<|new|>"],
            "chat_template": "{{ messages }}",
        }
    },
    "extra_special_tokens": {"tokenizer_config.json": {"extra_special_tokens": ["<|pad|>", "<|new|>"]}},
    "a role of one's own": {"tokenizer_config.json": {"image_token": "<|pad|>", "pad_token": "<|new|>"}},
}


@pytest.mark.parametrize("files", GPT2.values(), ids=GPT2)
def test_gpt2_folders(files, tmp_path):
    BPE.save(tmp_path)
    folder = folder_with(tmp_path, files, keep=("vocab.json", "merges.txt"))
    ours, theirs = ByteLevelBPE.load(folder), transformers.GPT2Tokenizer.from_pretrained(folder)
    cases = texts(["<|pad|>", "<|endoftext|>", "<|new|>", "<|x|>"])
    assert [ours.encode(text) for text in cases] == theirs(cases)["input_ids"]
    assert len(ours.encode("<|pad|>")) == 1
    for text in cases[:50]:
        ids = ours.encode(text)
        assert ours.decode(ids) == theirs.decode(ids, clean_up_tokenization_spaces=False) == text


def test_gpt2_folders_that_we_saved_have_the_same_special_tokens_there(tmp_path):
    ours = ByteLevelBPE(BPE.vocab, BPE.merges, ["<|endoftext|>", "<|pad|>", "<new ö>"])
    ours.save(tmp_path)
    theirs = transformers.GPT2Tokenizer.from_pretrained(tmp_path)
    cases = texts(["<|pad|>", "<|endoftext|>", "<new ö>"])
    assert [ours.encode(text) for text in cases] == theirs(cases)["input_ids"]
    (tmp_path / "added_tokens.json").write_text(json.dumps({"<|x|>": PAD + 2}), encoding="utf-8")
    theirs = transformers.GPT2Tokenizer.from_pretrained(tmp_path)
    assert ByteLevelBPE.load(tmp_path).encode("a<|x|><|pad|>") == theirs("a<|x|><|pad|>")["input_ids"]


BERT = {
    "additional_special_tokens": {
        "tokenizer_config.json": {"do_lower_case": True, "additional_special_tokens": ["[new]", "[Two]"]}
    },
    "added_tokens_decoder": {
        "tokenizer_config.json": {
            "added_tokens_decoder": decoder(*enumerate(BERTS), (LAST, "[new]"), (LAST + 1, "[Two]")),
            "clean_up_tokenization_spaces": True,
            "cls_token": "[CLS]",
            "do_basic_tokenize": True,
            "do_lower_case": True,
            "mask_token": "[MASK]",
            "model_max_length": 512,
            "never_split": None,
            "pad_token": "[PAD]",
            "sep_token": "[SEP]",
            "strip_accents": None,
            "tokenize_chinese_chars": True,
            "tokenizer_class": "BertTokenizer",
            "unk_token": "[UNK]",
        }
    },
    "special_tokens_map.json": {
        "tokenizer_config.json": {"strip_accents": True, "unk_token": {"content": "[UNK]", **TYPED}},
        "special_tokens_map.json": {
            **{f"{name}_token": f"[{name.upper()}]" for name in ("unk", "sep", "pad", "cls", "mask")},
            "additional_special_tokens": [{"content": "[new]", **TYPED}, "[Two]"],
        },
    },
    "added_tokens.json": {
        "added_tokens.json": {"[Two]": LAST + 1, "[new]": LAST},
        "special_tokens_map.json": {"additional_special_tokens": ["[new]", "[Two]"]},
    },
    "cased": {"tokenizer_config.json": {"do_lower_case": False, "strip_accents": False, "eos_token": "[new]"}},
}


@pytest.mark.parametrize("files", BERT.values(), ids=BERT)
def test_bert_folders(files, tmp_path):
    WORDPIECE.save(tmp_path)
    folder = folder_with(tmp_path, files, keep=("vocab.txt",))
    ours, theirs = WordPiece.load(folder), transformers.BertTokenizer.from_pretrained(folder)
    cases = texts(["[new]", "[Two]", *BERTS])
    assert [ours.encode(text, add_special_tokens=True) for text in cases] == theirs(cases)["input_ids"]
    assert ours.encode("[new]") == [LAST]


@pytest.mark.parametrize(
    ("field", "value", "text"),
    [
        ("strip_accents", False, "é"),
        ("tokenize_chinese_chars", False, "漢字"),
        ("unk_token", "[MASK]", "☃"),
        ("cls_token", "[MASK]", "a"),
        ("sep_token", "[PAD]", "a"),
        ("split_special_tokens", True, "[MASK]"),
        ("additional_special_tokens", [{"content": "the", **TYPED, "single_word": True}], "their the"),
        ("additional_special_tokens", [{"content": "[new]", **TYPED, "normalized": True}], "[NEW]"),
    ],
)
def test_what_is_refused_would_give_other_ids(field, value, text, tmp_path):
    WORDPIECE.save(tmp_path)
    tokens = [entry["content"] for entry in value] if isinstance(value, list) else []
    ours = WordPiece(list(WORDPIECE.vocab.values()), special_tokens=tokens)  # as if it said no more
    folder = folder_with(tmp_path, {"tokenizer_config.json": {field: value}}, keep=("vocab.txt",))
    theirs = transformers.BertTokenizer.from_pretrained(folder)
    assert theirs(text)["input_ids"] != ours.encode(text, add_special_tokens=True)
    with pytest.raises(
        ValueError, match=rf"tokenizer_config\.json: expected .*{field}|tokenizer_config\.json: .* kind"
    ):
        WordPiece.load(folder)


@pytest.mark.parametrize(
    ("field", "value", "text"),
    [
        ("add_prefix_space", True, "the"),
        ("split_special_tokens", True, "<|endoftext|>"),
        ("pad_token", {"content": "<|pad|>", **TYPED, "rstrip": True}, "<|pad|> a"),
    ],
)
def test_what_is_refused_of_gpt2_would_give_other_ids(field, value, text, tmp_path):
    BPE.save(tmp_path)
    folder = folder_with(tmp_path, {"tokenizer_config.json": {field: value}}, keep=("vocab.json", "merges.txt"))
    theirs = transformers.GPT2Tokenizer.from_pretrained(folder)
    ours = ByteLevelBPE(BPE.vocab, BPE.merges, ["<|endoftext|>", "<|pad|>"])
    assert theirs(text)["input_ids"] != ours.encode(text)
    with pytest.raises(ValueError, match=rf"tokenizer_config\.json: expected .*{field}"):
        ByteLevelBPE.load(folder)
