"""`--corpus` and `--data` with files and options that cannot be used: what is said, and that nothing is computed."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from experiments.__main__ import main
from tests.experiments import own_files
from tests.experiments.own_files import command


def no_folder(tmp_path: Path) -> list[str]:
    return command(tmp_path / "corpus", tmp_path / "SST-2")


def no_train_file(tmp_path: Path) -> list[str]:
    (own_files.sst2(tmp_path / "SST-2") / "train.tsv").unlink()
    return command(tmp_path / "corpus", tmp_path / "SST-2")


def one_training_example(tmp_path: Path) -> list[str]:
    own_files.table(own_files.sst2(tmp_path / "SST-2") / "train.tsv", ["sentence", "label"], ["Fine.", "1"])
    return command(tmp_path / "corpus", tmp_path / "SST-2")


def no_corpus(tmp_path: Path) -> list[str]:
    return command(tmp_path / "nowhere", own_files.sst2(tmp_path / "SST-2"))


def a_corpus_of_pictures(tmp_path: Path) -> list[str]:
    (tmp_path / "pictures").mkdir()
    return command(tmp_path / "pictures", own_files.sst2(tmp_path / "SST-2"))


def a_nameless_folder(tmp_path: Path) -> list[str]:
    return command(tmp_path / "corpus", own_files.sst2(tmp_path / "reviews"))


def an_unknown_task(tmp_path: Path) -> list[str]:
    return command(tmp_path / "corpus", own_files.sst2(tmp_path / "SST-2"), "--task", "SST-3")


def another_table(tmp_path: Path) -> list[str]:
    data = own_files.sst2(tmp_path / "SST-2")
    return ["run", "subword_table", *command(tmp_path / "corpus", data)[2:]]


def no_table(tmp_path: Path) -> list[str]:
    return ["run", *command(tmp_path / "corpus", own_files.sst2(tmp_path / "SST-2"))[2:]]


def two_tables(tmp_path: Path) -> list[str]:
    data = own_files.sst2(tmp_path / "SST-2")
    return ["run", "pretrain_finetune", "model_sizes", *command(tmp_path / "corpus", data)[2:]]


def only_a_corpus(tmp_path: Path) -> list[str]:
    return ["run", "pretrain_finetune", "--corpus", str(tmp_path / "corpus")]


def an_empty_path(tmp_path: Path) -> list[str]:
    return ["run", "pretrain_finetune", "--corpus", "", "--data", str(tmp_path)]


def only_a_task(tmp_path: Path) -> list[str]:
    return ["run", "pretrain_finetune", "--task", "SST-2"]


ONE_TABLE = (
    "--corpus and --data need the name of one table whose systems are run on them (pretrain_finetune, glue_table), got "
)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (no_folder, "--data: expected a folder with the files of a data set, but there is none: {}/SST-2"),
        (no_train_file, "{}/SST-2/train.tsv: expected a file, but there is none; the folder has dev.tsv"),
        (one_training_example, "{}/SST-2: expected at least 2 training examples, got 1"),
        (no_corpus, "{}/nowhere: expected a file, but there is none; the folder has SST-2, corpus"),
        (a_corpus_of_pictures, "{}/pictures: expected files that end in .txt or .md, but the folder has none"),
        (
            a_nameless_folder,
            "--data: the name of the folder {}/reviews does not tell which task it is; add --task with",
        ),
        (an_unknown_task, "--task: no task is named 'SST-3' (did you mean 'SST-2'?); there are: CoLA, SST-2, MRPC"),
        (another_table, f"{ONE_TABLE}subword_table"),
        (no_table, f"{ONE_TABLE}none"),
        (two_tables, f"{ONE_TABLE}pretrain_finetune, model_sizes"),
        (
            only_a_corpus,
            "--corpus: --data must be given too, to pretrain on the corpus and then to finetune on the data",
        ),
        (an_empty_path, "--corpus: expected a path, got ''"),
        (only_a_task, "--task: --corpus and --data must be given too"),
    ],
)
def test_bad_inputs_are_refused_before_any_work(
    corpus, tmp_path, capsys, arguments: Callable[[Path], list[str]], message
):
    assert main(arguments(tmp_path)) == 2
    captured = capsys.readouterr()
    assert captured.err.startswith(f"error: {message.format(tmp_path)}")
    assert captured.out == ""
    assert not (tmp_path / "work" / "own_data").exists()


def test_a_corpus_too_small_for_a_batch_is_refused(corpus, tmp_path, capsys):
    shutil.rmtree(corpus)
    corpus.mkdir()
    (corpus / "one.txt").write_text("The dog sees the cat.")
    assert main(command(corpus, own_files.sst2(tmp_path / "SST-2"))) == 2
    error = capsys.readouterr().err
    assert (
        "error: --corpus: expected at least 65 tokens, enough for one batch of pretraining (4 rows of 16), got" in error
    )
    assert "add more text" in error
