"""tokenizer.json: what is written is read, what says anything else is refused by name."""

import json

import pytest

from tokenizer import ByteLevelBPE, WordPiece
from tokenizer.formats.bert_files import SPECIAL_TOKENS

TEXT = "the cat # sat on # the mat, café 漢字\r\n" * 3
BPE = ByteLevelBPE.train(TEXT, 275, ["<|endoftext|>", "<pad ö>"])
WORDPIECE = WordPiece([*SPECIAL_TOKENS, "the", "ca", "##t", "##é", "漢", "#", "##"], special_tokens=["[new]"])


@pytest.fixture(params=[BPE, WORDPIECE], ids=["byte-level BPE", "WordPiece"])
def saved(request, tmp_path):
    """A tokenizer and the file that it was saved to."""
    request.param.save(tmp_path / "tokenizer.json")
    return request.param, tmp_path / "tokenizer.json"


def edited(path, edit):
    """The file with its value edited in place."""
    value = json.loads(path.read_text(encoding="utf-8"))
    edit(value)
    path.write_text(json.dumps(value), encoding="utf-8")
    return path


def same(one, other):
    names = ("vocab", "special_tokens", "merges", "lowercase")
    return [getattr(one, name, None) for name in names] == [getattr(other, name, None) for name in names]


def test_a_file_comes_back_as_it_was_saved(saved):
    tokenizer, path = saved
    assert same(type(tokenizer).load(path), tokenizer)
    assert same(type(tokenizer).load(str(path)), tokenizer)


def test_whether_capitals_are_lowered_comes_back(tmp_path):
    WordPiece([*SPECIAL_TOKENS, "a"], lowercase=False).save(tmp_path / "cased.json")
    assert WordPiece.load(tmp_path / "cased.json").lowercase is False
    assert WordPiece.load(tmp_path / "cased.json", lowercase=True).lowercase is True


def test_ids_need_not_be_consecutive_in_byte_level_bpe(tmp_path):
    spread = ByteLevelBPE({7 * id: token for id, token in BPE.vocab.items()}, BPE.merges, BPE.special_tokens)
    spread.save(tmp_path / "tokenizer.json")
    assert same(ByteLevelBPE.load(tmp_path / "tokenizer.json"), spread)


def harmless_in_both(value):
    del value["truncation"], value["padding"]
    value["decoder"] = value["post_processor"] = None
    del value["model"]["type"]  # as in GPT-2's own file


def harmless_in_byte_level(value):
    value["model"]["merges"] = [merge.split(" ") for merge in value["model"]["merges"]]
    value["model"].update(dropout=0.0, unk_token="<|endoftext|>", fuse_unk=True, continuing_subword_prefix="")
    del value["model"]["ignore_merges"]
    value["pre_tokenizer"] = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": False}
    value["post_processor"]["add_prefix_space"] = value["decoder"]["add_prefix_space"] = True
    value["added_tokens"][0]["normalized"] = True
    del value["model"]["vocab"]["<pad ö>"]  # the last id, so the added token gets it


def harmless_in_wordpiece(value):
    value["normalizer"]["strip_accents"] = True  # as capitals are lowered
    value["decoder"]["cleanup"] = True
    del value["model"]["vocab"]["[new]"]


@pytest.mark.parametrize(
    ("tokenizer", "edit"),
    [
        (BPE, harmless_in_both),
        (BPE, harmless_in_byte_level),
        (WORDPIECE, harmless_in_both),
        (WORDPIECE, harmless_in_wordpiece),
    ],
)
def test_a_file_that_means_the_same_is_read(tokenizer, edit, tmp_path):
    tokenizer.save(tmp_path / "tokenizer.json")
    assert same(type(tokenizer).load(edited(tmp_path / "tokenizer.json", edit)), tokenizer)


def put(name, value):
    """An edit that puts a value at a dotted name."""
    *above, last = name.split(".")

    def edit(whole):
        for step in above:
            whole = whole[int(step) if step.isdigit() else step]
        whole[last] = value

    return edit


