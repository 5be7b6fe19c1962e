"""The user's own text and data: the vocabulary of a corpus, which task a folder is, and what is read of both."""

from pathlib import Path

import numpy as np
import pytest

from experiments.evidence.errors import ExperimentError
from experiments.lab.examples import Encoding
from experiments.lab.metrics import accuracy, f1, matthews, pearson, spearman
from experiments.lab.own_data import corpus, pretraining
from experiments.lab.own_data.corpus import SPECIAL_TOKENS, Corpus
from experiments.lab.own_data.data import Data
from experiments.lab.own_data.finetuning import for_decoder
from experiments.lab.own_data.pretraining import Reading
from experiments.lab.own_data.tasks import TASKS, task_named
from experiments.lab.ways import LastToken, LastTokenScore
from experiments.running.work import Checkpoint
from experiments.text.document import Document
from experiments.text.toy_world import vocabulary
from tests.experiments import own_files
from tokenizer import WordPiece

# -- the corpus -------------------------------------------------------------------------------------


def test_the_stream_has_every_document_between_its_special_tokens(tmp_path: Path):
    text = Corpus(str(own_files.corpus(tmp_path / "corpus")))
    record = text.encode(tmp_path, text.facts()["sha256"], 150)
    start = Checkpoint(tmp_path, record)
    words, ids = corpus.tokenizer_of(start), corpus.ids_of(start)
    assert record["tokens"] == len(ids) == 100 * 6 + 4  # every word is one piece: the dog sees the cat .
    assert words.decode(ids[:8].tolist()) == "[START] the dog sees the dog . the"
    where = np.flatnonzero((ids == words.ids["[START]"]) | (ids == words.ids["</s>"])).tolist()
    assert where == [0, 301, 302, 603]
    assert (record["unknown"], record["vocab_size"]) == (0.0, words.vocab_size)


def test_special_tokens_have_the_ids_of_the_toy_world():
    words = corpus.learn_vocabulary([Document("one", "a dog")], 60)
    assert [words.ids[token] for token in SPECIAL_TOKENS] == list(range(9))
    assert list(SPECIAL_TOKENS) == vocabulary.SPECIAL_TOKENS[:9]


def test_rare_characters_do_not_fill_the_vocabulary():
    rare = "".join(chr(0x4E00 + i) for i in range(500))  # characters that occur once
    documents = [Document("one", "the dog sees the cat\n" * 20 + rare)]
    with pytest.raises(ValueError, match="vocab_size: expected at least"):
        WordPiece.train([documents[0].text], 120, SPECIAL_TOKENS)
    words = corpus.learn_vocabulary(documents, 120)
    assert words.vocab_size <= 120
    assert words.show("the dog sees the cat") == "the dog sees the cat"
    assert words.show(rare[-1]) == "[UNK]"


def test_lines_are_the_text_in_parts():
    for text in ("", "\n", "one", "one\n", "one\n\ntwo", "\n one \n"):
        assert "".join(corpus.lines(text)) == text
    assert list(corpus.lines("one\n\ntwo")) == ["one\n", "\n", "two"]


def test_a_small_corpus_is_read_a_few_times_and_a_large_one_for_so_many_steps():
    reading = Reading(context=16, batch_size=4, most_steps=10, most_passes=3)
    assert [reading.steps(n) for n in (65, 128, 129, 64 * 3 + 1, 64 * 4 + 1)] == [3, 3, 6, 9, 10]
    with pytest.raises(ExperimentError, match=r"expected at least 65 tokens, .* \(4 rows of 16\), got 64; add more"):
        reading.steps(64)


def test_word_vectors_read_a_small_corpus_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    text = Corpus(str(own_files.corpus(tmp_path / "corpus")))
    start = Checkpoint(tmp_path, text.encode(tmp_path, text.facts()["sha256"], 150))
    seen = []
    monkeypatch.setattr(pretraining, "pretrain_word_vectors", lambda model, ids, *_: seen.append(ids.tolist()) or {})
    pretraining.word_vectors(tmp_path, start, 4, 1000, None, 0, "cpu")
    ids = corpus.ids_of(start).tolist()
    assert seen == [(ids + ids)[:1000]]


# -- the data ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("folder", "name"),
    [
        ("SST-2", "SST-2"),
        ("sst2", "SST-2"),
        ("CoLA", "CoLA"),
        ("MNLI", "MNLI"),
        ("QNLIv2", "QNLI"),
        ("QQP-clean", "QQP"),
        ("MRPC", "MRPC"),
        ("RTE", "RTE"),
        ("STS-B", "STS-B"),
        ("stsb_small", "STS-B"),
        ("snli_1.0", "SNLI"),
    ],
)
def test_the_name_of_a_folder_tells_its_task(tmp_path: Path, folder: str, name: str):
    (tmp_path / folder).mkdir()
    assert task_named(None, str(tmp_path / folder)).name == name
    (tmp_path / "data").mkdir()
    assert task_named(folder if folder in TASKS else name.lower(), str(tmp_path / "data")).name == name


def test_every_task_is_scored_by_its_own_metrics():
    assert {name: list(task.metrics.values()) for name, task in TASKS.items()} == {
        "CoLA": [matthews],
        **{key: [accuracy] for key in ("SST-2", "MNLI", "QNLI", "RTE", "SNLI")},
        **{key: [f1, accuracy] for key in ("MRPC", "QQP")},
        "STS-B": [spearman, pearson],
    }


def test_held_out_examples_are_not_trained_on(tmp_path: Path):
    data = Data(str(own_files.sst2(tmp_path / "SST-2")))
    parts = data.parts(seed=0, most=100)
    assert (len(parts.train), len(parts.held_out), len(parts.dev["dev"])) == (18, 2, 6)
    assert sorted([*parts.train, *parts.held_out], key=str) == sorted(data.read("train").items, key=str)
    assert data.parts(1, 100).held_out != parts.held_out
    assert data.parts(0, 5).train == parts.train[:5]
    assert data.parts(0, 5).held_out == parts.held_out


def test_labels_are_classes_and_scores_are_standardized_by_the_training_examples(tmp_path: Path):
    encoding = Encoding(corpus.learn_vocabulary([Document("one", " ".join(own_files.SENTENCES))], 100), longest=16)
    data = Data(str(own_files.stsb(tmp_path / "STS-B")))
    parts = data.parts(0, 100)
    encode = for_decoder(data.task, parts.train, encoding)
    train, dev = encode(parts.train), encode(parts.dev["dev"])
    assert isinstance(train, LastTokenScore)
    assert isinstance(dev, LastTokenScore)
    assert (train.labels.mean(), train.labels.std()) == pytest.approx((0, 1), abs=1e-6)
    scores = np.array([example.label for example in parts.train])
    np.testing.assert_allclose(dev.labels[0], (1.8 - scores.mean()) / scores.std(), rtol=1e-5)
    sst2 = Data(str(own_files.sst2(tmp_path / "SST-2")))
    dev = for_decoder(sst2.task, [], encoding)(sst2.read("dev").items)
    assert type(dev) is LastToken
    assert dev.labels.tolist() == [0, 0, 1, 0, 1, 0]
    assert dev.ids.shape == (6, 16)  # the first sentence is too long, and cut
