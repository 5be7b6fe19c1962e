"""A cell's file gives back what was written, or is noticed to be damaged."""

import dataclasses
import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from experiments.evidence.plain import fingerprint, plain
from experiments.running.cells import Cell, DamagedCell, load, save

CELL = Cell("GPT, 16 labels", 2, {"accuracy": 0.1 + 0.2, "losses": [1.5, None], "text": "naïve ✓"}, 12.5, "abc")

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


def test_what_is_written_is_read(tmp_path):
    save(CELL, tmp_path / "new" / "cell.json")
    assert load(tmp_path / "new" / "cell.json") == CELL


@given(value=values)
def test_every_plain_value_survives(tmp_path_factory, value):
    path = tmp_path_factory.mktemp("cells") / "cell.json"
    cell = dataclasses.replace(CELL, value={"value": value})
    save(cell, path)
    assert load(path) == cell


def test_there_is_no_cell_where_there_is_no_file(tmp_path):
    with pytest.raises(FileNotFoundError):
        load(tmp_path / "cell.json")


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: text[: len(text) // 2],
        lambda text: "",
        lambda text: "[]",
        lambda text: "{}",
        lambda text: text.replace("12.5", "12.6"),
        lambda text: text.replace("0.3", "0.4"),
        lambda text: text.replace('"seed": 2', '"seed": 3'),
        lambda text: text.replace('"commit"', '"commits"'),
    ],
    ids=["cut", "empty", "list", "object", "seconds", "value", "seed", "field"],
)
def test_a_damaged_file_is_noticed(tmp_path, damage):
    path = tmp_path / "cell.json"
    save(CELL, path)
    written = path.read_text(encoding="utf-8")
    damaged = damage(written)
    assert damaged != written
    path.write_text(damaged, encoding="utf-8")
    with pytest.raises(DamagedCell, match="is damaged"):
        load(path)


def test_a_file_of_other_bytes_is_noticed(tmp_path):
    (tmp_path / "cell.json").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(DamagedCell, match="is damaged"):
        load(tmp_path / "cell.json")


def test_an_intact_file_of_another_version_counts_as_damaged(tmp_path):
    record = {"key": "a", "value": {}}
    text = json.dumps(record | {"checksum": fingerprint(record)})
    (tmp_path / "cell.json").write_text(text, encoding="utf-8")
    with pytest.raises(DamagedCell, match="is damaged"):
        load(tmp_path / "cell.json")


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf, np.float32("nan")])
def test_numbers_that_json_lacks_are_refused_by_name(number):
    with pytest.raises(ValueError, match=r"cell\.losses\[1\] must be finite, got .*None where there is no number"):
        plain({"losses": [1.0, number]}, "cell")


def test_a_nan_inside_an_array_is_refused():
    with pytest.raises(ValueError, match=r"value\[1\]\[0\] must be finite"):
        plain(np.array([[1.0], [np.nan]]))


@pytest.mark.parametrize("value", [{1, 2}, object(), b"bytes", 1j])
def test_other_types_are_refused(value):
    with pytest.raises(TypeError, match="value must be numbers, text, lists and dicts, got"):
        plain(value)


def test_keys_that_are_not_text_are_refused():
    with pytest.raises(TypeError, match="value: keys must be text, got 16"):
        plain({16: 0.5})


def test_numpy_and_dataclasses_become_plain():
    @dataclasses.dataclass
    class Settings:
        sizes: tuple[int, ...]
        rate: float

    value = {"settings": Settings((1, 2), np.float64(0.5)), "array": np.arange(3), "flag": np.bool_(True)}
    assert plain(value) == {"settings": {"sizes": [1, 2], "rate": 0.5}, "array": [0, 1, 2], "flag": True}
    assert json.dumps(plain(value))


def test_a_fingerprint_depends_on_values_and_not_on_the_order_of_keys():
    assert fingerprint({"a": 1, "b": [2, "é"]}) == fingerprint({"b": (2, "é"), "a": 1})
    assert len({fingerprint(value) for value in ({"a": 1}, {"a": 2}, {"b": 1}, {"a": "1"}, [1], None)}) == 6


def test_a_fingerprint_is_the_same_on_every_machine():
    assert fingerprint({"steps": 300, "rate": 1e-3, "name": "é"}) == "8f2fd84027287815"


def test_a_function_or_a_class_is_its_name_and_a_lambda_has_none():
    assert plain({"model": Cell, "by": [plain]}) == {
        "model": "experiments.running.cells.Cell",
        "by": ["experiments.evidence.plain.plain"],
    }
    with pytest.raises(TypeError, match=r"value\.by must be numbers, text, lists and dicts, got function: <function"):
        plain({"by": lambda: 0})