IN_BOTH = [
    ("version", "2.0", "expected '1.0' as version, got '2.0', which is not supported"),
    ("truncation", {"max_length": 5}, r"expected None as truncation, got \{'max_length': 5\}"),
    ("padding", {"strategy": "BatchLongest"}, "expected None as padding"),
    ("model.type", "Unigram", "as model, got 'Unigram'"),
    ("model.new_option", True, r"expected None as model\.new_option, got True"),
    ("normalizer", {"type": "NFKC"}, "as normalizer, got 'NFKC'"),
    ("pre_tokenizer", None, "as pre_tokenizer, got None"),
    ("pre_tokenizer", {"type": "Sequence", "pretokenizers": []}, "as pre_tokenizer, got 'Sequence'"),
    ("post_processor", {"type": "RobertaProcessing"}, "as post_processor, got 'RobertaProcessing'"),
    ("decoder", {"type": "Metaspace"}, "as decoder, got 'Metaspace'"),
    ("added_tokens.0.special", False, r"expected True as added_tokens\.special, got False"),
    ("added_tokens.0.lstrip", True, r"expected False as added_tokens\.lstrip, got True"),
    ("added_tokens.0.single_word", True, r"expected False as added_tokens\.single_word, got True"),
    ("added_tokens.0.id", 9999, r"expected the id \d+ for the added token .*, got 9999"),
    ("added_tokens", ["<s>"], r"expected a list of tokens as added_tokens, got \['<s>'\]"),
    ("model.vocab", [], r"expected an object of ids as model\.vocab, got a list"),
    ("model", None, "expected the object of a tokenizer.json, with a model"),
]
IN_BYTE_LEVEL = [
    ("model.dropout", 0.1, r"expected None as model\.dropout, got 0\.1"),
    ("model.ignore_merges", True, r"expected False as model\.ignore_merges, got True"),
    ("model.end_of_word_suffix", "</w>", r"expected None as model\.end_of_word_suffix, got '</w>'"),
    ("pre_tokenizer.add_prefix_space", True, r"expected False as pre_tokenizer\.add_prefix_space, got True"),
    ("pre_tokenizer.use_regex", False, r"expected True as pre_tokenizer\.use_regex, got False"),
    ("model.merges", ["Ġ t", "one"], "merge 1: expected a merge, two tokens, got 'one'"),
    ("model.merges", [["a", "b", "c"]], "merge 0: expected a merge, two tokens, got"),
    ("model.merges", [3], "merge 0: expected a merge, two tokens, got 3"),
    ("model.vocab.a", "1", "expected an integer of its own for 'a', got '1'"),
    ("model.vocab.é漢", 999, "expected GPT-2's alphabet, got '漢'"),
]
IN_WORDPIECE = [
    ("normalizer", None, "expected 'BertNormalizer' as normalizer, got None"),
    ("normalizer.strip_accents", False, r"expected None as normalizer\.strip_accents, got False"),
    ("normalizer.clean_text", False, r"expected True as normalizer\.clean_text, got False"),
    ("normalizer.handle_chinese_chars", False, r"expected True as normalizer\.handle_chinese_chars, got False"),
    ("model.unk_token", "<unk>", r"expected '\[UNK\]' as model\.unk_token, got '<unk>'"),
    ("model.max_input_chars_per_word", 200, r"expected 100 as model\.max_input_chars_per_word, got 200"),
    ("model.continuing_subword_prefix", "@@", r"expected '##' as model\.continuing_subword_prefix, got '@@'"),
    ("added_tokens.0.normalized", True, r"expected False as added_tokens\.normalized, got True"),
    ("added_tokens", [], r"expected \[PAD\] among the added_tokens, as it is in model\.vocab"),
    ("model.vocab.the", 500, r"expected the ids 0 to \d+ in model\.vocab, each of them once"),
    ("post_processor.cls", ["[PAD]", 0], r"expected \['\[CLS\]', 2\] as post_processor\.cls, got \['\[PAD\]', 0\]"),
]


@pytest.mark.parametrize(
    ("tokenizer", "name", "value", "message"),
    [
        *[(BPE, *case) for case in IN_BOTH + IN_BYTE_LEVEL],
        *[(WORDPIECE, *case) for case in IN_BOTH + IN_WORDPIECE],
    ],
    ids=lambda value: value if isinstance(value, str) else type(value).__name__,
)
def test_what_is_damaged_or_not_supported_is_refused_by_name(tokenizer, name, value, message, tmp_path):
    path = tmp_path / "tokenizer.json"
    tokenizer.save(path)
    with pytest.raises(ValueError, match=rf"tokenizer\.json.*{message}"):
        type(tokenizer).load(edited(path, put(name, value)))


def test_nested_tokens_of_which_the_outer_one_is_normalized_are_refused(tmp_path):
    """Hugging Face finds the inner one first, wherever it stands: other ids than ours."""
    ByteLevelBPE(BPE.vocab, BPE.merges, ["<e>", "<e><e>"]).save(tmp_path / "tokenizer.json")
    inner, outer = "added_tokens.0.normalized", "added_tokens.1.normalized"
    ByteLevelBPE.load(edited(tmp_path / "tokenizer.json", put(inner, True)))
    with_both = edited(tmp_path / "tokenizer.json", put(outer, True))
    ByteLevelBPE.load(with_both)
    with pytest.raises(
        ValueError, match=r"tokenizer\.json: expected False as .* for '<e><e>' as for '<e>'.*, got True"
    ):
        ByteLevelBPE.load(edited(with_both, put(inner, False)))


def test_a_file_of_the_other_kind_is_refused(tmp_path):
    BPE.save(tmp_path / "bpe.json")
    WORDPIECE.save(tmp_path / "wordpiece.json")
    with pytest.raises(ValueError, match="expected 'WordPiece' as model, got 'BPE', which is not supported"):
        WordPiece.load(tmp_path / "bpe.json")
    with pytest.raises(ValueError, match="expected 'BPE' as model, got 'WordPiece', which is not supported"):
        ByteLevelBPE.load(tmp_path / "wordpiece.json")


def test_special_tokens_are_the_files_own(tmp_path):
    BPE.save(tmp_path / "tokenizer.json")
    with pytest.raises(ValueError, match=r"special_tokens: expected None, as .* names its own"):
        ByteLevelBPE.load(tmp_path / "tokenizer.json", special_tokens=["<s>"])
