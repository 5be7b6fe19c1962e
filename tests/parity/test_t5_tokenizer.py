"""T5's tokenizer against transformers', and a T5 on the command line."""

import pydoc_data.topics
import re
from pathlib import Path

import numpy as np
import pytest

from minigrad.errors import CheckpointError
from models import text
from models.__main__ import main
from models.t5 import T5, T5Config
from models.text.t5_tokenizer import T5Tokenizer

sentencepiece = pytest.importorskip("sentencepiece")
transformers = pytest.importorskip("transformers")

PROSE = "\n".join(pydoc_data.topics.topics.values())


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """A T5 whose tokenizer was trained on Python's language reference."""
    folder = tmp_path_factory.mktemp("t5")
    (folder / "text.txt").write_text(PROSE, encoding="utf-8")
    sentencepiece.SentencePieceTrainer.train(
        input=str(folder / "text.txt"), model_prefix=str(folder / "spiece"), vocab_size=500,
        pad_id=0, eos_id=1, unk_id=2, bos_id=-1, minloglevel=2,
    )  # fmt: skip
    T5(T5Config(608, 16, 32, 2, n_heads=2), np.random.default_rng(0)).save_pretrained(folder)
    return folder


def their_tokenizer(folder: Path):
    ours = sentencepiece.SentencePieceProcessor(str(folder / "spiece.model"))
    pieces = [(ours.id_to_piece(id), ours.get_score(id)) for id in range(ours.vocab_size())]
    sentinels = [(f"<extra_id_{i}>", 0.0) for i in reversed(range(100))]
    return transformers.T5Tokenizer(vocab=pieces + sentinels)


def test_ids_are_those_of_transformers_sentinels_included(folder):
    ours, theirs = T5Tokenizer(folder / "spiece.model"), their_tokenizer(folder)
    rng = np.random.default_rng(0)
    # Theirs lacks the model's Unicode normalisation; and "****" has several splits that are equally likely.
    lines = [line for line in PROSE.splitlines() if line.isascii() and not re.search(r"([^\w\s])\1\1", line)]
    lines += ["a<extra_id_0>b", "<extra_id_99> <extra_id_100>", "", "  two  spaces "]
    lines += ["a<extra_id_00>b", "<extra_id_007> <extra_id_-1>", "x<extra_id_100>y<extra_id_9>z"]
    for line in lines[-7:] + [lines[i] for i in rng.integers(len(lines), size=500)]:
        words = line.split(" ")
        words.insert(int(rng.integers(len(words) + 1)), f"<extra_id_{rng.integers(100)}>")
        for one in (line, " ".join(words)):
            assert ours.encode(one) == theirs(one).input_ids[:-1], one


def test_decoding_gives_the_text_back_without_padding_and_ends(folder):
    tokenizer = T5Tokenizer(folder / "spiece.model")
    sentence = "the class <extra_id_0> of a function <extra_id_99> ends"
    ids = tokenizer.encode(sentence)
    assert tokenizer.decode(ids) == sentence
    assert tokenizer.decode([-1, 0, *ids, 1, 0, 0, 607]) == sentence
    assert tokenizer.vocab_size == 600


def test_a_t5_answers_on_the_command_line(folder, capsys):
    model, tokenizer = text.load(folder)
    assert isinstance(tokenizer, T5Tokenizer)
    ids = np.array([[*tokenizer.encode("summarize: the class"), 1]])
    expected = tokenizer.decode(model.generate(ids, 9, seed=2)[0].tolist())
    options = ["--model", str(folder), "--max-new-tokens", "9", "--seed", "2"]
    assert main(["generate", "summarize: the class", *options]) == 0
    assert capsys.readouterr().out.strip() == expected.strip()
    assert main(["generate", "summarize: the class", *options, "--beams", "3"]) == 0
    (vector,) = text.embed(model, tokenizer, ["summarize: the class"])
    np.testing.assert_allclose(vector, model.encode(ids).data[0].mean(axis=0), rtol=1e-4, atol=1e-5)


def test_a_damaged_file_is_named(tmp_path):
    (tmp_path / "spiece.model").write_bytes(b"no model")
    with pytest.raises(CheckpointError, match=r"spiece\.model is not a SentencePiece model"):
        T5Tokenizer(tmp_path / "spiece.model")
