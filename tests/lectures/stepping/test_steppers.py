"""Each program of lectures/steppers/ shows what its text tells the reader to watch."""

import re
from pathlib import Path

import pytest

from lectures.steppers import STEPPERS
from lectures.stepping import building
from lectures.stepping.building import Stepper, build
from lectures.stepping.page import page
from lectures.stepping.recorder import Recording
from tests.lectures.stepping.conftest import REPOSITORY
from tests.lectures.stepping.reading import lines, name, tape, variables, where

Steppers = dict[str, Stepper]


def values(recording: Recording, function: str, text: str, variable: str) -> list[str]:
    """A variable at each step of a function before a statement that contains a text."""
    return [variables(recording, at)[variable] for at in where(recording, function, text)]


def test_every_program_has_an_entry():
    programs = {path.stem for path in (REPOSITORY / "lectures" / "steppers").glob("*.py")} - {"__init__"}
    assert programs == set(STEPPERS)


@pytest.mark.parametrize("program", STEPPERS)
def test_a_recording_is_whole_and_small(steppers: Steppers, program: str):
    stepper = steppers[program]
    assert not stepper.recording.error
    assert not stepper.recording.is_full
    assert 30 <= len(stepper.recording.steps) <= 400
    assert len(stepper.html.encode()) <= 150_000
    assert "".join(step.get("printed", "") for step in stepper.recording.steps)


@pytest.mark.parametrize("program", STEPPERS)
def test_every_file_that_is_watched_is_stepped_through(steppers: Steppers, program: str):
    recording = steppers[program].recording
    stepped = {recording.files[recording.calls[step["call"]][1]]["name"] for step in recording.steps}
    assert {watch.partition("::")[0] for watch in STEPPERS[program]} <= stepped


@pytest.mark.parametrize("program", STEPPERS)
def test_names_in_the_text_are_in_the_recording(steppers: Steppers, program: str):
    stepper = steppers[program]
    recording = stepper.recording
    seen = {variable for step in recording.steps for variable in step.get("variables", {})}
    seen |= {part for call, _ in recording.calls for part in (call, call.rpartition(".")[2])}
    seen |= {"length", ".grad"} | set(re.findall(r"\w+", " ".join(lines(recording))))
    for quoted in re.findall(r"`([^`]+)`", " ".join(stepper.paragraphs)):
        assert set(re.findall(r"[A-Za-z_.]+", quoted)) <= seen | {".grad"}, quoted


@pytest.mark.parametrize("program", STEPPERS)
def test_a_second_recording_gives_the_same_page(steppers: Steppers, program: str):
    assert building.stepper(program, REPOSITORY).html == steppers[program].html


def test_backward_waits_for_both_gradients_of_b(steppers: Steppers):
    recording = steppers["backward"].recording
    at = where(recording, "Tensor.backward", "gradients.add(node, grad, node.rule(grad))")
    rows = [tape(recording, i) for i in at]
    assert [[row[1] for row in each.values() if row[5] == "now"] for each in rows] == [
        ["sum"],
        ["add"],
        ["mul"],
        ["add"],
    ]
    assert [each["1"][4] for each in rows] == ["", "", "[1.]", "[13.]"]
    arrived = [step["tape"]["1"][4] for step in recording.steps if "1" in step.get("tape", {})]
    assert arrived == ["", "[1.]", "[7.]", "[13.]", "[13.]", ""]
    assert tape(recording, len(recording.steps) - 1)["a"][4] == "[26.]"


def test_backward_runs_each_rule_once(steppers: Steppers):
    recording = steppers["backward"].recording
    rules = [call for call, _ in recording.calls if call.endswith("_backward")]
    assert rules == ["sum_backward", "add_backward", "mul_backward", "add_backward"]


def test_bpe_counts_pairs_and_merges_the_greatest(steppers: Steppers):
    recording = steppers["bpe"].recording
    counts = values(recording, "learn_merges", "if not pair_counts", "pair_counts")
    assert counts[0].startswith("{('e', 's'): 9, ('s', 't'): 9, ('t', '</w>'): 9, ")
    assert "('s', 't</w>'): 9" in counts[1]
    assert "('t', '</w>')" not in counts[1]
    yielded = [step["value"] for step in recording.steps if step.get("event") == "yield"]
    assert len(yielded) == 2
    assert values(recording, "learn_merges", "merge = Merge", "left") == ["'t'", "'s'"]
    merged = [
        s["value"] for s in recording.steps if s.get("event") == "return" and name(recording, s) == "replace_pair"
    ]
    assert merged[:3] == [
        "['l', 'o', 'w', '</w>']", "['n', 'e', 'w', 'e', 's', 't</w>']", "['w', 'i', 'd', 'e', 's', 't</w>']",
    ]  # fmt: skip


