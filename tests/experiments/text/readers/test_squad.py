"""SQuAD's JSON, made small in its real layout."""

import json
from pathlib import Path
from typing import Any

import pytest

from experiments.text.errors import DataError
from experiments.text.readers import squad
from experiments.text.readers.examples import Answer, Question

CONTEXT = " At the café 🂡 in Denver, Ann met Bob."  # leading space: offsets count it


def answer(text: str, start: int | None = None) -> dict[str, Any]:
    return {"answer_start": CONTEXT.index(text) if start is None else start, "text": text}


def question(*answers: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {"id": "56be4db0", "question": "Where did they meet?", "answers": list(answers)} | changes


def file(*questions: dict[str, Any], context: Any = CONTEXT, version: str = "1.1") -> dict[str, Any]:
    paragraphs = [{"context": context, "qas": list(questions)}]
    return {"data": [{"title": "Ann", "paragraphs": paragraphs}], "version": version}


def write(folder: Path, content: Any, name: str = "dev-v1.1.json") -> Path:
    (folder / name).write_text(json.dumps(content), "utf-8")
    return folder / name


def test_answers_with_their_offsets(tmp_path: Path):
    write(tmp_path, file(question(answer("Denver"), answer("café 🂡 in Denver")), question(answer("Bob"), id="2")))
    first, second = squad.read(tmp_path, "dev", "1.1").items
    assert first == Question(
        "56be4db0", CONTEXT, "Where did they meet?", (Answer("Denver", 18), Answer("café 🂡 in Denver", 8))
    )
    assert second.answers == (Answer("Bob", 34),)
    for found in (*first.answers, *second.answers):
        assert CONTEXT[found.start : found.start + len(found.text)] == found.text


def test_a_question_of_version_2_may_have_no_answer(tmp_path: Path):
    plausible = {"is_impossible": True, "plausible_answers": [answer("Denver")]}
    content = file(question(answer("Bob"), is_impossible=False), question(**plausible), version="v2.0")
    write(tmp_path, content, "train-v2.0.json")
    assert [len(item.answers) for item in squad.read(tmp_path, "train", "2.0").items] == [1, 0]


def test_a_byte_order_mark_and_lines_of_windows_are_read(tmp_path: Path):
    text = json.dumps(file(question(answer("Bob"))), indent=1).replace("\n", "\r\n")
    (tmp_path / "own.json").write_bytes(("\ufeff" + text).encode())
    assert len(squad.read_file(tmp_path / "own.json").items) == 1


HERE = r"dev-v1\.1\.json, data\[0\]\.paragraphs\[0\]"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ([], r"dev-v1\.1\.json: expected an object with the field data, got \[\]"),
        ({"version": "1.1"}, r"dev-v1\.1\.json: expected a field data, got version"),
        ({"data": {}}, r"dev-v1\.1\.json, data: expected a list, got {}"),
        ({"data": []}, r"dev-v1\.1\.json: expected questions, got none"),
        ({"data": [{"title": "Ann"}]}, r"dev-v1\.1\.json, data\[0\]: expected a field paragraphs, got title"),
        (file(question(answer("Bob")), context=""), rf"{HERE}\.context: expected a text, got ''"),
        (file(question(answer("Bob"), question=7)), rf"{HERE}\.qas\[0\]\.question: expected a text, got 7"),
        (file(question(answer("Bob")), {"question": "Who?"}), rf"{HERE}\.qas\[1\]: expected a field id, got question"),
        (
            file(question(answer("Bob"), answer("Denver", 19))),
            rf"{HERE}\.qas\[0\]\.answers\[1\]: expected 'Denver' at answer_start 19 of the context, got 'enver,'",
        ),
        (file(question(answer("Bob", 1000))), rf"{HERE}.* expected 'Bob' at answer_start 1000 of the context, got ''"),
        (file(question(answer("Bob", -4))), rf"{HERE}.*\[0\]\.answer_start: expected an integer from 0, got -4"),
        (file(question(answer("Bob", True))), rf"{HERE}.*\.answer_start: expected an integer from 0, got True"),
        (file(question({"text": "", "answer_start": 0})), rf"{HERE}.*\[0\]\.text: expected a text, got ''"),
        (file(question()), rf"{HERE}\.qas\[0\]\.answers: expected answers, because the question is not marked"),
        (
            file(question(answer("Bob"), is_impossible=True)),
            rf"{HERE}\.qas\[0\]\.answers: expected no answers, because is_impossible is true",
        ),
        (file(question(is_impossible="true")), rf"{HERE}.*is_impossible: expected true or false, got 'true'"),
    ],
    ids=range(16),
)
def test_damage_is_named_by_its_path(tmp_path: Path, content: Any, words: str):
    write(tmp_path, content)
    with pytest.raises(DataError, match=words):
        squad.read(tmp_path, "dev", "1.1")


def test_a_file_that_is_cut_off_is_refused_wherever_the_cut_is(tmp_path: Path):
    path = write(tmp_path, file(question(answer("Bob"))))
    whole = path.read_bytes()
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        with pytest.raises(DataError, match=rf"dev-v1\.1\.json: expected JSON, got an error at .* of {length}: "):
            squad.read_file(path)


def test_missing_files_splits_and_versions(tmp_path: Path):
    with pytest.raises(DataError, match=r"train-v2\.0\.json: expected a file, but there is none"):
        squad.read(tmp_path, "train", "2.0")
    with pytest.raises(ValueError, match="split must be one of train, dev, got 'test'"):
        squad.read(tmp_path, "test", "2.0")
    with pytest.raises(ValueError, match=r"version must be one of 1\.1, 2\.0, got 'v2\.0'"):
        squad.read(tmp_path, "dev", "v2.0")
