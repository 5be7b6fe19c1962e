"""GLUE's files, made small in their real layouts: what is read, and what is said about damage."""

from pathlib import Path

import pytest

from experiments.text.errors import DataError
from experiments.text.readers import cola, mnli, mrpc, qnli, qqp, rte, sst2, stsb
from experiments.text.readers.examples import Examples, LabelledText

MNLI_COLUMNS = [
    "index",
    "promptID",
    "pairID",
    "genre",
    "sentence1_binary_parse",
    "sentence2_binary_parse",
    "sentence1_parse",
    "sentence2_parse",
    "sentence1",
    "sentence2",
]
MNLI_ROW = ["0", "31193", "31193n", "government", "(a)", "(b)", "(ROOT)", "(ROOT)"]
STSB_COLUMNS = ["index", "genre", "filename", "year", "old_index", "source1", "source2", "sentence1", "sentence2"]
STSB_ROW = ["0", "main-captions", "MSRvid", "2012test", "0001", "none", "none"]
MRPC_COLUMNS = ["Quality", "#1 ID", "#2 ID", "#1 String", "#2 String"]


def write(path: Path, *rows: list[str], end: str = "\n", start: str = "") -> None:
    """A table: a row a line, fields separated by tabs."""
    path.write_bytes((start + "".join("\t".join(row) + end for row in rows)).encode())


def test_sst2(tmp_path: Path):
    write(tmp_path / "train.tsv", ["sentence", "label"], ["hide new secretions ", "0"], ['a "gem', "1"])
    write(tmp_path / "test.tsv", ["index", "sentence"], ["0", "uneasy mishmash"])
    train = sst2.read(tmp_path, "train")
    assert train == Examples([LabelledText("hide new secretions ", None, 0), LabelledText('a "gem', None, 1)])
    assert sst2.read(str(tmp_path), "test").items == [LabelledText("uneasy mishmash", None, None)]


def test_cola_has_no_header_in_train_and_dev(tmp_path: Path):
    write(
        tmp_path / "train.tsv", ["gj04", "1", "", "Our friends won't buy."], ["bc01", "0", "*", "They drank the pub."]
    )
    write(tmp_path / "dev.tsv", ["gj04", "1", "", "Bill sank."])
    write(tmp_path / "test.tsv", ["index", "sentence"], ["0", "Bill whistled."])
    first, second = cola.read(tmp_path, "train").items
    assert first == LabelledText("Our friends won't buy.", None, 1)
    assert second == LabelledText("They drank the pub.", None, 0)
    assert cola.read(tmp_path, "dev").items == [LabelledText("Bill sank.", None, 1)]
    assert cola.read(tmp_path, "test").items == [LabelledText("Bill whistled.", None, None)]


def test_mnli_matched_and_mismatched(tmp_path: Path):
    one, five = ["label1"], [f"label{n}" for n in range(1, 6)]
    write(
        tmp_path / "train.tsv",
        [*MNLI_COLUMNS, *one, "gold_label"],
        [*MNLI_ROW, "Fun for adults.", "Fun for kids.", "neutral", "neutral"],
        [*MNLI_ROW, "He left.", "He stayed.", "contradiction", "contradiction"],
    )
    for split in ("dev_matched", "dev_mismatched"):
        write(
            tmp_path / f"{split}.tsv",
            [*MNLI_COLUMNS, *five, "gold_label"],
            [*MNLI_ROW, split, "B.", *["neutral"] * 4, "entailment", "entailment"],
        )
        write(tmp_path / f"{split.replace('dev', 'test')}.tsv", MNLI_COLUMNS, [*MNLI_ROW, f"test {split}", "B."])
    assert [(item.first, item.second, item.label) for item in mnli.read(tmp_path, "train").items] == [
        ("Fun for adults.", "Fun for kids.", 1),
        ("He left.", "He stayed.", 2),
    ]
    assert mnli.read(tmp_path, "dev_matched").items == [LabelledText("dev_matched", "B.", 0)]
    assert mnli.read(tmp_path, "dev_mismatched").items == [LabelledText("dev_mismatched", "B.", 0)]
    assert mnli.read(tmp_path, "test_matched").items == [LabelledText("test dev_matched", "B.", None)]
    assert mnli.read(tmp_path, "test_mismatched").items == [LabelledText("test dev_mismatched", "B.", None)]
    with pytest.raises(ValueError, match=r"split must be one of train, dev_matched, .* got 'dev'"):
        mnli.read(tmp_path, "dev")


