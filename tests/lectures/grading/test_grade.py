"""A submission is graded: points, messages, symptoms, reports."""

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from lectures.__main__ import main
from lectures.grading import leak
from lectures.grading.exercise import Mistake, Variant
from lectures.grading.folder import (
    ABOUT,
    FolderError,
    assignment_of,
    chosen_variants,
    handout_page,
    hidden_seed,
    sources,
    write_handout,
)
from lectures.grading.grade import Known, grade, grade_exercise, make_cases
from lectures.grading.proof import prove
from tests.lectures.grading.conftest import PROJECT, SOLUTION, TWO_MISTAKES, UNKNOWN_MISTAKE, WARM_UP

EXERCISE = WARM_UP.exercises[0]
Solved = Callable[[str], Path]


def test_a_handout_is_not_written_yet(handout: Path):
    verdict = grade_exercise(handout, "0.1")
    assert (verdict.points, verdict.max_points) == (0, 10)
    assert verdict.message == "not written yet (exercise 0.1 is not written yet)"
    assert not any(verdict.groups.values())


def test_a_solution_has_all_points_also_with_a_courses_seed(solved: Solved):
    folder = solved(SOLUTION)
    for key in ("", "autumn"):
        (verdict,) = grade(folder, WARM_UP, key=key)
        assert (verdict.points, verdict.max_points) == (10, 10)
        assert all(verdict.groups.values())
        assert verdict.symptoms == ()


def test_two_mistakes_at_once_are_both_named(solved: Solved):
    verdict = grade_exercise(solved(TWO_MISTAKES), "0.1")
    assert verdict.groups == {"values": True, "large numbers": False, "gradients": False}
    assert verdict.points == 3
    symptoms = {mistake.name: mistake.symptom for mistake in EXERCISE.mistakes}
    assert set(verdict.symptoms) == {symptoms["overflows"], symptoms["grad dropped"]}
    assert "example 3, shows x = 1,000, -1,000 and 0:" in verdict.message
    assert "expected [1000, 0, 0.69315] of shape (3,)" in verdict.message
    assert "got      [inf, 0, 0.69315] of shape (3,)" in verdict.message
    assert "lectures/machine/1-tape.md" in verdict.message


def test_a_mistake_that_is_not_known_gets_no_name(solved: Solved):
    verdict = grade_exercise(solved(UNKNOWN_MISTAKE), "0.1")
    assert verdict.points == 3  # the gradients are right
    assert verdict.symptoms == ()
    assert "as if" not in verdict.message


def test_a_message_never_shows_the_solution(solved: Solved):
    text = grade_exercise(solved(TWO_MISTAKES), "0.1").message
    assert all(mistake.old not in text for mistake in EXERCISE.mistakes)


def test_own_design_behind_the_adapters_is_graded(handout: Path):
    (handout / "softplus.py").unlink()
    (handout / "own.py").write_text("import numpy as np\ndef value(x): return np.logaddexp(0, x)\n")
    (handout / "adapters_0.py").write_text(
        "import numpy as np, own\n"
        "def softplus_forward(x): return own.value(x)\n"
        "def softplus_gradient(x, grad): return grad * (0.5 + 0.5 * np.tanh(x / 2))\n"
    )
    assert grade_exercise(handout, "0.1").points == 10


def test_a_removed_file_is_not_solved_by_the_library(handout: Path):
    (handout / "softplus.py").unlink()
    assert grade_exercise(handout, "0.1").points == 0


def test_what_known_mistakes_give_is_computed_once(solved: Solved):
    known: Known = {}
    folder = solved(TWO_MISTAKES)
    first = grade(folder, WARM_UP, known=known)
    (outputs,) = known.values()
    assert set(outputs) == {mistake.symptom for mistake in EXERCISE.mistakes}
    assert grade(folder, WARM_UP, known=known)[0].symptoms == first[0].symptoms


# -- the command line -------------------------------------------------------------------------------