def test_masked_lm_masks_replaces_and_keeps(steppers: Steppers):
    recording = steppers["masked_lm"].recording
    (draws,) = values(recording, "replace_tokens", "to_mask, to_random, _ = shares", "draws")
    numbers = [float(number) for number in re.findall(r"\d\.\d+", draws)]
    assert [sum(low <= n < high for n in numbers) for low, high in ((0, 0.8), (0.8, 0.9), (0.9, 1))] == [1, 1, 1]
    end = variables(recording, len(recording.steps) - 1)
    ids, inputs, labels = ([int(n) for n in re.findall(r"-?\d+", end[key])][3:] for key in ("ids", "inputs", "labels"))
    chosen = [i for i, label in enumerate(labels) if label != -100]
    assert len(chosen) == 3
    assert [labels[i] for i in chosen] == [ids[i] for i in chosen]
    assert sorted((inputs[i] == 3, inputs[i] == ids[i]) for i in chosen) == [
        (False, False),
        (False, True),
        (True, False),
    ]


def test_attention_gives_no_weight_to_the_future_and_its_gradient_sums_to_nothing(steppers: Steppers):
    recording = steppers["attention"].recording

    def matrix(function: str, text: str, variable: str) -> list[list[float]]:
        (value,) = values(recording, function, text, variable)
        numbers = [float(number) for number in re.findall(r"-?\d+\.\d*(?:e[-+]\d+)?", value)]
        return [numbers[i : i + 3] for i in range(0, 9, 3)]

    probs = matrix("attention_forward", "return probs @ v, probs", "probs")
    assert [sum(row) for row in probs] == pytest.approx([1, 1, 1], abs=1e-3)
    assert (probs[0][1], probs[0][2], probs[1][2]) == (0, 0, 0)
    grad_scores = matrix("attention_backward", "grad_q = scale", "grad_scores")
    assert [sum(row) for row in grad_scores] == pytest.approx([0, 0, 0], abs=1e-3)
    assert max(abs(number) for row in grad_scores for number in row) > 0.01
    end = tape(recording, len(recording.steps) - 1)
    assert all(end[leaf][4] for leaf in "qkv")


def test_adam_changes_the_moments_then_the_parameter(steppers: Steppers):
    recording = steppers["adam"].recording
    changed = {
        text: recording.steps[where(recording, "adam_step", text)[0]].get("variables", {})
        for text in ("v *= beta2", "m_hat =", "data *= decay")
    }
    assert changed["v *= beta2"] == {"m": "float32 (2,) [0.5   0.005]"}
    assert list(changed["m_hat ="]) == ["v"]
    assert list(changed["data *= decay"]) == ["v_hat"]
    end = variables(recording, len(recording.steps) - 1)
    assert end["weight"].startswith("Tensor float32 (2,) [0.9 0.9]")  # both moved by the learning rate


def test_greedy_reads_the_text_once_and_then_one_token_at_a_time(steppers: Steppers):
    recording = steppers["greedy"].recording
    read = values(recording, "WithCache.__call__", "hidden = self.model.hidden_states(new_ids", "new_ids")
    assert [text.partition("[[")[0] for text in read] == ["int64 (1, 3) ", "int64 (1, 1) ", "int64 (1, 1) "]
    assert values(recording, "KeyValueCache.append", "self.length = length", "length") == ["3", "4", "5"]
    scores = values(recording, "attention_forward", "if bias is not None", "scores")
    assert [text.splitlines()[0].partition("[[")[0].strip() for text in scores] == [
        "float32 (1, 1, 3, 3)", "float32 (1, 1, 1, 4)", "float32 (1, 1, 1, 5)",
    ]  # fmt: skip
    assert variables(recording, len(recording.steps) - 1)["ids"] == "int64 (1, 6) [[0 1 2 2 1 1]]"


def test_all_pages_and_an_index_are_written(pages: Path):
    assert {path.name for path in pages.iterdir()} == {*(f"{name}.html" for name in STEPPERS), "index.html"}
    index = (pages / "index.html").read_text("utf-8")
    assert set(re.findall(r'href="([^"]+)"', index)) == {f"{name}.html" for name in STEPPERS}


def test_no_page_names_an_address_outside_of_it(pages: Path):
    for path in pages.iterdir():
        html = path.read_text("utf-8")
        head, _, _ = html.partition('<script type="application/json"')
        assert "default-src 'none'" in head
        without_links = re.sub(r'href="\w+\.html"', "", html)
        assert re.findall(r"""(?:https?:)?//[\w.]+\.\w+|\b(?:src|href)\s*=\s*["']""", without_links) == []


def test_a_program_that_fails_stops_the_build(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    program = tmp_path / "lectures" / "steppers" / "wrong.py"
    program.parent.mkdir(parents=True)
    program.write_text('"""Title"""\n\n1 / 0\n')
    (tmp_path / "minigrad").mkdir()
    monkeypatch.setattr(building, "STEPPERS", {"wrong": ("minigrad",)})
    with pytest.raises(RuntimeError, match=r"lectures/steppers/wrong\.py failed: ZeroDivisionError"):
        build(tmp_path, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_recording_without_steps_has_no_page():
    with pytest.raises(ValueError, match="at least one step"):
        page(Recording(), "nothing")
