"""A run that was killed ends with the same numbers; a result has its figures beside it."""

import json
import shutil

import pytest

from experiments.evidence.results import load
from experiments.running import places
from experiments.running.run import forget, run_one

WORK = [(name, seed) for seed in range(3) for name in ("pretraining", "random start", "pretrained")]  # of preset full


def without_times(path):
    record = json.loads(path.read_text(encoding="utf-8"))
    assert record.pop("wall_seconds") >= 0
    return record


def test_a_run_writes_its_result_and_its_figures(fake, request_for, result_folder):
    path = run_one(request_for("full"))
    assert path == result_folder / "full.json"
    assert sorted(file.name for file in result_folder.iterdir()) == ["full.json", "full.scores.svg"]
    result = load(path)
    assert (result.experiment, result.title, result.lecture) == ("fake_experiment", fake.TITLE, fake.LECTURE)
    assert (result.preset, result.settings) == ("full", {"seeds": 3, "steps": 5})
    assert [(cell.name, cell.seeds, len(cell.values)) for cell in result.cells] == [
        (name, [0, 1, 2], 3) for name in ("pretraining", "random start", "pretrained")
    ]
    assert [(figure.name, figure.file) for figure in result.figures] == [("scores", "full.scores.svg")]
    assert result.environment.kernels
    assert fake.computed == WORK


def test_presets_have_results_of_their_own(request_for, result_folder):
    run_one(request_for("quick"))
    run_one(request_for("full"))
    names = {"quick.json", "quick.scores.svg", "full.json", "full.scores.svg"}
    assert {file.name for file in result_folder.iterdir()} == names


@pytest.mark.parametrize("killed_at", WORK, ids=str)
def test_a_killed_run_resumes_and_ends_with_the_same_numbers(fake, request_for, tmp_path, monkeypatch, killed_at):
    fake.fail_at = killed_at
    with pytest.raises(KeyboardInterrupt):
        run_one(request_for("full"))
    assert fake.computed == WORK[: WORK.index(killed_at)]
    fake.fail_at = None
    killed = without_times(run_one(request_for("full")))
    assert fake.computed == WORK  # each once, although the run began twice

    monkeypatch.setenv("MINIGRAD_CACHE", str(tmp_path / "elsewhere"))
    assert killed == without_times(run_one(request_for("full")))
    assert fake.computed == WORK * 2


def test_a_finished_run_computes_nothing_again(fake, request_for, result_folder):
    first = run_one(request_for("full")).read_bytes()
    figure = (result_folder / "full.scores.svg").read_bytes()
    assert run_one(request_for("full")).read_bytes() == first
    assert (result_folder / "full.scores.svg").read_bytes() == figure
    assert fake.computed == WORK


def test_a_resumed_run_says_so(request_for, capsys):
    run_one(request_for())
    assert "resuming" not in capsys.readouterr().out
    run_one(request_for())
    assert "resuming; cells finished already: 2" in capsys.readouterr().out


def test_more_seeds_add_cells_only(fake, request_for):
    run_one(request_for("full"))
    fake.computed.clear()
    result = load(run_one(request_for("full", seeds=4)))
    assert fake.computed == [("pretraining", 3), ("random start", 3), ("pretrained", 3)]
    assert result.cells[0].seeds == [0, 1, 2, 3]
    assert result.claims[0].seeds == 4


def test_forgetting_computes_everything_again(fake, request_for):
    first = without_times(run_one(request_for("full")))
    forget([request_for("full")])
    assert without_times(run_one(request_for("full"))) == first
    assert fake.computed == WORK * 2


def test_forgetting_leaves_other_presets(fake, request_for):
    run_one(request_for("quick"))
    run_one(request_for("full"))
    fake.computed.clear()
    forget([request_for("full")])
    run_one(request_for("quick"))
    assert fake.computed == [("pretraining", 0)]  # checkpoints are forgotten for all


def test_forgetting_where_nothing_is_does_nothing(fake, request_for):
    forget([request_for("full")])
    assert fake.computed == []


def test_a_figure_that_is_no_longer_drawn_goes_away(request_for, result_folder):
    run_one(request_for())
    for name in ("full.old.svg", "quick.old.svg"):
        (result_folder / name).write_text("<svg/>", encoding="utf-8")
    run_one(request_for())
    assert {file.name for file in result_folder.glob("*.svg")} == {"quick.scores.svg", "full.old.svg"}


def test_figures_are_drawn_in_the_house_style(request_for, result_folder):
    run_one(request_for())
    assert "stroke-width: 1.8" in (result_folder / "quick.scores.svg").read_text(encoding="utf-8")


def test_a_run_of_an_installed_package_writes_to_the_users_cache(request_for, tmp_path):
    (places.PROJECT / "pyproject.toml").unlink()
    path = run_one(request_for())
    assert path == tmp_path / "cache" / "results" / "fake_experiment" / "quick.json"
    assert load(path).environment.commit in ("unknown", load(path).computed_at[0])


def test_a_lost_cache_changes_nothing_but_the_time(request_for, tmp_path):
    first = without_times(run_one(request_for("full")))
    shutil.rmtree(tmp_path / "cache")
    assert without_times(run_one(request_for("full"))) == first