def test_handout_and_grade(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    folder = tmp_path / "work"
    assert main(["handout", "0", "--to", str(folder)]) == 0
    assert f"python -m lectures grade {folder}" in capsys.readouterr().out
    names = {path.name for path in folder.iterdir()}
    assert names == {
        "AGENTS.md",
        "adapters_0.py",
        "handout.json",
        "handout_0.md",
        "softplus.py",
        "test_assignment_0.py",
    }
    assert main(["grade", str(folder)]) == 1
    said = capsys.readouterr().out
    assert "0.1  softplus: 0 of 10 points" in said
    assert "0 of 10 points with the public examples; a course grades with examples from another seed" in said
    with pytest.raises(SystemExit) as error:
        main(["handout", "0", "--to", str(folder)])
    assert error.value.code == 2
    assert "to keep your work" in capsys.readouterr().err


def test_grade_writes_reports_and_an_example(solved: Solved, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    folder = solved(TWO_MISTAKES)
    own, gradescope = tmp_path / "own.json", tmp_path / "results.json"
    assert main(["grade", str(folder), "0.1", "--json", str(own), "--gradescope", str(gradescope)]) == 1
    report = json.loads(own.read_text())
    assert (report["assignment"], report["points"], report["max_points"], report["variants"]) == (0, 3, 10, {})
    (exercise,) = report["exercises"]
    assert exercise["groups"] == {"values": True, "large numbers": False, "gradients": False}
    assert len(exercise["symptoms"]) == 2
    results = json.loads(gradescope.read_text())
    assert results["score"] == 3
    assert [(test["number"], test["score"], test["max_score"]) for test in results["tests"]] == [("0.1", 3, 10)]
    example = folder / "example_0_1.py"
    assert f"python -m pdb {example}" in capsys.readouterr().out
    done = subprocess.run(
        [sys.executable, "-W", "ignore", str(example)], capture_output=True, text=True, check=True, cwd=PROJECT
    )
    assert done.stdout.split() == ["[", "inf", "0.", "0.69314718]"]


def test_a_course_does_not_write_into_the_folder(solved: Solved):
    folder = solved(TWO_MISTAKES)
    before = sorted(folder.iterdir())
    assert main(["grade", str(folder), "--key", "autumn"]) == 1
    assert sorted(folder.iterdir()) == before


def test_the_checks_are_tests_too(solved: Solved):
    folder = solved(TWO_MISTAKES)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(folder)],
        capture_output=True, text=True, cwd=folder, env=_environment(),
    )  # fmt: skip
    assert done.returncode == 1
    assert "the rule ignores the incoming gradient" in done.stdout


def _environment() -> dict[str, str]:
    import os

    return {**os.environ, "PYTHONPATH": str(PROJECT), "PYTHONDONTWRITEBYTECODE": "1"}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["grade", "{empty}"], "is not the folder of a handout: it has no handout.json"),
        (["grade", "{handout}", "7"], "there is no assignment 7; the assignments: 0"),
        (["grade", "{handout}", "0.9"], "assignment 0 has no exercise '0.9'; its exercises: 0.1"),
        (["grade", "{handout}", "--ours", "0"], "expected --ours to name another assignment"),
        (["grade", "{handout}", "--json", "{handout}"], "cannot write"),
        (["handout", "9", "--to", "{empty}"], "there is no assignment 9"),
        (["handout", "0", "--to", "{handout}/softplus.py"], "cannot write to"),
        (["prove", "0.2"], "has no exercise '0.2'"),
        (["prove", "--seeds", "0"], "expected --seeds of at least 1, got 0"),
        (["class", "{empty}"], "is not the folder of a handout"),
    ],
)
def test_a_command_line_that_is_wrong(
    handout: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], said: str
):
    (tmp_path / "empty").mkdir()
    with pytest.raises(SystemExit) as error:
        main([one.format(empty=tmp_path / "empty", handout=handout) for one in arguments])
    assert error.value.code == 2
    assert said in capsys.readouterr().err


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("{", "is damaged"),
        ("[]", "is damaged"),
        ('{"assignments": {}}', "expected at least one assignment"),
        ('{"assignments": {"77": {}}}', "there is no assignment 77"),
        ('{"assignments": {"0": []}}', "expected the variants of assignment 0"),
        ('{"assignments": {"0": {"0.1": "a"}}}', "expected variants of none, got 0.1"),
    ],
)
def test_a_damaged_handout_is_refused_in_words(handout: Path, content: str, said: str):
    (handout / ABOUT).write_text(content)
    with pytest.raises(FolderError, match=r"handout\.json") as error:
        grade_exercise(handout, "0.1")
    assert said in str(error.value)


