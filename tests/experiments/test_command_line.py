"""`python -m experiments`: what it prints, and its exit codes."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import experiments
from experiments.__main__ import main
from experiments.running import places
from experiments.tables import catalogue
from minigrad.errors import DeviceError
from tests.experiments import toy_table


def test_list_tells_what_there_is_and_what_it_takes(fake, capsys):
    assert main(["list"]) == 0
    assert capsys.readouterr().out == (
        "fake_experiment: Adding numbers, with and without a start\n"
        "  lecture: The pretraining paradigm\n"
        "  quick: about 3 s, 50 MB of memory\n"
        "  full: about 5 s, 50 MB of memory\n"
    )


@pytest.mark.parametrize("names", [[], ["all"], ["fake_experiment"], ["all", "fake_experiment"]])
def test_run_prints_what_became_of_the_claims(fake, result_folder, capsys, names):
    assert main(["run", *names, "--preset", "full"]) == 0
    out = capsys.readouterr().out
    assert "fake_experiment (full): Adding numbers, with and without a start" in out
    assert "  estimate for two CPU cores: 5 s, 50 MB of memory" in out
    assert "  ✓ reproduced: pretrained beats random: +6 [3.52, 8.48] (3 seeds)" in out
    assert "  ✗ contradicted: random beats 9: -8.55 [-8.83, -8.27] (3 seeds)" in out
    assert "  ✓ reproduced: steps are few: 5 steps (exact)" in out
    assert f"result: {result_folder / 'full.json'}" in out
    assert len(fake.computed) == 9


def test_the_default_is_quick_and_one_seed_has_no_verdict(fake, result_folder, capsys):
    assert main(["run"]) == 0
    out = capsys.readouterr().out
    assert "  · one seed: pretrained beats random: +5 (sign only, no interval)" in out
    assert "not separated" not in out
    assert (result_folder / "quick.json").is_file()


def test_fresh_computes_everything_again(fake):
    assert main(["run"]) == main(["run"]) == 0
    assert len(fake.computed) == 3
    assert main(["run", "--fresh"]) == 0
    assert len(fake.computed) == 6


def test_report_says_where_the_page_is(fake, result_folder, capsys):
    assert main(["run"]) == 0
    assert main(["report"]) == 0
    page = result_folder.parent / "report.html"
    assert f"The report: {page}" in capsys.readouterr().out
    assert page.is_file()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["run", "glue"], "no table is named 'glue'; there are: fake_experiment"),
        (["run", "glue", "all"], "no table is named 'glue'; there are: fake_experiment"),
        (
            ["run", "Fake_experment"],
            "no table is named 'Fake_experment' (did you mean 'fake_experiment'?); there are: ",
        ),
        (["run", ""], "no table is named ''; there are: fake_experiment"),
        (["run", "--preset", "Quick"], "fake_experiment has no preset 'Quick' (did you mean 'quick'?); it has: quick"),
        (["run", "--seeds", "-1"], "seeds must be at least 1 for the preset quick, got -1"),
        (["run", "--seeds", "1001"], "seeds must be at most 1000, got 1001"),
        (["run", "--jobs", "0"], "jobs must be at least 1, got 0"),
        (["run", "--jobs", "-1"], "jobs must be at least 1, got -1"),
        (["run", "--preset", "huge"], "fake_experiment has no preset 'huge'; it has: quick, full"),
        (["run", "--preset", "full", "--seeds", "2"], "seeds must be at least 3 for the preset full, got 2"),
        (["run", "--seeds", "0"], "seeds must be at least 1 for the preset quick, got 0"),
        (["report"], "there are no results yet; run the experiments first: python -m experiments run"),
        (["report", "--readme"], "there is no "),
    ],
)
def test_what_cannot_be_done_is_said_before_anything_is_computed(fake, capsys, arguments, message):
    assert main(arguments) == 2
    captured = capsys.readouterr()
    assert captured.err.startswith(f"error: {message}")
    assert captured.out == ""
    assert fake.computed == []


def test_a_missing_gpu_is_said_before_anything_is_computed(fake, monkeypatch, capsys):
    def missing():
        raise DeviceError("there is no GPU")

    monkeypatch.setattr("experiments.running.script.cupy", missing)
    assert main(["run", "--device", "cuda"]) == 2
    assert capsys.readouterr().err == "error: there is no GPU\n"
    assert fake.computed == []


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["walk"],
        ["run", "--device", "tpu"],
        ["run", "--seeds", "few"],
        ["run", "--seeds", "1_0"],
        ["run", "--seeds", "٣"],
        ["run", "--seeds", "1.0"],
        ["run", "--jobs", "9" * 5000],
        ["run", "--jobs", ""],
        ["run", "--fre"],
        ["report", "--read"],
    ],
)
def test_a_command_that_does_not_exist_is_refused(fake, capsys, arguments):
    with pytest.raises(SystemExit) as raised:
        main(arguments)
    assert raised.value.code == 2
    assert "usage: python -m experiments" in capsys.readouterr().err


@pytest.mark.parametrize(
    "options",
    [["--jobs", "0"], ["--seeds", "0"], ["--preset", "huge"], ["glue"], ["--device", "cuda"], ["--device", "tpu"]],
)
def test_fresh_forgets_nothing_where_another_option_is_wrong(fake, monkeypatch, tmp_path, options):
    def missing():
        raise DeviceError("there is no GPU")

    monkeypatch.setattr("experiments.running.script.cupy", missing)
    assert main(["run"]) == 0
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*") if path.is_file()}
    try:
        code = main(["run", "fake_experiment", "--fresh", *options])
    except SystemExit as ended:
        code = ended.code
    assert code == 2
    assert before == {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*") if path.is_file()}


def test_an_experiment_that_is_named_twice_is_run_once(fake, capsys):
    assert main(["run", "fake_experiment", "fake_experiment"]) == 0
    assert capsys.readouterr().out.count("took ") == 1


def test_an_interrupted_run_says_how_to_go_on(fake, capsys):
    fake.fail_at = ("pretrained", 1)
    assert main(["run", "all", "--preset", "full", "--fresh"]) == 130
    err = capsys.readouterr().err
    assert "Interrupted. What is finished is kept; to resume: python -m experiments run all --preset full\n" in err
    done = len(fake.computed)
    fake.fail_at = None
    assert main(["run", "all", "--preset", "full"]) == 0
    assert (done, len(fake.computed)) == (5, 9)


def test_a_fresh_run_that_was_interrupted_goes_on_without_old_cells(fake):
    assert main(["run", "--preset", "full"]) == 0
    fake.fail_at = ("pretraining", 0)
    assert main(["run", "--preset", "full", "--fresh"]) == 130
    fake.fail_at = None
    fake.computed.clear()
    assert main(["run", "--preset", "full"]) == 0
    assert len(fake.computed) == 9


def test_it_starts_from_any_folder_and_writes_utf8_whatever_the_console_is(tmp_path):
    project = Path(experiments.__file__).parents[1]
    environment = os.environ | {"PYTHONIOENCODING": "ascii", "PYTHONPATH": str(project)}
    command = [sys.executable, "-m", "experiments", "run", "✓"]
    answer = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, check=False)
    assert answer.returncode == 2
    assert "error: no table is named '✓'".encode() in answer.stderr


def test_jobs_and_options_are_checked_before_anything_is_forgotten(fake, capsys):
    assert main(["run"]) == 0
    assert main(["run", "--fresh", "--jobs", "0"]) == 2
    assert "jobs must be at least 1, got 0" in capsys.readouterr().err
    fake.computed.clear()
    assert main(["run"]) == 0
    assert fake.computed == []


def test_the_toy_table_goes_from_the_list_to_the_report(fake, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(catalogue, "CATALOGUE", (catalogue.Entry("toy_table", "a toy", package=__package__),))
    assert main(["list"]) == main(["run", "--jobs", "2"]) == main(["report"]) == 0
    assert "toy_table: A toy" in capsys.readouterr().out
    page = places.results_folder() / "report.html"
    assert "a start is worth having" in page.read_text(encoding="utf-8")


def test_the_toy_table_is_short():
    lines = Path(toy_table.__file__).read_text(encoding="utf-8").splitlines()
    assert len([line for line in lines if line.strip()]) < 40


def test_a_table_is_a_script_of_its_own(tmp_path):
    environment = os.environ | {
        "MINIGRAD_CACHE": str(tmp_path),
        "PYTHONPATH": str(Path(experiments.__file__).parents[1]),
    }
    command = [sys.executable, "-m", "experiments.tables.model_sizes", "--preset", "huge"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr == "error: model_sizes has no preset 'huge'; it has: quick, full\n"
