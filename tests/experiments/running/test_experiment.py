"""What an experiment must define, and that each experiment does."""

import dataclasses
import sys
import types

import pytest

from experiments.evidence.errors import ExperimentError
from experiments.running.contract import EXPERIMENTS, choose_settings, load


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_every_experiment_has_what_the_runner_needs(name):
    experiment = load(name)
    assert name == experiment.NAME
    assert experiment.TITLE
    assert experiment.LECTURE
    assert list(experiment.PRESETS) == ["quick", "full"]
    for settings in experiment.PRESETS.values():
        assert dataclasses.is_dataclass(settings)
        assert experiment.estimate(settings).seconds <= 40 * 60
        assert experiment.estimate(settings).megabytes > 0
    if hasattr(experiment.PRESETS["full"], "seeds"):
        assert experiment.PRESETS["full"].seeds >= 3
        assert experiment.PRESETS["quick"].seeds == 1


@pytest.mark.parametrize(("preset", "minutes"), [("quick", 10), ("full", 6 * 60)])
def test_all_experiments_together_stay_within_the_budget(preset, minutes):
    experiments = [load(name) for name in EXPERIMENTS]
    assert sum(each.estimate(each.PRESETS[preset]).seconds for each in experiments) <= minutes * 60


def test_an_unknown_name_is_answered_with_the_names_there_are(fake):
    with pytest.raises(ExperimentError, match="no experiment is named 'glue'; there are: fake_experiment"):
        load("glue")


def test_a_module_that_lacks_a_part_is_refused(fake, monkeypatch):
    incomplete = types.ModuleType("incomplete")
    incomplete.NAME = incomplete.TITLE = incomplete.LECTURE = "x"
    monkeypatch.setitem(sys.modules, "experiments.fake_experiment", incomplete)
    with pytest.raises(ExperimentError, match="fake_experiment does not define PRESETS, estimate, run"):
        load("fake_experiment")


def test_settings_are_the_presets(fake):
    assert choose_settings(fake, "quick") == fake.PRESETS["quick"]
    assert choose_settings(fake, "full", seeds=7) == dataclasses.replace(fake.PRESETS["full"], seeds=7)


def test_an_unknown_preset_is_answered_with_the_presets_there_are(fake):
    with pytest.raises(ExperimentError, match="fake_experiment has no preset 'huge'; it has: quick, full"):
        choose_settings(fake, "huge")


@pytest.mark.parametrize(("preset", "seeds", "least"), [("full", 2, 3), ("quick", 0, 1), ("quick", -1, 1)])
def test_too_few_seeds_are_refused(fake, preset, seeds, least):
    with pytest.raises(ExperimentError, match=f"seeds must be at least {least} for the preset {preset}, got {seeds}"):
        choose_settings(fake, preset, seeds)


def test_seeds_do_not_matter_to_an_experiment_without_any():
    experiment = types.SimpleNamespace(NAME="exact", PRESETS={"quick": types.SimpleNamespace()})
    assert choose_settings(experiment, "quick", seeds=5) == experiment.PRESETS["quick"]