def test_class_counts_symptoms(handout: Path, solved: Solved, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    folders = []
    for name, body in [("anna", SOLUTION), ("ben", TWO_MISTAKES), ("carl", UNKNOWN_MISTAKE), ("dora", "")]:
        folder = tmp_path / name
        folder.mkdir()
        write_handout(folder, WARM_UP, PROJECT)
        if body:
            path = folder / "softplus.py"
            path.write_text(
                path.read_text().replace('    raise NotImplementedError("exercise 0.1 is not written yet")\n', body)
            )
        folders.append(str(folder))
    (tmp_path / "eve").mkdir()
    assert main(["class", *folders, str(tmp_path / "eve"), "--key", "autumn"]) == 1
    said = capsys.readouterr().out
    assert "0.1  softplus: 4.0 of 10 points on average, 1 of 4 complete" in said
    assert "1 × the rule ignores the incoming gradient" in said
    assert "1 × not written yet" in said
    assert "1 × a mistake that the grader does not know" in said
    assert f"{tmp_path / 'eve'}" in said
    assert "not graded" in said


# -- keys and variants ------------------------------------------------------------------------------

SHIFTED = Variant(
    "shifted",
    "Add one to it.",
    (
        (
            EXERCISE.stubs[0].symbol,
            "np.maximum(x_data, 0) + np.log1p(np.exp(-np.abs(x_data)))",
            "1 + np.maximum(x_data, 0) + np.log1p(np.exp(-np.abs(x_data)))",
        ),
    ),
)


def shifted_cases(generator, variant):
    for case in EXERCISE.cases(generator, variant):
        moved = variant == "shifted" and case.function == "softplus_forward"
        yield replace(case, expected=case.expected + 1) if moved else case


WITH_VARIANTS = replace(
    EXERCISE, variants=(Variant("plain", "As it is."), SHIFTED), cases=shifted_cases, mistakes=EXERCISE.mistakes[2:]
)


def test_a_key_decides_the_seed_and_the_variants():
    assignment = replace(WARM_UP, exercises=(WITH_VARIANTS,))
    assert hidden_seed("", assignment) == 0
    assert hidden_seed("a", assignment) != hidden_seed("b", assignment)
    assert hidden_seed("a", assignment) == hidden_seed("a", assignment)
    assert chosen_variants("", assignment) == {"0.1": "plain"}
    assert {chosen_variants(key, assignment)["0.1"] for key in "abcdefgh"} == {"plain", "shifted"}


def test_cases_differ_with_the_seed():
    first, second = (make_cases(EXERCISE, seed, {})[0].arguments[0] for seed in (0, 1))
    assert (first != second).all()
    assert (first == make_cases(EXERCISE, 0, {})[0].arguments[0]).all()


def test_a_variant_is_proven_too():
    assignment = replace(WARM_UP, exercises=(replace(WITH_VARIANTS, mistakes=EXERCISE.mistakes[2:]),))
    problems = prove(assignment, assignment.exercises[0], PROJECT, seeds=2)
    assert problems == ["expected at least 5 mistakes, there are 4"]


def test_the_handout_states_the_rule_of_its_variant(tmp_path: Path):
    assignment = replace(WARM_UP, exercises=(WITH_VARIANTS,))
    page = tmp_path / WARM_UP.folder / "handout.md"
    page.parent.mkdir(parents=True)
    page.write_text("See [`tape`](../../tape.py).\n\n<!-- rule 0.1 -->\nAs it is.\n<!-- /rule 0.1 -->\n")
    said = handout_page(assignment, tmp_path, {"0.1": "shifted"})
    assert "Add one to it." in said
    assert "As it is." not in said
    assert "See `tape`." in said
    page.write_text("No mark.\n")
    with pytest.raises(FolderError, match=r"rule 0\.1"):
        handout_page(assignment, tmp_path, {"0.1": "shifted"})


def test_another_key_than_that_of_the_handout_is_refused(handout: Path):
    assignment = replace(WARM_UP, exercises=(WITH_VARIANTS,))
    key = next(key for key in "abcdefgh" if chosen_variants(key, assignment)["0.1"] == "shifted")
    (handout / ABOUT).write_text('{"assignments": {"0": {"0.1": "plain"}}}')
    with pytest.raises(FolderError, match="was not made with this key"):
        grade(handout, assignment, key=key)


# -- the proof and the leak test can fail -----------------------------------------------------------


def broken(**changes):
    return replace(EXERCISE, **changes)


def with_cases(**changes):
    return broken(
        cases=lambda generator, variant: [replace(one, **changes) for one in EXERCISE.cases(generator, variant)]
    )


FIRST, *_, LAST = EXERCISE.mistakes
HARMLESS = Mistake("harmless", "small = np.exp(-np.abs(x_data))", "small = np.exp(-abs(x_data))", "nothing changes")


@pytest.mark.parametrize(
    ("exercise", "said"),
    [
        (broken(mistakes=EXERCISE.mistakes[:3]), "expected at least 5 mistakes, there are 3"),
        (
            broken(mistakes=(*EXERCISE.mistakes, replace(FIRST, name="other", symptom="another"))),
            "the mistake 'other' cannot be told from",
        ),
        (broken(mistakes=(*EXERCISE.mistakes, HARMLESS)), "the mistake 'harmless' is not noticed"),
        (
            broken(mistakes=(*EXERCISE.mistakes[:-1], replace(LAST, symptom=FIRST.symptom))),
            "two mistakes have the same symptom",
        ),
        (with_cases(expected=0), "the solution is wrong in the case"),
        (with_cases(function="nothing"), "the stub: in the case"),
    ],
)
def test_an_exercise_that_does_not_work_is_noticed(exercise, said: str):
    assignment = replace(WARM_UP, exercises=(exercise,))
    assert any(said in problem for problem in prove(assignment, exercise, PROJECT, seeds=1))


def test_the_warm_up_is_proven():
    assert prove(WARM_UP, EXERCISE, PROJECT) == []


def test_the_handout_holds_no_answer(handout: Path):
    assert leak.leaks(handout, WARM_UP, PROJECT) == {}


def test_an_answer_in_a_handout_is_noticed(handout: Path):
    solution = sources(WARM_UP, PROJECT, {})["lectures/assignments/warm_up/solution/softplus.py"]
    (handout / "notes.py").write_text(solution.replace("# d/dx", "# derivative"))
    ((symbol, found),) = leak.leaks(handout, WARM_UP, PROJECT).items()
    assert symbol == EXERCISE.stubs[0].symbol
    assert list(found) == ["notes.py"]


def test_an_unknown_assignment():
    with pytest.raises(ValueError, match="there is no assignment 8"):
        assignment_of("8.1")
