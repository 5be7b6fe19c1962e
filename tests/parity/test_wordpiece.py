"""Our WordPiece ids are those of Hugging Face's `tokenizers`, and of transformers' Python tokenizer.

Their tables of character classes are older than ours (Unicode 8 and this Python's), so a younger accent or
punctuation mark may be a letter to them. `test_every_character…` says which these are; the strings of the
other tests are drawn from the characters on which all agree, of every block.
"""

import random
import unicodedata
from functools import cache

import pytest

from tokenizer import WordPiece
from tokenizer.read.basic_tokenization import CONTROL, basic_words

from .characters import OTHERS, PROSE, assigned_characters

hf = pytest.importorskip("tokenizers")
transformers = pytest.importorskip("transformers")
try:
    from transformers.models.bert import tokenization_bert_legacy as slow
except ImportError:  # before version 5
    from transformers.models.bert import tokenization_bert as slow

SlowBert = getattr(slow, "BertTokenizerLegacy", None) or slow.BertTokenizer

RECLASSIFIED = "\u166d\u1734\u1885\u1886"  # assigned in Unicode 3.2, and of another class since Unicode 9
MISSED_IDEOGRAPHS = range(0x2B820, 0x2B920)  # Chinese to BERT, and not to `tokenizers` and us
CASES = pytest.mark.parametrize("lowercase", [True, False], ids=["uncased", "cased"])
ODDS_AND_ENDS = [
    *["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "[MASK", "MASK]", "[mask]", "##", "##ing", "#"],
    *[" ", "  ", "\n", "\t", "\r\n", "\x00", "\x0b", "\x85", "\u200b", "\u2028", "\ufffd", "\u0301", "\u0323\u0301"],
    *["!", "...", "'s", "-", "_", "$", "½", "Σ", "ΑΣ", "İ", "ß", "ﬁ", "ǅ", "漢字", "👩\u200d👧", "x" * 101],
]


def their_words(text, lowercase):
    normalized = hf.normalizers.BertNormalizer(lowercase=lowercase).normalize_str(text)
    return [word for word, _ in hf.pre_tokenizers.BertPreTokenizer().pre_tokenize_str(normalized)]


def slow_words(text, lowercase):
    return slow.BasicTokenizer(do_lower_case=lowercase).tokenize(text)


def composed(text):
    """As the Python tokenizer makes text before anything else; `tokenizers` and we leave cased text as it is."""
    return unicodedata.normalize("NFC", CONTROL.sub("", text))


@cache
def disagreed(words_of, lowercase):
    """The characters around which the two see other words."""
    different = []
    characters = assigned_characters()
    for start in range(0, len(characters), 64):
        row = characters[start : start + 64]
        texts = [f"a{character}b" for character in row]
        if words_of is slow_words:
            texts = [composed(text) for text in texts]
        if words_of(" ".join(texts), lowercase) != basic_words(" ".join(texts), lowercase):
            pairs = zip(row, texts, strict=True)
            different += [c for c, text in pairs if words_of(text, lowercase) != basic_words(text, lowercase)]
    return different


@cache
def agreed():
    """The characters on which all agree."""
    different = {c for lowercase in (True, False) for of in (their_words, slow_words) for c in disagreed(of, lowercase)}
    return [character for character in assigned_characters() if character not in different]


@CASES
def test_every_character_that_is_not_too_young_is_treated_alike(lowercase):
    different = disagreed(their_words, lowercase)
    old = [c for c in different if unicodedata.ucd_3_2_0.category(c) != "Cn" and c not in RECLASSIFIED]
    assert old == []
    assert len(different) < len(assigned_characters()) / 400


@CASES
def test_every_character_is_treated_as_in_python_but_for_some_ideographs(lowercase):
    different = [c for c in disagreed(slow_words, lowercase) if ord(c) not in MISSED_IDEOGRAPHS]
    assert [c for c in different if unicodedata.ucd_3_2_0.category(c) != "Cn" and c not in RECLASSIFIED] == []
    assert len(different) < len(assigned_characters()) / 400


@pytest.fixture(scope="module", params=[True, False], ids=["uncased", "cased"])
def ours(request):
    """Trained on prose, and on one character in a hundred of every block, so that these have ids."""
    rng = random.Random(2)
    some = rng.sample(agreed(), len(agreed()) // 100)
    pairs = ["".join(rng.choices(some, k=3)) for _ in range(3000)]
    return WordPiece.train([PROSE, OTHERS * 20, *pairs], 12_000, lowercase=request.param)


def in_tokenizers(ours):
    ids = {piece: id for id, piece in ours.vocab.items()}
    return hf.BertWordPieceTokenizer(ids, lowercase=ours.lowercase)


@cache
def random_strings(n):
    rng = random.Random(0)
    words = [*set(PROSE.split()), *OTHERS.split()]
    some = random.Random(2).sample(agreed(), len(agreed()) // 100)  # those of the vocabulary

    def random_string():
        pools = rng.choices([words, ODDS_AND_ENDS, some, agreed()], weights=[4, 4, 4, 1], k=rng.randint(1, 10))
        return "".join(rng.choice(pool) for pool in pools)

    return [random_string() for _ in range(n)]


@pytest.mark.parametrize("add_special_tokens", [False, True])
def test_real_text(ours, add_special_tokens):
    texts = [PROSE, OTHERS, *PROSE.splitlines(keepends=True)]
    encodings = in_tokenizers(ours).encode_batch(texts, add_special_tokens=add_special_tokens)
    assert [e.ids for e in encodings] == ours.encode_batch(texts, add_special_tokens=add_special_tokens)


def test_fifty_thousand_random_strings_for_each_kind(ours):
    texts = random_strings(50_000)
    encodings = in_tokenizers(ours).encode_batch(texts, add_special_tokens=False)
    assert [e.ids for e in encodings] == ours.encode_batch(texts)
    ids = [id for text in texts for id in ours.encode(text)]
    assert len(set(ids)) > ours.vocab_size / 2  # most of the vocabulary is used, and not [UNK] alone
    assert ids.count(ours.ids["[UNK]"]) < len(ids) / 4


def test_pairs(ours):
    texts = random_strings(4_000)
    pairs = list(zip(texts[::2], texts[1::2], strict=True))
    encodings = in_tokenizers(ours).encode_batch(pairs)
    assert [(e.ids, e.type_ids) for e in encodings] == [ours.encode_pair(*pair) for pair in pairs]


def test_decoding_agrees(ours):
    decoder = hf.decoders.WordPiece(cleanup=False)
    rng = random.Random(1)
    for _ in range(2000):
        ids = [rng.randrange(ours.vocab_size) for _ in range(rng.randint(1, 12))]
        assert ours.decode(ids) == decoder.decode([ours.vocab[id] for id in ids])


def test_transformers_python_tokenizer(ours, tmp_path):
    """It alone knows Σ at the end of a word, and composes cased text."""
    ours.save(tmp_path)
    theirs = SlowBert(str(tmp_path / "vocab.txt"), do_lower_case=ours.lowercase)
    texts = [text.replace("Σ", "S") for text in [*random_strings(20_000), OTHERS, *PROSE.splitlines()]]
    if not ours.lowercase:
        texts = [composed(text) for text in texts]
    assert [theirs.encode(text) for text in texts] == [ours.encode(text, add_special_tokens=True) for text in texts]


def test_transformers_reads_our_folder(ours, tmp_path):
    extended = WordPiece(list(ours.vocab.values()), ours.lowercase, special_tokens=["[NEW]"])
    extended.save(tmp_path)
    theirs = transformers.BertTokenizerFast.from_pretrained(tmp_path)
    for text in ["Größe [MASK], the [NEW]one", *random_strings(500)]:
        assert theirs(text)["input_ids"] == extended.encode(text, add_special_tokens=True)
