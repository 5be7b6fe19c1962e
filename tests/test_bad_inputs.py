"""Every bad input in the tables of `tests/bad_inputs` gets its error, with the words that help."""

import importlib
from pathlib import Path

import pytest

from tests.bad_inputs.case import Case

FOLDER = Path(__file__).parent / "bad_inputs"
AREAS = sorted(path.stem for path in FOLDER.glob("*.py") if path.stem not in ("__init__", "case"))
TABLES: dict[str, list[Case]] = {area: importlib.import_module(f"tests.bad_inputs.{area}").CASES for area in AREAS}


@pytest.mark.parametrize(
    "case", [pytest.param(case, id=f"{area}: {case.name}") for area in AREAS for case in TABLES[area]]
)
def test_bad_input_is_refused_with_words_that_help(case: Case, tmp_path: Path):
    with pytest.raises(case.error) as caught:
        case.call(tmp_path)
    message = str(caught.value)
    assert [word for word in case.words if word not in message] == [], message


@pytest.mark.parametrize("area", AREAS)
def test_no_case_is_listed_twice(area: str):
    names = [case.name for case in TABLES[area]]
    assert len(set(names)) == len(names)
