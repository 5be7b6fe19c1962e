"""Nothing is computed twice, whoever computes it; and a plan knows what can be computed now."""

import dataclasses

import pytest

from experiments.evidence import figures
from experiments.running import cells, progress
from experiments.running.work import CellName, Checkpoint, Finished, NotYet, OneCell, Plan, Work
from minigrad import random
from tests.experiments import fake_experiment


@pytest.fixture
def work(request_for):
    """The work of the fake experiment's quick preset, which has not run."""
    return Work(request_for())


def again(work, **changes):
    """The same work in the next process, or of a request that differs in `changes`."""
    return type(work)(dataclasses.replace(work.request, **changes))


class Counted:
    """A computation that counts how often it was done."""

    def __init__(self, value=1.5, name="train"):
        self.value, self.times, self.__qualname__ = value, 0, name  # a function has its name by itself

    def __call__(self, *arguments):
        self.times += 1
        self.arguments = arguments
        return {"value": self.value}


# Cells


def test_a_cell_is_computed_once_and_then_read(work):
    compute = Counted()
    assert work.cell("a", compute, 3, "x", seed=0) == again(work).cell("a", compute, seed=0) == {"value": 1.5}
    assert compute.times == 1
    assert compute.arguments == (3, "x")


def test_key_and_seed_tell_cells_apart(work):
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
        assert work.cell(key, Counted(number), seed=seed) == {"value": number}
    assert len(list(work.folder.iterdir())) == len(keys)
    assert [cell.value["value"] for cell in work.cells.values()] == list(range(len(keys)))


def test_a_key_that_is_asked_for_twice_is_refused(work):
    work.cell("a", Counted(), seed=0)
    with pytest.raises(ValueError, match="cell 'a' with seed 0 is asked for twice"):
        work.cell("a", Counted(), seed=0)
    with pytest.raises(ValueError, match="cell 'a' with seed 0 is asked for twice"):
        work.checkpoint("a", Counted(), seed=0)


def test_a_cell_inside_another_is_refused(work):
    with pytest.raises(ValueError, match="'inner' is asked for while 'outer' is computed: ask for it before"):
        work.cell("outer", lambda: work.cell("inner", Counted()))
    assert work.cell("outer", Counted()) == {"value": 1.5}  # the failure left nothing behind


def test_changed_settings_do_not_reuse_cells(work, monkeypatch):
    compute = Counted()
    work.cell("a", compute)
    monkeypatch.setitem(fake_experiment.PRESETS, "quick", fake_experiment.Settings(seeds=1, steps=4))
    again(work).cell("a", compute)
    again(work, preset="full").cell("a", compute)
    again(work, device="cuda").cell("a", compute)
    assert compute.times == 4


def test_the_number_of_seeds_is_not_a_change_of_settings(work):
    compute = Counted()
    work.cell("a", compute, seed=0)
    again(work, seeds=5).cell("a", compute, seed=0)
    assert compute.times == 1


def test_a_damaged_cell_is_said_and_computed_again(work, capsys):
    work.cell("a", Counted(1), seed=0)
    (file,) = work.folder.iterdir()
    file.write_text("{", encoding="utf-8")
    assert again(work).cell("a", Counted(2), seed=0) == {"value": 2}
    assert f"Warning: {file} is damaged" in capsys.readouterr().err
    assert cells.load(file).value == {"value": 2}


def test_numbers_that_are_not_finite_are_refused_and_the_cell_is_named(work):
    with pytest.raises(ValueError, match=r"cell 'a'\.value must be finite") as raised:
        work.cell("a", Counted(float("nan")), seed=3)
    assert raised.value.__notes__ == ["in the cell 'a', seed 3"]
    assert not work.folder.exists()


def test_a_log_is_told_of_cells_now_and_then(work, monkeypatch, capsys):
    monkeypatch.setattr(progress, "SECONDS_BETWEEN_LINES", 0)
    work.cell("a", Counted())
    work.cell("b", Counted())
    assert capsys.readouterr().err.splitlines() == [
        "  cells finished: 1, the last: a",
        "  cells finished: 2, the last: b",
    ]


# Checkpoints


def test_tables_share_a_checkpoint_by_its_function_and_arguments(work):
    train = Counted()
    folder, record = work.checkpoint("pretraining", train, 3, {"d_model": 8}, seed=0)
    other = again(work, preset="full")
    assert other.checkpoint("the same", train, 3, {"d_model": 8}, seed=1) == (folder, record)
    assert train.times == 1
    assert train.arguments == (folder, 3, {"d_model": 8})
    assert list(other.cells) == [CellName("the same", 1)]  # under the name that this table gave it


def test_other_arguments_another_function_or_device_are_another_checkpoint(work):
    one = work.checkpoint("a", Counted(), 3)
    others = [
        work.checkpoint("b", Counted(), 4),
        work.checkpoint("c", Counted(name="other"), 3),
        again(work, device="cuda").checkpoint("a", Counted(), 3),
        work.checkpoint("d", Counted(), one),
    ]
    assert len({checkpoint.folder for checkpoint in [one, *others]}) == 5


