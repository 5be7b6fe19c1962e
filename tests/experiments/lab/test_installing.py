"""Writing the zoo's models of seed 0 to where they are installed; and whether the installed ones are up to date."""

import numpy as np
import pytest

from experiments.lab import installing, zoo
from experiments.running.work import Work
from models.pretrained import toy
from tests.experiments.tiny_zoo import TINY


@pytest.mark.parametrize("name", zoo.FULL.members)
def test_the_installed_models_are_those_of_the_recipes_and_of_the_text_as_it_is_now(name):
    found = zoo.installed_checkpoint(zoo.FULL.members[name], 0)
    assert found is not None, "python -m experiments zoo writes it again"
    assert found.folder == toy.INSTALLED / name


def test_what_is_installed_is_what_was_trained(request_for, monkeypatch, tmp_path):
    monkeypatch.setattr(toy, "INSTALLED", tmp_path / "installed")
    for module in (zoo, installing):
        monkeypatch.setattr(module, "FULL", TINY)
    folders = list(installing.install(Work(request_for())))
    assert [folder.name for folder in folders] == list(TINY.members)
    for name, recipe in TINY.members.items():
        found, trained = zoo.installed_checkpoint(recipe, 0), zoo.trained(Work(request_for()), recipe, 0, name)
        assert found is not None
        assert found.folder == tmp_path / "installed" / name
        ours, theirs = (zoo.load(recipe, start, 0).state_dict() for start in (found, trained))
        assert ours.keys() == theirs.keys()
        for key in ours:
            np.testing.assert_array_equal(ours[key], theirs[key])
        assert found.record["tokens_read"] == recipe.tokens_read(0)


def test_tokens_read_counts_every_pass():
    one_pass = TINY.gpt.reading.documents(0).steps_per_pass
    assert TINY.gpt.tokens_read(0) == round(len(TINY.gpt.reading.ids(0)) * TINY.gpt.training.steps / one_pass)
    assert TINY.vectors.tokens_read(0) == len(TINY.vectors.reading.ids(0))
