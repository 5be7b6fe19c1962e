"""tokenizer.json in both directions: their library reads ours, we read theirs, and the ids are the same."""

import json
import random

import pytest

from tokenizer import ByteLevelBPE, WordPiece

from .characters import OTHERS, PROSE

hf = pytest.importorskip("tokenizers")
transformers = pytest.importorskip("transformers")

BERTS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
GPTS = ["<|endoftext|>", "<|pad|>"]


def texts(special_tokens):
    rng = random.Random(0)
    parts = [*set(PROSE.split()), *OTHERS.split(), *special_tokens * 50, *[" ", "\n", "'s", "!", "É", "漢", "🙂"] * 50]
    return [PROSE, OTHERS, *("".join(rng.choices([" ", *parts], k=8)) for _ in range(5000))]


def same_ids(ours, theirs):
    """Whether all texts have the same ids, with no [CLS] and [SEP] around them."""
    cases = texts(ours.special_tokens)
    encodings = theirs.encode_batch(cases, add_special_tokens=False)
    return [encoding.ids for encoding in encodings] == [ours.encode(text) for text in cases]


@pytest.fixture(scope="module")
def byte_level():
    return ByteLevelBPE.train([PROSE, OTHERS * 20], 1500, GPTS)


@pytest.fixture(scope="module", params=[True, False], ids=["uncased", "cased"])
def wordpiece(request):
    return WordPiece.train([PROSE, OTHERS * 20], 2000, [*BERTS, "[new one]"], lowercase=request.param)


@pytest.fixture(scope="module")
def their_byte_level():
    theirs = hf.ByteLevelBPETokenizer()
    theirs.train_from_iterator([PROSE, OTHERS], 1500, special_tokens=GPTS[:1], show_progress=False)
    theirs.add_special_tokens(GPTS[1:])  # this one is not in the model's vocabulary
    return theirs


@pytest.fixture(scope="module", params=[True, False], ids=["uncased", "cased"])
def their_wordpiece(request):
    theirs = hf.BertWordPieceTokenizer(lowercase=request.param)
    theirs.train_from_iterator([PROSE, OTHERS], 2000, show_progress=False)
    ids = theirs.get_vocab()
    theirs = hf.BertWordPieceTokenizer(ids, lowercase=request.param)
    theirs.add_special_tokens(["[new one]"])
    return theirs


def test_they_read_our_byte_level_bpe(byte_level, tmp_path):
    byte_level.save(tmp_path / "tokenizer.json")
    theirs = hf.Tokenizer.from_file(str(tmp_path / "tokenizer.json"))
    assert same_ids(byte_level, theirs)
    for text in texts(GPTS)[:200]:
        ids = byte_level.encode(text)
        assert theirs.encode(text).ids == ids
        assert theirs.decode(ids, skip_special_tokens=False) == byte_level.decode(ids)


def test_they_read_our_wordpiece(wordpiece, tmp_path):
    wordpiece.save(tmp_path / "tokenizer.json")
    theirs = hf.Tokenizer.from_file(str(tmp_path / "tokenizer.json"))
    assert same_ids(wordpiece, theirs)
    cases = texts(BERTS)[:200]
    for text, other in zip(cases[::2], cases[1::2], strict=True):
        assert theirs.encode(text).ids == wordpiece.encode(text, add_special_tokens=True)
        pair = theirs.encode(text, other)
        assert (pair.ids, pair.type_ids) == wordpiece.encode_pair(text, other)
        ids = wordpiece.encode(text)
        assert theirs.decode(ids, skip_special_tokens=False) == wordpiece.decode(ids)


def test_transformers_reads_ours(byte_level, wordpiece, tmp_path):
    for ours, name in (byte_level, "gpt"), (wordpiece, "bert"):
        ours.save(tmp_path / name / "tokenizer.json")
        theirs = transformers.PreTrainedTokenizerFast(tokenizer_file=str(tmp_path / name / "tokenizer.json"))
        for text in texts(ours.special_tokens)[:100]:
            assert theirs.encode(text, add_special_tokens=False) == ours.encode(text)


def test_what_they_wrote_is_what_we_write(byte_level, tmp_path):
    byte_level.save(tmp_path / "ours.json")
    theirs = hf.Tokenizer.from_file(str(tmp_path / "ours.json"))
    theirs.save(str(tmp_path / "theirs.json"))
    again = ByteLevelBPE.load(tmp_path / "theirs.json")
    assert (again.vocab, again.merges, again.special_tokens) == (byte_level.vocab, byte_level.merges, GPTS)


@pytest.mark.parametrize("merges", ["pairs", "strings"])
def test_we_read_their_byte_level_bpe(their_byte_level, merges, tmp_path):
    path = tmp_path / "tokenizer.json"
    their_byte_level.save(str(path))
    value = json.loads(path.read_text(encoding="utf-8"))
    pairs = [merge.split(" ") if isinstance(merge, str) else merge for merge in value["model"]["merges"]]
    value["model"]["merges"] = pairs if merges == "pairs" else [" ".join(pair) for pair in pairs]
    path.write_text(json.dumps(value), encoding="utf-8")
    ours = ByteLevelBPE.load(path)
    assert ours.special_tokens == GPTS
    assert same_ids(ours, their_byte_level)
    assert same_ids(ours, hf.Tokenizer.from_file(str(path)))


