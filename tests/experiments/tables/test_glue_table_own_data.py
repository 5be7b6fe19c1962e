"""The GLUE table with `--corpus` and `--data`: on a folder of data sets and on one, in the real formats, tiny."""

import dataclasses
from pathlib import Path
from statistics import fmean

import numpy as np
import pytest

from experiments.__main__ import main
from experiments.evidence import results
from experiments.evidence.errors import ExperimentError
from experiments.evidence.results import Result
from experiments.lab.own_data.corpus import ids_of, tokenizer_of
from experiments.lab.own_data.pretraining import Reading
from experiments.lab.windows import Windows
from experiments.running.contract import OwnFiles
from experiments.running.work import Checkpoint
from experiments.tables.glue_table import own_data
from experiments.tables.glue_table.own_data.systems import BetweenSpecialTokens, Settings, data_sets
from experiments.tables.glue_table.systems import BERT, GPT, RANDOM
from tests.experiments import own_files

TINY = Settings(
    seeds=1,
    vocab_size=150,
    size=(8, 1, 2),
    reading=Reading(context=16, batch_size=4, most_steps=6, most_passes=2),
    lr=1e-2,
    finetuning_steps=4,
    finetuning_lrs=(1e-3, 1e-2),
    finetuning_batch=4,
)


@pytest.fixture
def tiny_corpus(tmp_path, monkeypatch) -> Path:
    """A corpus; the preset is tiny, and the work folder the test's own."""
    monkeypatch.setitem(own_data.PRESETS, "quick", TINY)
    monkeypatch.setenv("MINIGRAD_CACHE", str(tmp_path / "work"))
    return own_files.corpus(tmp_path / "corpus")


@pytest.fixture
def glue(tmp_path) -> Path:
    """A folder with three data sets and another folder."""
    folder = tmp_path / "glue_data"
    folder.mkdir()
    own_files.stsb(folder / "STS-B")
    own_files.mnli(folder / "MNLI")
    own_files.sst2(folder / "SST-2")
    (folder / "notes").mkdir()
    return folder


def command(corpus: Path, data: Path, *further: str) -> list[str]:
    """The arguments of a run on both."""
    return ["run", "glue_table", "--corpus", str(corpus), "--data", str(data), *further]


def result_in(work: Path) -> Result:
    """The only result."""
    (path,) = (work / "own_data" / "results" / "glue_table").glob("*.json")
    return results.load(path)


def test_every_system_is_scored_on_every_data_set_of_the_folder(tiny_corpus, glue, tmp_path, capsys):
    assert main(command(tiny_corpus, glue)) == 0
    assert "data sets with their training examples: SST-2 (20), STS-B (20), MNLI (20)" in capsys.readouterr().out
    result = result_in(tmp_path / "work")
    scores, pretraining = result.tables
    assert scores.columns == [
        "system", "SST-2 accuracy", "STS-B Spearman", "STS-B Pearson", "MNLI accuracy, dev_matched",
        "MNLI accuracy, dev_mismatched", "average",
    ]  # fmt: skip
    assert [row[0] for row in scores.rows] == [RANDOM, GPT, BERT]
    for _, sst2, spearman, _, matched, mismatched, average in scores.rows:
        assert average == [pytest.approx(fmean([sst2[0], spearman[0], matched[0], mismatched[0]]))]
    targets = {row[0]: row[1] for row in pretraining.rows}
    assert targets[GPT] == 6 * 4 * 16
    assert 0.15 * targets[GPT] < targets[BERT] < 0.35 * targets[GPT]  # a quarter of the tokens, special ones aside
    assert len(result.sweep) == 3 * 3 * 2
    assert [part.text for part in result.claims[0].parts] == [f"{GPT} over {RANDOM}", f"{BERT} over {GPT}"]


def test_a_folder_with_one_data_set_is_enough(tiny_corpus, tmp_path):
    data = own_files.sst2(tmp_path / "reviews")
    assert main(command(tiny_corpus, data, "--task", "SST-2")) == 0
    assert result_in(tmp_path / "work").tables[0].columns == ["system", "SST-2 accuracy", "average"]


def test_what_a_folder_holds(glue, tmp_path):
    assert list(data_sets(OwnFiles("", str(glue)))) == ["SST-2", "STS-B", "MNLI"]
    assert list(data_sets(OwnFiles("", str(glue / "MNLI")))) == ["MNLI"]
    assert list(data_sets(OwnFiles("", str(glue / "notes"), "rte"))) == ["RTE"]
    with pytest.raises(ExperimentError, match=r"the name of the folder .* does not tell which task it is"):
        data_sets(OwnFiles("", str(glue / "notes")))
    with pytest.raises(ExperimentError, match="--data: expected a folder"):
        data_sets(OwnFiles("", str(tmp_path / "nowhere")))


def test_masked_language_modelling_reads_the_corpus_between_its_special_tokens(tiny_corpus, tmp_path):
    text = Checkpoint(tmp_path / "text", {})
    text.folder.mkdir()
    own_data.Corpus(str(tiny_corpus)).encode(text.folder, "", 150)
    plain, words = Windows(ids_of(text), 16, 4, 0), tokenizer_of(text).ids
    rows = BetweenSpecialTokens(plain, words["[CLS]"], words["[SEP]"]).batch(3)
    assert set(rows[:, 0]) == {words["[CLS]"]}
    assert set(rows[:, -1]) == {words["[SEP]"]}
    np.testing.assert_array_equal(rows[:, 1:-1], plain.batch(3)[:, 1:-1])


def test_settings_that_make_no_sense_are_refused():
    with pytest.raises(ValueError, match="finetuning_lrs must hold at least one value"):
        dataclasses.replace(TINY, finetuning_lrs=())
