"""Nothing is computed twice, and a run that was killed ends with the same numbers."""

import json
import shutil

import pytest

from experiments import cells, figures, progress
from experiments.results import load
from experiments.runner import Run, forget, run_experiment

SETTINGS = {"steps": 3, "seeds": 1}
WORK = [(name, seed) for seed in range(3) for name in ("pretraining", "random start", "pretrained")]  # of preset full


@pytest.fixture
def run(tmp_path):
    """A run of no experiment in particular."""
    return Run("one", "quick", SETTINGS, work=tmp_path)


def again(run, **changes):
    """The next run of the same experiment, or of one that differs in `changes`."""
    same = {"experiment": run.experiment, "preset": run.preset, "settings": run.settings, "device": run.device}
    return Run(**({**same, "work": run.work} | changes))


class Counted:
    """A computation that counts how often it was done."""

    def __init__(self, value=1.5):
        self.value, self.times = value, 0

    def __call__(self, folder=None):
        self.times += 1
        return {"value": self.value}


def without_times(path):
    record = json.loads(path.read_text(encoding="utf-8"))
    assert record.pop("wall_seconds") >= 0
    return record


# Cells


def test_a_cell_is_computed_once_and_then_read(run):
    compute = Counted()
    assert run.cell("a", compute, seed=0) == again(run).cell("a", compute, seed=0) == {"value": 1.5}
    assert compute.times == 1


def test_key_and_seed_tell_cells_apart(run):
    keys = [
        ("a", None),
        ("a", 0),
        ("a", 1),
        ("A", 0),
        ("a-0", None),
        ("é", 0),
        ("è", 0),
        ("x" * 100, 0),
        ("x" * 101, 0),
    ]
    for number, (key, seed) in enumerate(keys):
        assert run.cell(key, Counted(number), seed) == {"value": number}
    assert len(list(run.folder.iterdir())) == len(keys)
    assert [cell.value["value"] for cell in run.cells.values()] == list(range(len(keys)))


def test_a_key_that_is_asked_for_twice_is_refused(run):
    run.cell("a", Counted(), seed=0)
    with pytest.raises(ValueError, match="cell 'a' with seed 0 is asked for twice"):
        run.cell("a", Counted(), seed=0)
    with pytest.raises(ValueError, match="cell 'a' with seed 0 is asked for twice"):
        run.checkpoint("a", {}, Counted(), seed=0)


def test_a_cell_inside_another_is_refused(run):
    with pytest.raises(ValueError, match="'inner' is asked for while 'outer' is computed: ask for it before"):
        run.cell("outer", lambda: run.cell("inner", Counted()))
    assert run.cell("outer", Counted()) == {"value": 1.5}  # the failure left nothing behind


@pytest.mark.parametrize(
    "change",
    [
        {"settings": {"steps": 4, "seeds": 1}},
        {"settings": {"steps": 3, "seeds": 1, "more": 0}},
        {"preset": "full"},
        {"device": "cuda"},
        {"experiment": "two"},
    ],
    ids=str,
)
def test_changed_settings_do_not_reuse_cells(run, change):
    compute = Counted()
    run.cell("a", compute)
    again(run, **change).cell("a", compute)
    assert compute.times == 2


def test_the_number_of_seeds_is_not_a_change_of_settings(run):
    compute = Counted()
    run.cell("a", compute, seed=0)
    again(run, settings={"steps": 3, "seeds": 5}).cell("a", compute, seed=0)
    assert compute.times == 1


def test_a_damaged_cell_is_said_and_computed_anew(run, capsys):
    run.cell("a", Counted(1), seed=0)
    (file,) = run.folder.iterdir()
    file.write_text("{", encoding="utf-8")
    assert again(run).cell("a", Counted(2), seed=0) == {"value": 2}
    assert f"Warning: {file} is damaged" in capsys.readouterr().err
    assert cells.load(file).value == {"value": 2}


