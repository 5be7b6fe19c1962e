"""SNLI's JSON lines, made small in their real layout."""

import json
from pathlib import Path
from typing import Any

import pytest

from experiments.text.errors import DataError
from experiments.text.readers import snli
from experiments.text.readers.examples import Examples, LabelledText

PAIR = {
    "annotator_labels": ["neutral"],
    "captionID": "3416050480.jpg#4",
    "gold_label": "neutral",
    "pairID": "3416050480.jpg#4r1n",
    "sentence1": "A person on a horse jumps over a broken down airplane.",
    "sentence1_binary_parse": "( A ... )",
    "sentence1_parse": "(ROOT ... )",
    "sentence2": "A person is training his horse for a competition.",
    "sentence2_binary_parse": "( A ... )",
    "sentence2_parse": "(ROOT ... )",
}


def write(folder: Path, *lines: str, end: str = "\n", start: str = "") -> None:
    (folder / "snli_1.0_dev.jsonl").write_bytes((start + "".join(line + end for line in lines)).encode())


def line(**changes: Any) -> str:
    return json.dumps(PAIR | changes, ensure_ascii=False)


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("start", ["", "\ufeff"])
def test_pairs_without_agreement_are_skipped_and_counted(tmp_path: Path, end: str, start: str):
    write(
        tmp_path,
        line(),
        line(gold_label="-"),
        line(gold_label="entailment", sentence2="A café\u2028is open."),
        line(gold_label="contradiction"),
        line(gold_label="-"),
        end=end,
        start=start,
    )
    first, second = PAIR["sentence1"], PAIR["sentence2"]
    pairs = [
        LabelledText(first, second, 1), LabelledText(first, "A café\u2028is open.", 0), LabelledText(first, second, 2),
    ]  # fmt: skip
    assert snli.read(tmp_path, "dev") == Examples(pairs, skipped=2)


@pytest.mark.parametrize(
    ("damaged", "words"),
    [
        (line()[:60], r"line 2: expected JSON, got an error at character \d+ of 60: Unterminated string"),
        ("[]", r"line 2: expected an object with the field gold_label, got \[\]"),
        ("{}", r"line 2: expected a field gold_label, got none"),
        (line(gold_label="maybe"), r"line 2, gold_label: expected one of entailment, .* or -, got 'maybe'"),
        (line(gold_label=["-"]), r"line 2, gold_label: expected one of .*, got \['-'\]"),
        (line(sentence1=" "), r"line 2, sentence1: expected a text, got ' '"),
        (line(sentence2=None), r"line 2, sentence2: expected a text, got None"),
        (line(sentence2="@").replace('"@"', r'"\ud800"'), r"line 2, sentence2: expected a text of whole characters"),
        (line(sentence2="@").replace('"sentence2"', '"hypothesis"'), "line 2: expected a field sentence2, got annot"),
        ("9" * 5000, r"line 2: expected JSON that can be read, got an error: Exceeds the limit"),
        ("[" * 100_000, r"line 2: expected JSON that can be read, got an error: .*recursion"),
    ],
    ids=range(11),
)
def test_a_damaged_line_is_named(tmp_path: Path, damaged: str, words: str):
    write(tmp_path, line(), damaged)
    with pytest.raises(DataError, match=rf"snli_1\.0_dev\.jsonl, {words}"):
        snli.read(tmp_path, "dev")


def test_bytes_that_are_no_utf8_are_named(tmp_path: Path):
    (tmp_path / "snli_1.0_dev.jsonl").write_bytes(line(sentence1="café").encode("latin-1"))
    with pytest.raises(DataError, match=r"line 1: expected UTF-8 text, got 0xe9 as byte \d+ of the file"):
        snli.read(tmp_path, "dev")


def test_a_file_without_a_label_is_refused(tmp_path: Path):
    write(tmp_path, line(gold_label="-"))
    with pytest.raises(DataError, match="expected pairs with a label, got none; 1 have the label -"):
        snli.read(tmp_path, "dev")


def test_a_missing_file_and_a_missing_split(tmp_path: Path):
    write(tmp_path, line())
    with pytest.raises(DataError, match=r"snli_1\.0_train\.jsonl: .* the folder has snli_1\.0_dev\.jsonl"):
        snli.read(tmp_path, "train")
    with pytest.raises(ValueError, match="split must be one of train, dev, test, got 'validation'"):
        snli.read(tmp_path, "validation")
