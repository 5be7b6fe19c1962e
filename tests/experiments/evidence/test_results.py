"""A result file holds what the rules of evidence ask for, and is checked field by field when it is read."""

import dataclasses
import json
import math

import pytest

from experiments.evidence import claims
from experiments.evidence.errors import ExperimentError
from experiments.evidence.results import CellValues, Figure, Result, load, save
from experiments.evidence.table import Table
from experiments.running import environment

RESULT = Result(
    lecture_says="More is more.",
    tables=[Table("Scores", ["system", "score", "n"], [["a", [0.5, 0.25], 3], ["b", None, 4]], [["", 1.5, None]] * 2)],
    claims=[
        claims.compare("one", "a beats b", [0.5, 0.75, 0.5], [0.25, 0.25, 0.125], explanation="since"),
        claims.every("two", "everywhere", {"here": [0.5, 1.0], "there": [1, 2]}),
        claims.exact("three", "always", True, 3, "counted"),
        claims.holds("four", "once", [0.5]),
    ],
    configs={"a": {"d_model": 8, "dropout": None}},
    sweep=[{"lr": 0.1, "dev": 0.5}],
    parameters={"a": 12},
    tokens={"a": 1000},
    flops={"a": 7.2e4},
    samples={"é": "text"},
    experiment="fake",
    title="Fake",
    lecture="Slide",
    preset="full",
    settings={"seeds": 3},
    cells=[CellValues("a", [0, 1], [{"score": 0.5}, {"score": 0.25}])],
    figures=[Figure("scores", "The scores.", "full.scores.svg")],
    wall_seconds=12.5,
    computed_at=["abc"],
    environment=environment.describe("cpu"),
)


@pytest.fixture
def path(tmp_path):
    """A result's file."""
    save(RESULT, tmp_path / "fake" / "full.json")
    return tmp_path / "fake" / "full.json"


def record(path):
    return json.loads(path.read_text(encoding="utf-8"))


def damage(path, change):
    """Change the JSON in the file."""
    content = record(path)
    change(content)
    path.write_text(json.dumps(content), encoding="utf-8")


def test_what_is_written_is_read(path):
    assert load(path) == RESULT


def test_a_result_holds_what_the_rules_of_evidence_ask_for(path):
    content = record(path)
    assert set(content["claims"][0]) >= {"id", "text", "verdict", "effect", "interval", "seeds"}
    assert {claim["verdict"] for claim in content["claims"]} <= {"reproduced", "not separated", "contradicted"}
    assert content["cells"] == [{"name": "a", "seeds": [0, 1], "values": [{"score": 0.5}, {"score": 0.25}]}]
    assert {"configs", "sweep", "tokens", "flops", "parameters", "wall_seconds", "computed_at"} <= set(content)
    asked_for = {"kernels", "threads", "device", "blas", "versions", "commit"}
    assert asked_for <= set(content["environment"])
    assert all(content["environment"][name] for name in asked_for)


def test_a_list_of_numbers_takes_one_line(path):
    text = path.read_text(encoding="utf-8")
    assert "[0.5, 0.25]" in text
    assert text.endswith("}\n")


def fields(content, prefix=""):
    """The path of every field of the JSON: `claims[0].verdict`."""
    for name, value in content.items():
        yield prefix + name
        if isinstance(value, list) and value and isinstance(value[0], dict):
            yield from fields(value[0], f"{prefix}{name}[0].")


TYPED = [
    name
    for name in fields(json.loads(json.dumps(dataclasses.asdict(RESULT))))
    if not name.startswith(("sweep[0].", "cells[0].values[0]."))  # each experiment's own
] + [f"environment.{field.name}" for field in dataclasses.fields(environment.Environment)]


def parent(content, name):
    """The object that holds the field, and the field's last name."""
    *outer, last = name.replace("[0]", ".0").split(".")
    for step in outer:
        content = content[int(step) if step.isdigit() else step]
    return content, last


@pytest.mark.parametrize("name", TYPED)
def test_a_missing_field_is_named(path, name):
    def change(content):
        where, last = parent(content, name)
        del where[last]

    damage(path, change)
    with pytest.raises(ExperimentError) as raised:
        load(path)
    assert f"field {name} is missing" in str(raised.value)
    assert str(path) in str(raised.value)