@pytest.mark.parametrize(
    ("reader", "columns"),
    [(qnli, ["index", "question", "sentence"]), (rte, ["index", "sentence1", "sentence2"])],
    ids=["qnli", "rte"],
)
def test_qnli_and_rte(tmp_path: Path, reader, columns: list[str]):
    rows = [["0", "Who came?", "Ann came."], ["1", "Who left?", "It rained."]]
    labels = ["entailment", "not_entailment"]
    labelled = [[*row, label] for row, label in zip(rows, labels, strict=True)]
    write(tmp_path / "dev.tsv", [*columns, "label"], *labelled)
    write(tmp_path / "test.tsv", columns, *rows)
    assert [(item.first, item.second, item.label) for item in reader.read(tmp_path, "dev").items] == [
        ("Who came?", "Ann came.", 0),
        ("Who left?", "It rained.", 1),
    ]
    assert [item.label for item in reader.read(tmp_path, "test").items] == [None, None]


def test_qqp_leaves_out_rows_that_a_line_break_has_cut_in_two(tmp_path: Path):
    write(
        tmp_path / "train.tsv",
        ["id", "qid1", "qid2", "question1", "question2", "is_duplicate"],
        ["1", "2", "3", "How old is it?", "What is its age?", "1"],
        ["4", "5", "6", "Was he real?"],
        ["", "What is the evidence?", "0"],
        ["7", "8", "9", "", "Why?", "0"],
        ["7", "8", "9", "Who?", "Why?", "0"],
    )
    write(tmp_path / "test.tsv", ["id", "question1", "question2"], ["0", "A?", "B?"])
    train = qqp.read(tmp_path, "train")
    assert train.items == [LabelledText("How old is it?", "What is its age?", 1), LabelledText("Who?", "Why?", 0)]
    assert train.skipped == 3
    assert qqp.read(tmp_path, "test") == Examples([LabelledText("A?", "B?", None)])


def test_mrpc_in_the_layout_of_glue(tmp_path: Path):
    write(tmp_path / "train.tsv", MRPC_COLUMNS, ["1", "70", "71", 'He "won.', "He won."], start="\ufeff")
    write(tmp_path / "test.tsv", ["index", *MRPC_COLUMNS[1:]], ["0", "1", "2", "A.", "B."])
    (tmp_path / "msr_paraphrase_train.txt").write_text("GLUE's layout comes first")
    assert mrpc.read(tmp_path, "train").items == [LabelledText('He "won.', "He won.", 1)]
    assert mrpc.read(tmp_path, "test").items == [LabelledText("A.", "B.", None)]


def test_mrpc_in_the_layout_of_the_original_corpus(tmp_path: Path):
    rows = [["1", "70", "71", "A.", "B."], ["0", "72", "73", "C.", "D."], ["1", "74", "75", "E.", "F."]]
    write(tmp_path / "msr_paraphrase_train.txt", MRPC_COLUMNS, *rows, end="\r\n", start="\ufeff")
    write(tmp_path / "msr_paraphrase_test.txt", MRPC_COLUMNS, ["0", "1", "2", "G.", "H."], end="\r\n", start="\ufeff")
    pairs = [LabelledText("A.", "B.", 1), LabelledText("C.", "D.", 0), LabelledText("E.", "F.", 1)]
    assert mrpc.read(tmp_path, "train").items == pairs
    assert mrpc.read(tmp_path, "test").items == [LabelledText("G.", "H.", 0)]
    with pytest.raises(DataError, match=r"expected dev\.tsv, or mrpc_dev_ids\.tsv beside msr_paraphrase_train\.txt"):
        mrpc.read(tmp_path, "dev")
    for name in mrpc.DEV_IDS:
        write(tmp_path / name, ["72", "73"])
        assert mrpc.read(tmp_path, "dev").items == pairs[1:2]
        assert mrpc.read(tmp_path, "train").items == [pairs[0], pairs[2]]
        (tmp_path / name).unlink()
    write(tmp_path / "dev_ids.tsv", ["73", "72"])
    with pytest.raises(DataError, match=r"msr_paraphrase_train\.txt: expected rows of the dev set"):
        mrpc.read(tmp_path, "dev")