def test_numbers_that_are_not_finite_are_refused_and_the_cell_is_named(run):
    with pytest.raises(ValueError, match=r"cell 'a'\.value must be finite") as raised:
        run.cell("a", Counted(float("nan")), seed=3)
    assert raised.value.__notes__ == ["in the cell 'a', seed 3"]
    assert not run.folder.exists()


def test_a_log_is_told_of_cells_now_and_then(run, monkeypatch, capsys):
    monkeypatch.setattr(progress, "SECONDS_BETWEEN_LINES", 0)
    run.cell("a", Counted())
    run.cell("b", Counted())
    assert capsys.readouterr().err.splitlines() == [
        "  cells finished: 1, the last: a",
        "  cells finished: 2, the last: b",
    ]


# Checkpoints


def test_experiments_share_a_checkpoint_by_its_configuration(run):
    train = Counted()
    folder, record = run.checkpoint("pretraining", {"steps": 3, "d_model": 8}, train, seed=0)
    other = again(run, experiment="two", preset="full", settings={})
    assert other.checkpoint("the same", {"d_model": 8, "steps": 3}, train, seed=1) == (folder, record)
    assert train.times == 1
    assert list(other.cells) == [("the same", 1)]  # under the name that this experiment gave it


@pytest.mark.parametrize("change", [{"config": {"steps": 4}}, {"device": "cuda"}], ids=str)
def test_another_configuration_or_device_is_another_checkpoint(run, change):
    train = Counted()
    folder, _ = run.checkpoint("a", {"steps": 3}, train)
    other = again(run, device=change.get("device", "cpu"))
    other_folder, _ = other.checkpoint("a", change.get("config", {"steps": 3}), train)
    assert folder != other_folder
    assert train.times == 2


def test_training_that_was_interrupted_finds_what_it_left(run):
    def train(folder):
        if not (folder / "half").exists():
            (folder / "half").write_text("", encoding="utf-8")
            raise KeyboardInterrupt
        return {"resumed": True}

    with pytest.raises(KeyboardInterrupt):
        run.checkpoint("a", {}, train)
    assert again(run).checkpoint("a", {}, train)[1] == {"resumed": True}


def test_a_checkpoint_under_two_names_takes_its_time_once(run):
    run.checkpoint("a", {}, Counted())
    run.checkpoint("b", {}, Counted())
    assert len(run.cells) == 2
    assert len(run.seconds) == 1


# Figures


@pytest.mark.parametrize("name", ["Scores", "scores!", "—"])
def test_a_figure_needs_a_name_of_its_own(run, name):
    run.figure("scores", figures.subplots()[0], "The scores.")
    with pytest.raises(ValueError, match="needs a name of its own"):
        run.figure(name, figures.subplots()[0], "The scores.")


# Whole experiments


def test_a_run_writes_its_result_and_its_figures(fake, result_folder):
    path = run_experiment("fake_experiment", "full")
    assert path == result_folder / "full.json"
    assert sorted(file.name for file in result_folder.iterdir()) == ["full.json", "full.scores.svg"]
    result = load(path)
    assert (result.experiment, result.title, result.lecture) == (fake.NAME, fake.TITLE, fake.LECTURE)
    assert (result.preset, result.settings) == ("full", {"seeds": 3, "steps": 5})
    assert [(cell.name, cell.seeds, len(cell.values)) for cell in result.cells] == [
        (name, [0, 1, 2], 3) for name in ("pretraining", "random start", "pretrained")
    ]
    assert [(figure.name, figure.file) for figure in result.figures] == [("scores", "full.scores.svg")]
    assert result.environment.kernels
    assert fake.computed == WORK


def test_presets_have_results_of_their_own(fake, result_folder):
    run_experiment("fake_experiment", "quick")
    run_experiment("fake_experiment", "full")
    assert {file.name for file in result_folder.iterdir()} == {
        "quick.json",
        "quick.scores.svg",
        "full.json",
        "full.scores.svg",
    }


