"""`models fill` against transformers' fill-mask: the same pieces, the same probabilities, the same text."""

from pathlib import Path

import numpy as np
import pytest

from models import text
from models.bert import BERT, BERTConfig
from tests.parity.twins import make_lively
from tokenizer import WordPiece

transformers = pytest.importorskip("transformers")

PIECES = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "cat", "dog", "sat", "the", "##s", "##ter", "##ing", "."]
TEXTS = [
    "the [MASK] sat",
    "[MASK] sat",
    "the dog [MASK]",
    "the [MASK]",
    "cat[MASK]dog",
    "the cats [MASK] dog",
    "[MASK]",
]


@pytest.fixture(scope="module", params=[0, 1, 2])
def folder(request, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("bert")
    model = BERT(BERTConfig(len(PIECES), 16, 16, 2, 2), np.random.default_rng(0))
    make_lively(model, seed=request.param, std=0.5)
    model.save_pretrained(folder)
    WordPiece(PIECES).save(folder)
    return folder


def test_pieces_and_texts_are_those_of_transformers(folder):
    model, tokenizer = text.load(folder)
    theirs = transformers.FillMaskPipeline(
        model=transformers.BertForMaskedLM.from_pretrained(folder),
        tokenizer=transformers.AutoTokenizer.from_pretrained(folder),
    )
    n_joined = 0
    for masked in TEXTS:
        (ours,) = text.fill(model, tokenizer, masked, len(PIECES))
        expected = theirs(masked, top_k=len(PIECES))
        assert [piece for piece, _ in ours] == [one["token_str"] for one in expected]
        np.testing.assert_allclose([prob for _, prob in ours], [one["score"] for one in expected], rtol=1e-3)
        for one in expected:
            if one["token_str"] not in [*tokenizer.special_tokens, "."]:  # theirs are left out, or lose their space
                assert text.filled(masked, [one["token_str"]]) == one["sequence"]
                n_joined += one["token_str"].startswith("##")
    assert n_joined == 3 * len(TEXTS)


def test_of_several_masks_each_has_the_pieces_of_transformers(folder):
    model, tokenizer = text.load(folder)
    theirs = transformers.pipeline("fill-mask", model=str(folder), tokenizer=str(folder))
    ours, expected = text.fill(model, tokenizer, "the [MASK] [MASK] sat", 4), theirs("the [MASK] [MASK] sat", top_k=4)
    assert [[piece for piece, _ in best] for best in ours] == [[one["token_str"] for one in best] for best in expected]