def test_stsb(tmp_path: Path):
    write(tmp_path / "dev.tsv", [*STSB_COLUMNS, "score"], [*STSB_ROW, "A man.", "A person.", "3.750"])
    write(tmp_path / "test.tsv", STSB_COLUMNS, [*STSB_ROW, "A man.", "A cat."])
    assert stsb.read(tmp_path, "dev").items == [LabelledText("A man.", "A person.", 3.75)]
    assert stsb.read(tmp_path, "test").items == [LabelledText("A man.", "A cat.", None)]


@pytest.mark.parametrize("score", ["5.01", "-0.5", "nan", "inf", "", "three"])
def test_a_score_outside_of_its_scale_is_refused(tmp_path: Path, score: str):
    write(tmp_path / "dev.tsv", [*STSB_COLUMNS, "score"], [*STSB_ROW, "A.", "B.", score])
    with pytest.raises(DataError, match=rf"dev\.tsv, line 2: expected a number from 0 to 5 in .* got '{score}'"):
        stsb.read(tmp_path, "dev")


@pytest.mark.parametrize("label", ["2", "", "positive", "01", "0 "])
def test_an_unknown_label_is_refused(tmp_path: Path, label: str):
    write(tmp_path / "train.tsv", ["sentence", "label"], ["good", "1"], ["bad", label])
    with pytest.raises(
        DataError, match=rf"train\.tsv, line 3: expected one of 0, 1 in the column label, got '{label}'"
    ):
        sst2.read(tmp_path, "train")


def test_a_file_of_another_task_is_refused(tmp_path: Path):
    write(tmp_path / "train.tsv", ["index", "sentence1", "sentence2", "label"], ["0", "A.", "B.", "entailment"])
    with pytest.raises(DataError, match=r"line 1: expected a header .* sentence is missing from 'index, sentence1"):
        sst2.read(tmp_path, "train")
    with pytest.raises(DataError, match=r"line 1: expected one of 0, 1 in the column label, got 'sentence1'"):
        cola.read(tmp_path, "train")


def test_a_missing_file_is_named_with_what_is_there(tmp_path: Path):
    with pytest.raises(DataError, match=r"dev\.tsv: expected a file, but there is none; the folder has no files"):
        sst2.read(tmp_path, "dev")
    (tmp_path / "SST-2").mkdir()
    with pytest.raises(DataError, match=r"dev\.tsv: expected a file, but there is none; the folder has SST-2"):
        sst2.read(tmp_path, "dev")
    with pytest.raises(DataError, match=r"expected a file, but there is no folder .*nowhere"):
        sst2.read(tmp_path / "nowhere", "dev")
    (tmp_path / "dev.tsv").mkdir()
    with pytest.raises(DataError, match=r"dev\.tsv: expected a file, got a folder"):
        sst2.read(tmp_path, "dev")


def test_a_qqp_file_without_a_usable_pair_is_refused(tmp_path: Path):
    header = ["id", "question1", "question2"]
    write(tmp_path / "test.tsv", header, ["0", "", "B?"])
    with pytest.raises(DataError, match="expected pairs of questions, got 1 rows in which one is empty"):
        qqp.read(tmp_path, "test")
    write(tmp_path / "test.tsv", header, ["0", "A?"])
    with pytest.raises(DataError, match="expected rows of question1, question2, got none"):
        qqp.read(tmp_path, "test")
    write(tmp_path / "test.tsv", header, ["0", "A?", "B?", "C?"])
    with pytest.raises(DataError, match=r"line 2: expected 3 fields .* got 4: '0 \| A\? \| B\? \| C\?'"):
        qqp.read(tmp_path, "test")
