"""A hub, and folders with a small model and its tokenizer. No test changes those folders."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from models import http_requests
from models.bert import BERT, BERTConfig
from models.gpt import GPT, GPTConfig
from tests.models.hub import Hub, serving
from tokenizer import ByteLevelBPE, WordPiece

CORPUS = "the cat sat on the mat and the dog sat on the log . die Straße, naïve ∑ 日本 " * 20


@pytest.fixture(scope="session")
def gpt_folder(tmp_path_factory) -> Path:
    """A small GPT-2 and its tokenizer."""
    folder = tmp_path_factory.mktemp("gpt")
    bpe = ByteLevelBPE.train(CORPUS, 300, ["<|endoftext|>"])
    bpe.save(folder)
    gpt = GPT(GPTConfig(bpe.vocab_size, n_positions=24, d_model=16, n_layers=2, n_heads=2), np.random.default_rng(0))
    for parameter in gpt.parameters():
        parameter.data *= 3
    gpt.save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def bert_folder(tmp_path_factory) -> Path:
    """A small BERT and its tokenizer."""
    folder = tmp_path_factory.mktemp("bert")
    wordpiece = WordPiece.train(CORPUS, 120)
    wordpiece.save(folder)
    config = BERTConfig(wordpiece.vocab_size, n_positions=24, d_model=16, n_layers=2, n_heads=2)
    BERT(config, np.random.default_rng(0)).save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def diverged(gpt_folder, bert_folder, tmp_path_factory) -> dict[str, Path]:
    """The same two, with weights of NaN."""
    folders = {}
    for family, source in (GPT, gpt_folder), (BERT, bert_folder):
        folder = tmp_path_factory.mktemp(f"diverged {family.__name__}")
        shutil.copytree(source, folder, dirs_exist_ok=True)
        model = family.from_pretrained(source)
        for parameter in model.parameters():
            parameter.data[...] = np.nan
        model.save_pretrained(folder)
        folders[family.__name__] = folder
    return folders


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    """A server of our own, which is asked in place of the hub."""
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.setattr(http_requests, "TIMEOUT", 10)
    with serving() as server:
        yield server
