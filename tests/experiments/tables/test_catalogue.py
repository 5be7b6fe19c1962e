"""The catalogue has the lecture's tables, and every table has what running it needs."""

import dataclasses
import sys
import types

import pytest

from experiments.evidence.errors import ExperimentError
from experiments.running.contract import Request
from experiments.tables import catalogue

BUILT = catalogue.built()


def test_the_lecture_has_sixteen_tables():
    assert len({entry.name for entry in catalogue.CATALOGUE}) == 16


@pytest.mark.parametrize("entry", BUILT, ids=lambda entry: entry.name)
def test_every_table_has_what_running_it_needs(entry):
    table = Request(entry.module).table()
    assert table.TITLE
    assert table.LECTURE
    assert list(table.PRESETS) == ["quick", "full"]
    for settings in table.PRESETS.values():
        assert dataclasses.is_dataclass(settings)
        assert table.estimate(settings).seconds <= 40 * 60
        assert table.estimate(settings).megabytes > 0
    if hasattr(table.PRESETS["full"], "seeds"):
        assert table.PRESETS["full"].seeds >= 3
        assert table.PRESETS["quick"].seeds == 1


@pytest.mark.parametrize(("preset", "minutes"), [("quick", 10), ("full", 6 * 60)])
def test_all_tables_together_stay_within_the_budget(preset, minutes):
    tables = [Request(entry.module).table() for entry in BUILT]
    assert sum(each.estimate(each.PRESETS[preset]).seconds for each in tables) <= minutes * 60


def test_an_unknown_name_is_answered_with_the_names_there_are(fake):
    with pytest.raises(ExperimentError, match="no table is named 'glue'; there are: fake_experiment"):
        catalogue.requests(["all", "glue"])


def test_a_name_is_asked_for_once(fake):
    assert [request.name for request in catalogue.requests(["fake_experiment"] * 2)] == ["fake_experiment"]


def test_a_table_that_is_not_built_is_not_run(monkeypatch):
    monkeypatch.setattr(catalogue, "CATALOGUE", (*BUILT[:1], catalogue.Entry("no_such_table", "nothing")))
    assert [request.name for request in catalogue.requests([])] == [BUILT[0].name]


def test_a_module_that_lacks_a_part_is_refused(monkeypatch):
    incomplete = types.ModuleType("incomplete")
    incomplete.TITLE = incomplete.LECTURE = "x"
    monkeypatch.setitem(sys.modules, "incomplete", incomplete)
    with pytest.raises(ExperimentError, match="incomplete does not define PRESETS, estimate, run"):
        Request("incomplete").table()


def test_settings_are_the_presets(fake, request_for):
    assert request_for().settings() == fake.PRESETS["quick"]
    assert request_for("full", seeds=7).settings() == dataclasses.replace(fake.PRESETS["full"], seeds=7)


def test_an_unknown_preset_is_answered_with_the_presets_there_are(request_for):
    with pytest.raises(ExperimentError, match="fake_experiment has no preset 'huge'; it has: quick, full"):
        request_for("huge").settings()


@pytest.mark.parametrize(("preset", "seeds", "least"), [("full", 2, 3), ("quick", 0, 1), ("quick", -1, 1)])
def test_too_few_seeds_are_refused(request_for, preset, seeds, least):
    with pytest.raises(ExperimentError, match=f"seeds must be at least {least} for the preset {preset}, got {seeds}"):
        request_for(preset, seeds).settings()


def test_seeds_do_not_matter_to_a_table_without_any():
    request = Request("experiments.tables.model_sizes", seeds=5)
    assert request.settings() == request.table().PRESETS["quick"]