def test_we_read_their_wordpiece(their_wordpiece, tmp_path):
    path = tmp_path / "tokenizer.json"
    their_wordpiece.save(str(path))
    ours = WordPiece.load(path)
    assert set(ours.special_tokens) == {*BERTS, "[new one]"}
    assert same_ids(ours, their_wordpiece)


def test_we_read_what_transformers_saves(byte_level, wordpiece, tmp_path):
    byte_level.save(tmp_path / "gpt2")
    transformers.GPT2TokenizerFast.from_pretrained(tmp_path / "gpt2").save_pretrained(tmp_path / "gpt2 again")
    loaded = ByteLevelBPE.load(tmp_path / "gpt2 again" / "tokenizer.json")
    assert (loaded.vocab, loaded.merges) == (byte_level.vocab, byte_level.merges)

    wordpiece.save(tmp_path / "bert")
    transformers.BertTokenizerFast.from_pretrained(tmp_path / "bert").save_pretrained(tmp_path / "bert again")
    again = WordPiece.load(tmp_path / "bert again" / "tokenizer.json")
    assert (again.vocab, again.lowercase) == (wordpiece.vocab, wordpiece.lowercase)
    assert set(again.special_tokens) == set(wordpiece.special_tokens)


def unigram():
    return hf.Tokenizer(hf.models.Unigram([("a", -1.0)], unk_id=0))


def with_prefix_space():
    return hf.ByteLevelBPETokenizer(add_prefix_space=True)._tokenizer


def with_dropout():
    return hf.ByteLevelBPETokenizer({"a": 0}, [], dropout=0.1)._tokenizer


def with_lowercase():
    return hf.ByteLevelBPETokenizer(lowercase=True)._tokenizer


def with_gpt_neox_normalizer():
    theirs = hf.ByteLevelBPETokenizer()._tokenizer
    theirs.normalizer = hf.normalizers.NFC()
    return theirs


def with_an_inner_token_that_is_found_first():
    theirs = hf.ByteLevelBPETokenizer()._tokenizer
    tokens = [hf.AddedToken("<e><e>", normalized=True), hf.AddedToken("<e>", normalized=False)]
    theirs.add_special_tokens(tokens)
    assert theirs.encode("<e><e>").tokens == ["<e>", "<e>"]  # we would find the longer one
    return theirs


def with_a_split_pattern():
    theirs = hf.Tokenizer(hf.models.BPE())
    split = hf.pre_tokenizers.Split(hf.Regex(r"\p{N}{1,3}|\s+"), "isolated")
    byte_level = hf.pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    theirs.pre_tokenizer = hf.pre_tokenizers.Sequence([split, byte_level])
    return theirs


def with_robertas_ends():
    theirs = hf.ByteLevelBPETokenizer()._tokenizer
    theirs.post_processor = hf.processors.RobertaProcessing(("</s>", 2), ("<s>", 0), add_prefix_space=False)
    return theirs


def with_truncation():
    theirs = hf.ByteLevelBPETokenizer()._tokenizer
    theirs.enable_truncation(128)
    return theirs


@pytest.mark.parametrize(
    ("theirs", "message"),
    [
        (unigram, "expected 'BPE' as model, got 'Unigram'"),
        (with_prefix_space, r"expected False as pre_tokenizer\.add_prefix_space, got True"),
        (with_dropout, r"expected None as model\.dropout, got 0\.1"),
        (with_lowercase, "expected None as normalizer, got 'Lowercase'"),
        (with_gpt_neox_normalizer, "expected None as normalizer, got 'NFC'"),
        (with_an_inner_token_that_is_found_first, r"expected False as added_tokens\.normalized for '<e><e>'"),
        (with_a_split_pattern, "expected 'ByteLevel' as pre_tokenizer, got 'Sequence'"),
        (with_robertas_ends, "expected 'ByteLevel' as post_processor, got 'RobertaProcessing'"),
        (with_truncation, "expected None as truncation"),
    ],
)
def test_what_we_do_not_do_is_refused(theirs, message, tmp_path):
    theirs().save(str(tmp_path / "tokenizer.json"))
    with pytest.raises(ValueError, match=message):
        ByteLevelBPE.load(tmp_path / "tokenizer.json")


def test_accents_that_stay_in_lowered_text_are_refused(tmp_path):
    ids = {token: id for id, token in enumerate(BERTS)}
    hf.BertWordPieceTokenizer(ids, strip_accents=False).save(str(tmp_path / "tokenizer.json"))
    with pytest.raises(ValueError, match=r"expected None as normalizer\.strip_accents, got False"):
        WordPiece.load(tmp_path / "tokenizer.json")
