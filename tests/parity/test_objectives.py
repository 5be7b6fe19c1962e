"""Our objectives beside Hugging Face's: the shares of masked LM, words, and pairs.

Pairs are truncated as by the Python tokenizer, which does as BERT did. The `tokenizers` package keeps one token more
of B and one less of A in some cases.
"""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minigrad import IGNORE
from models.objectives.masked_lm import masked_lm, number_words
from models.objectives.next_sentence import encode_pair

hf = pytest.importorskip("tokenizers")
transformers = pytest.importorskip("transformers")
try:
    from transformers.models.bert import tokenization_bert_legacy as slow
except ImportError:  # before version 5
    from transformers.models.bert import tokenization_bert as slow

SlowBert = getattr(slow, "BertTokenizerLegacy", None) or slow.BertTokenizer

PIECES = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a", "b", "c", "##a", "##b", "##c", ".", "-"]
WORDS = [f"w{i}" for i in range(1000)]


@pytest.fixture(scope="module")
def tokenizer(tmp_path_factory):
    path = tmp_path_factory.mktemp("bert") / "vocab.txt"
    path.write_text("\n".join([*PIECES, *WORDS]), encoding="utf-8")
    return SlowBert(str(path))


def shares(ids, inputs, labels, mask_id):
    """How many tokens are not chosen, become [MASK], become another token, and stay."""
    chosen = labels != IGNORE
    is_mask, stays = chosen & (inputs == mask_id), chosen & (inputs == ids)
    counts = [np.sum(of) for of in (~chosen, is_mask, chosen & ~is_mask & ~stays, stays)]
    return np.array(counts) / ids.size


def test_as_many_tokens_are_masked_replaced_and_kept_as_in_transformers(tokenizer):
    ids = np.random.default_rng(0).integers(len(PIECES), len(tokenizer), (500, 200))
    collator = transformers.DataCollatorForLanguageModeling(tokenizer, return_tensors="np", seed=0)
    batch = collator([{"input_ids": row.tolist()} for row in ids])
    theirs = shares(ids, batch["input_ids"], batch["labels"], tokenizer.mask_token_id)
    ours = shares(ids, *masked_lm(
        ids, np.random.default_rng(0), mask_id=tokenizer.mask_token_id, vocab_size=len(tokenizer)
    ), tokenizer.mask_token_id)  # fmt: skip
    # Both are held to the paper, and so to each other. A random token is the original once in a thousand times.
    paper = np.array([0.85, 0.15 * 0.8, 0.15 * 0.1, 0.15 * 0.1])
    deviations = np.sqrt(paper * (1 - paper) / ids.size)
    assert np.all(abs(theirs - paper) < 4 * deviations)
    assert np.all(abs(ours - paper) < 4 * deviations)


@given(st.text("abc.- ", max_size=40))
def test_pieces_belong_to_the_words_that_tokenizers_says(text):
    wordpiece = hf.Tokenizer(hf.models.WordPiece({piece: i for i, piece in enumerate(PIECES)}, unk_token="[UNK]"))
    wordpiece.pre_tokenizer = hf.pre_tokenizers.BertPreTokenizer()
    encoding = wordpiece.encode(text)
    np.testing.assert_array_equal(number_words(encoding.tokens), np.array(encoding.word_ids, int) + 1)


@given(a=st.integers(1, 30), b=st.integers(1, 30), max_length=st.integers(5, 40))
def test_pairs_are_encoded_and_truncated_as_in_transformers(tokenizer, a, b, max_length):
    a, b = WORDS[:a], WORDS[100 : 100 + b]
    theirs = tokenizer(" ".join(a), " ".join(b), truncation="longest_first", max_length=max_length)
    ids_a, ids_b = tokenizer.convert_tokens_to_ids(a), tokenizer.convert_tokens_to_ids(b)
    ids, _ = encode_pair(ids_a, ids_b, tokenizer.cls_token_id, tokenizer.sep_token_id, max_length)
    assert ids == theirs["input_ids"]


@given(a=st.integers(1, 9), b=st.integers(1, 9))
def test_token_types_are_those_of_tokenizers(a, b):
    vocabulary = {piece: i for i, piece in enumerate([*PIECES, *WORDS])}
    wordlevel = hf.Tokenizer(hf.models.WordLevel(vocabulary, unk_token="[UNK]"))
    wordlevel.pre_tokenizer = hf.pre_tokenizers.Whitespace()
    wordlevel.post_processor = hf.processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    encoding = wordlevel.encode(" ".join(WORDS[:a]), " ".join(WORDS[100 : 100 + b]))
    ids_a, ids_b = ([vocabulary[word] for word in words] for words in (WORDS[:a], WORDS[100 : 100 + b]))
    assert encode_pair(ids_a, ids_b, 2, 3, 512) == (encoding.ids, encoding.type_ids)