@pytest.mark.parametrize("name", TYPED)
def test_a_field_of_a_wrong_type_is_named(path, name):
    def change(content):
        where, last = parent(content, name)
        where[last] = True  # which no field is

    damage(path, change)
    with pytest.raises(ExperimentError) as raised:
        load(path)
    assert f"field {name} must be " in str(raised.value)
    assert "got True" in str(raised.value)


@pytest.mark.parametrize("name", ["verdicts", "claims[0].p_value", "environment.gpu"])
def test_an_unknown_field_is_named(path, name):
    def change(content):
        where, last = parent(content, name)
        where[last] = 1

    damage(path, change)
    with pytest.raises(ExperimentError) as raised:
        load(path)
    assert f"field {name} is unknown" in str(raised.value)


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("claims[0].verdict", "proven", "must be one of 'reproduced', 'not separated', 'contradicted', got 'proven'"),
        ("claims[0].interval", [0, "1"], "must be list[float] or null, got [0, '1']"),
        ("claims[0].seeds", 3.5, "must be int, got 3.5"),
        ("wall_seconds", None, "must be float, got None"),
        ("tokens", {"a": "many"}, "field tokens.a must be int, got 'many'"),
        ("computed_at", ["abc", 1], "field computed_at[1] must be str, got 1"),
        ("tables[0].rows", [["a"]], "rows[0] must have 3 entries, one per column, got 1"),
    ],
)
def test_a_wrong_value_is_named(path, name, value, message):
    def change(content):
        where, last = parent(content, name)
        where[last] = value

    damage(path, change)
    with pytest.raises(ExperimentError) as raised:
        load(path)
    assert message in str(raised.value)


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity"])
def test_a_number_that_json_does_not_have_is_refused(path, number):
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace('"wall_seconds": 12.5', f'"wall_seconds": {number}'), encoding="utf-8")
    with pytest.raises(ExperimentError, match=f"in the field wall_seconds: {number} is not a number of JSON"):
        load(path)


@pytest.mark.parametrize("damaged", [b"", b"[]", b"{", b"\xff\xfe"])
def test_a_damaged_file_is_refused_with_what_to_do(path, damaged):
    path.write_bytes(damaged)
    with pytest.raises(ExperimentError, match=r"full\.json: .*; run the experiment again to replace the file"):
        load(path)


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        (
            {"tables": [Table("t", ["a"], [[math.nan]])]},
            ValueError,
            r"result\.tables\[0\]\.rows\[0\]\[0\] must be finite",
        ),
        (
            {"tables": [Table("t", ["a"], [[True]])]},
            ValueError,
            r"field tables\[0\]\.rows\[0\]\[0\] must be str or int",
        ),
        ({"tokens": {"a": 1e6}}, ValueError, r"field tokens\.a must be int, got 1000000\.0"),
        ({"configs": {"a": {1, 2}}}, TypeError, r"result\.configs\.a must be numbers, text, lists and dicts"),
    ],
)
def test_a_result_that_could_not_be_read_again_is_not_written(tmp_path, change, error, message):
    with pytest.raises(error, match=message):
        save(dataclasses.replace(RESULT, **change), tmp_path / "full.json")
    assert list(tmp_path.iterdir()) == []


def test_a_table_refuses_rows_of_another_length():
    with pytest.raises(ValueError, match=r"table 'Scores': rows\[1\] must have 2 entries, one per column, got 3"):
        Table("Scores", ["a", "b"], [["x", 1], ["y", 1, 2]])


def test_a_table_refuses_lecture_figures_for_other_rows():
    with pytest.raises(ValueError, match="table 'Scores': lecture must have 2 rows, got 1"):
        Table("Scores", ["a", "b"], [["x", 1], ["y", 1]], [["x", 70.2]])


def test_the_lectures_entry_is_left_out_where_it_only_names_the_row_again():
    table = Table("Scores", ["system", "score"], [["GPT", 1.0], ["ours", 70.2]], [["GPT", 72.8], ["theirs", 70.2]])
    assert [[table.lecture_entry(row, column) for column in (0, 1)] for row in (0, 1)] == [
        [None, 72.8],
        ["theirs", 70.2],
    ]
    assert Table("Scores", ["system"], [["GPT"]]).lecture_entry(0, 0) is None