@pytest.mark.parametrize("killed_at", WORK, ids=str)
def test_a_killed_run_goes_on_where_it_was_and_ends_with_the_same_numbers(fake, tmp_path, monkeypatch, killed_at):
    monkeypatch.setattr(fake, "fail_at", killed_at)
    with pytest.raises(KeyboardInterrupt):
        run_experiment("fake_experiment", "full")
    assert fake.computed == WORK[: WORK.index(killed_at)]
    monkeypatch.setattr(fake, "fail_at", None)
    killed = without_times(run_experiment("fake_experiment", "full"))
    assert fake.computed == WORK  # each once, although the run began twice

    monkeypatch.setenv("MINIGRAD_CACHE", str(tmp_path / "elsewhere"))
    assert killed == without_times(run_experiment("fake_experiment", "full"))
    assert fake.computed == WORK * 2


def test_a_finished_run_computes_nothing_again(fake, result_folder):
    first = run_experiment("fake_experiment", "full").read_bytes()
    figure = (result_folder / "full.scores.svg").read_bytes()
    assert run_experiment("fake_experiment", "full").read_bytes() == first
    assert (result_folder / "full.scores.svg").read_bytes() == figure
    assert fake.computed == WORK


def test_a_resumed_run_says_so(fake, capsys):
    run_experiment("fake_experiment")
    assert "resuming" not in capsys.readouterr().out
    run_experiment("fake_experiment")
    assert "resuming; cells finished already: 2" in capsys.readouterr().out


def test_more_seeds_add_cells_only(fake):
    run_experiment("fake_experiment", "full")
    fake.computed.clear()
    result = load(run_experiment("fake_experiment", "full", seeds=4))
    assert fake.computed == [("pretraining", 3), ("random start", 3), ("pretrained", 3)]
    assert result.cells[0].seeds == [0, 1, 2, 3]
    assert result.claims[0].seeds == 4


def test_forgetting_computes_everything_again(fake):
    first = without_times(run_experiment("fake_experiment", "full"))
    forget(["fake_experiment"], "full")
    assert without_times(run_experiment("fake_experiment", "full")) == first
    assert fake.computed == WORK * 2


def test_forgetting_leaves_other_presets(fake):
    run_experiment("fake_experiment", "quick")
    run_experiment("fake_experiment", "full")
    fake.computed.clear()
    forget(["fake_experiment"], "full")
    run_experiment("fake_experiment", "quick")
    assert fake.computed == [("pretraining", 0)]  # checkpoints are forgotten for all


def test_forgetting_where_nothing_is_does_nothing(fake):
    forget(["fake_experiment"], "full")
    assert fake.computed == []


def test_a_figure_that_is_no_longer_drawn_goes_away(fake, result_folder):
    run_experiment("fake_experiment", "quick")
    for name in ("full.old.svg", "quick.old.svg"):
        (result_folder / name).write_text("<svg/>", encoding="utf-8")
    run_experiment("fake_experiment", "quick")
    assert {file.name for file in result_folder.glob("*.svg")} == {"quick.scores.svg", "full.old.svg"}


def test_figures_are_drawn_in_the_house_style(fake, result_folder):
    run_experiment("fake_experiment", "quick")
    assert "stroke-width: 1.8" in (result_folder / "quick.scores.svg").read_text(encoding="utf-8")


def test_a_run_of_an_installed_package_writes_to_the_users_cache(fake, tmp_path, monkeypatch):
    monkeypatch.setattr("experiments.folders.IN_CHECKOUT", False)
    path = run_experiment("fake_experiment", "quick")
    assert path == tmp_path / "cache" / "results" / "fake_experiment" / "quick.json"
    assert load(path).environment.commit in ("unknown", load(path).computed_at[0])


def test_a_lost_cache_changes_nothing_but_the_time(fake, tmp_path):
    first = without_times(run_experiment("fake_experiment", "full"))
    shutil.rmtree(tmp_path / "cache")
    assert without_times(run_experiment("fake_experiment", "full")) == first