def test_a_checkpoint_among_the_arguments_counts_wherever_the_work_folder_is(work, monkeypatch, tmp_path):
    names = []
    for folder in ("here", "there"):
        monkeypatch.setenv("MINIGRAD_CACHE", str(tmp_path / folder))
        moved = again(work)
        names.append(moved.checkpoint("b", Counted(), moved.checkpoint("a", Counted())).folder.name)
    assert names[0] == names[1]


def test_an_argument_that_has_no_place_in_a_name_is_refused(work):
    with pytest.raises(TypeError, match="must be numbers, text, lists and dicts, got object"):
        work.checkpoint("a", Counted(), object())


def drawn(*_):
    """A function of the library's generator."""
    return {"drawn": random.generator().random()}


def test_what_is_drawn_does_not_depend_on_the_cells_before(work):
    first = work.cell("a", drawn)
    assert work.cell("b", drawn) == first
    assert work.checkpoint("c", drawn).record == first


@dataclasses.dataclass(frozen=True)
class Masking:
    rate: float


@dataclasses.dataclass(frozen=True)
class Dropout:
    rate: float


def test_functions_classes_and_dataclasses_count_by_name_and_value(work):
    arguments = [drawn, Counted, Masking(0.1), Masking(0.2), Dropout(0.1), (Masking(0.1),), {"how": Masking(0.1)}]
    folders = [work.checkpoint(str(i), Counted(), argument).folder for i, argument in enumerate(arguments)]
    assert len(set(folders)) == len(arguments)
    other = again(work)
    assert [other.checkpoint(str(i), Counted(), argument).folder for i, argument in enumerate(arguments)] == folders


def test_a_function_without_a_name_is_refused(work):
    with pytest.raises(
        TypeError, match=r"a checkpoint cannot be named after <function .*<lambda>.*: define a function"
    ):
        work.checkpoint("a", Counted(), [lambda: 1])


def test_training_that_was_interrupted_finds_what_it_left(work):
    def train(folder):
        if not (folder / "half").exists():
            (folder / "half").write_text("", encoding="utf-8")
            raise KeyboardInterrupt
        return {"resumed": True}

    with pytest.raises(KeyboardInterrupt):
        work.checkpoint("a", train)
    assert again(work).checkpoint("a", train).record == {"resumed": True}


def test_a_checkpoint_under_two_names_takes_its_time_once(work):
    work.checkpoint("a", Counted())
    work.checkpoint("b", Counted())
    assert len(work.cells) == 2
    assert len(work.seconds) == 1


# Figures


@pytest.mark.parametrize("name", ["Scores", "scores!", "—"])
def test_a_figure_needs_a_name_of_its_own(work, name):
    work.figure("scores", figures.subplots()[0], "The scores.")
    with pytest.raises(ValueError, match="needs a name of its own"):
        work.figure(name, figures.subplots()[0], "The scores.")


# Plans


def test_a_plan_computes_nothing_and_names_what_can_be_computed_now(request_for):
    plan, compute = Plan(request_for()), Counted()
    start = plan.checkpoint("start", compute, 1)
    waiting = plan.cell("needs it", compute, [start])
    plan.cell("needs that", compute, {"other": waiting})
    plan.cell("needs nothing", compute)
    assert [name.key for name in plan.ready.values()] == ["start", "needs nothing"]
    assert compute.times == 0


def test_a_plan_names_a_checkpoint_with_two_names_once(request_for):
    plan = Plan(request_for())
    plan.checkpoint("a", Counted())
    plan.checkpoint("b", Counted())
    assert [name.key for name in plan.ready.values()] == ["a"]


def test_a_plan_finds_finished_cells_and_goes_on_behind_them(work, request_for):
    start = work.checkpoint("start", Counted(), 1)
    plan = Plan(request_for())
    assert plan.checkpoint("start", Counted(), 1) == start
    plan.cell("needs it", Counted(), start)
    assert [name.key for name in plan.ready.values()] == ["needs it"]


@pytest.mark.parametrize(
    "look",
    [
        lambda value: value["score"],
        lambda value: value.get("score"),
        lambda value: list(value),
        lambda value: len(value),
        lambda value: "score" in value,
        lambda value: bool(value),
        lambda value: float(value),
    ],
)
def test_looking_at_what_is_missing_ends_the_plan(request_for, look):
    missing = Plan(request_for()).cell("a", Counted())
    with pytest.raises(NotYet, match=r"^a$"):
        look(missing)


def test_one_cell_is_computed_and_no_other(request_for):
    one, wanted, other = OneCell(request_for(), CellName("wanted", 2)), Counted(), Counted()
    one.cell("other", other, seed=2)
    one.cell("wanted", other, seed=1)
    with pytest.raises(Finished):
        one.cell("wanted", wanted, 7, seed=2)
    assert (wanted.times, other.times) == (1, 0)
    assert Work(request_for()).cell("wanted", other, seed=2) == {"value": 1.5}


def test_a_checkpoint_is_a_folder_and_a_record(work):
    checkpoint = work.checkpoint("a", Counted())
    assert checkpoint == Checkpoint(work.checkpoints / checkpoint.folder.name, {"value": 1.5})
