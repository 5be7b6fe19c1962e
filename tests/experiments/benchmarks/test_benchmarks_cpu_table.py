"""What the CPU benchmark makes of its times: tables, files, who takes part."""

import json
import sys
from dataclasses import replace

import pytest

import experiments.benchmarks.__main__ as command_line
from experiments.benchmarks.cpu import kernel_list, machine, program, table
from experiments.benchmarks.cpu.generation_list import Task
from experiments.benchmarks.cpu.sizes import SIZES
from experiments.benchmarks.cpu.table import CPUBenchmark, Row
from experiments.benchmarks.cpu.workers import Outcome
from tests.experiments.benchmarks.test_benchmarks_cpu import ODD, FakeWorker

# -- tables -----------------------------------------------------------------------------------------

MACHINE = {
    "processor": "Some CPU",
    "cores": 2,
    "platform": "Some OS",
    "python": "3.12.1",
    "load": 0.25,
    "variables": {"OMP_NUM_THREADS": "2"},
    "versions": {"numpy": "2.0", "torch": "2.9"},
    "blas": {"library": "openblas 0.3", "kernels": "SkylakeX", "threads": 2},
}


def outcome(*milliseconds: float, peak: float | None = None, **about: str) -> Outcome:
    return Outcome([value / 1000 for value in milliseconds], peak, about)


def step_row(task: str, **peers: Outcome) -> Row:
    ours = {
        "floor, 1": outcome(8, 10, 90),
        "ours, 1": outcome(13, peak=50),
        "floor, 2": outcome(9),
        "ours, 2": outcome(12),
    }
    return Row(task, 1024, "tokens", ours | peers)


def benchmark(**rows: list[Row]) -> CPUBenchmark:
    return CPUBenchmark(MACHINE, 12, [1, 2], **rows, wall_seconds=600.0)


def test_a_step_is_compared_with_its_own_floor_and_with_pytorch():
    peers = {"PyTorch": outcome(26, peak=40, threads="2"), "torch.compile": outcome(13)}
    header, one, two = table.steps(benchmark(steps=[step_row("GPT L", **peers)]))
    assert dict(zip(header[:5], one, strict=False)) == {
        "training step": "GPT L", "Python threads": "1", "BLAS floor": "10", "ours": "13", "÷ floor": "1.30 ✓"
    }  # fmt: skip
    assert one[5:] == ["26", "2.00 ✓", "13", "1.00 ✗", "78,769", "50 ✗", "40"]
    assert two[1:5] == ["2", "9", "12", "1.33 ✗"]


def test_targets_depend_on_the_size_and_on_what_blas_runs():
    rows = [step_row("GPT S", PyTorch=outcome(17))]
    fast, slow = benchmark(steps=rows), benchmark(steps=rows)
    slow.machine = MACHINE | {"blas": {"library": "openblas 0.3", "kernels": "Haswell"}}
    assert [line[6] for line in table.steps(fast)[1:]] == ["1.31 ✗", "1.42 ✗"]
    assert [line[6] for line in table.steps(slow)[1:]] == ["1.31 ✓", "1.42 ✓"]
    two_threads = step_row("GPT S")
    two_threads.contenders["ours, 2"] = outcome(9 * 1.25)
    assert table.steps(benchmark(steps=[two_threads]))[2][4] == "1.25 ✓"


def test_where_pytorch_is_absent_its_columns_say_so():
    absent = Outcome(missing="torch is not installed")
    row = step_row("GPT L", **{"PyTorch": absent, "torch.compile": absent})
    line = table.steps(benchmark(steps=[row]))[1]
    assert line[5:9] == ["torch is not installed", "", "torch is not installed", ""]
    assert line[10:] == ["50", ""]
    kernel = Row("gelu", 0.5, "GB", {"ours": outcome(1), "NumPy": outcome(3), "PyTorch": absent}, "(2, 3)")
    assert table.kernels(benchmark(kernels=[kernel]))[1] == [
        "gelu", "(2, 3)", "1", "3", "3.00", "torch is not installed", "", "500 GB", ""
    ]  # fmt: skip
    text = Row("GPT d8, batch 1", 128, "tokens", {"ours": outcome(500), "transformers": absent})
    assert table.generation(benchmark(generation=[text]))[1] == [
        "GPT d8, batch 1", "256", "torch is not installed", "", "", "", ""
    ]  # fmt: skip


def test_generation_is_compared_with_transformers_and_with_the_limit():
    both = {"ours": outcome(100), "transformers": outcome(290)}
    rows = [Row("GPT d8, batch 1", 128, "tokens", both, "1 of 1")]
    rows.append(Row("GPT d16, batch 1", 64, "tokens", both | {"limit": outcome(80)}, "1 of 1"))
    _, narrow, wide = table.generation(benchmark(generation=rows))
    assert narrow == ["GPT d8, batch 1", "1,280", "441", "2.90 ✗", "", "", "1 of 1"]
    assert wide == ["GPT d16, batch 1", "640", "221", "2.90", "800", "0.80 ✓", "1 of 1"]


def test_the_terminal_and_the_readme_show_the_same_cells_and_the_machine():
    found = benchmark(steps=[step_row("GPT L", PyTorch=outcome(26, peak=40, threads="2"))])
    text, markdown = table.text(found), table.markdown(found)
    lines = [line for line in markdown.splitlines() if line.startswith("|")]
    assert len(lines) == 4
    assert lines[1] == "|" + "---|" * 12
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    assert [cells[0], *cells[2:]] == table.steps(found)
    for words in ("Some CPU, 2 cores", "openblas 0.3 with its kernels for SkylakeX, 2 threads", "OMP_NUM_THREADS=2",
                  "PyTorch: threads 2", "average): 0.25", "10.0 min in all"):  # fmt: skip
        assert words in text
        assert words in markdown
    assert table.CAPTIONS["steps"] in text
    assert table.CAPTIONS["kernels"] not in text


def test_without_threadpoolctl_the_machine_is_described_all_the_same(monkeypatch):
    monkeypatch.setitem(sys.modules, "threadpoolctl", None)
    monkeypatch.setenv("OPENBLAS_CORETYPE", "Haswell")
    assert machine.blas()["kernels"] == "Haswell"
    assert machine.blas()["library"]
    assert machine.machine()["variables"]["OPENBLAS_CORETYPE"] == "Haswell"


# -- the program ------------------------------------------------------------------------------------


TASK = Task("gpt", replace(ODD, length=16), prompt=3, new_tokens=4)
SMALL = program.Scale(
    sizes=dict.fromkeys(SIZES, ODD),
    tasks=[TASK, replace(TASK, model="t5")],
    alone=replace(TASK, size=replace(ODD, d_model=24)),
    cores=2,
    turn=0.0,
    pause=0.0,
)


@pytest.fixture
def small(monkeypatch, results):
    """Everything at sizes that take no time, and the result in the test's own folder."""
    monkeypatch.setattr(program, "full_scale", lambda: SMALL)
    return results / "benchmarks" / "cpu.json"


def test_everything_is_measured_without_peers(small, capsys):
    arguments = ["cpu", "--sizes", "S", "--models", "gpt", "--steps", "4", "--skip-peers", "--save"]
    assert command_line.main(arguments) == 0
    printed = capsys.readouterr()
    assert "this takes about" in printed.err.splitlines()[0]
    assert f"written to {small}" in printed.out
    found = json.loads(small.read_text(encoding="utf-8"))
    (step,) = found["steps"]
    assert step["task"] == "GPT S"
    assert step["contenders"].keys() == {"floor, 1", "ours, 1", "floor, 2", "ours, 2", *program.PEERS}
    assert [step["contenders"][name]["seconds"]["calls"] for name in ("floor, 1", "ours, 1", "ours, 2")] == [4, 4, 4]
    assert step["contenders"]["PyTorch"]["missing"] == "skipped"
    assert [row["task"] for row in found["kernels"]] == [kernel.name for kernel in kernel_list.kernels(ODD)]
    assert all(row["contenders"][name]["seconds"]["calls"] for row in found["kernels"] for name in ("ours", "NumPy"))
    assert [row["task"] for row in found["generation"]] == ["GPT d12, batch 5", "T5 d12, batch 5", "GPT d24, batch 5"]
    assert [list(row["contenders"]) for row in found["generation"]] == [
        ["ours", "transformers"], ["ours", "transformers"], ["ours", "limit", "transformers"]
    ]  # fmt: skip
    assert all(row["contenders"]["ours"]["seconds"] for row in found["generation"])


@pytest.mark.parametrize("reduced", [["--steps", "1"], ["--only", "kernels"], ["--skip-peers"], ["--sizes", "S"]])
def test_a_part_is_not_written_over_the_whole(small, capsys, monkeypatch, reduced):
    monkeypatch.setattr(program, "run", lambda *_, **__: benchmark())
    assert command_line.main(["cpu", *reduced]) == 0
    assert f"not written, because of {reduced[0]}" in capsys.readouterr().out
    assert not small.exists()
    assert command_line.main(["cpu"]) == 0
    assert json.loads(small.read_text(encoding="utf-8"))["machine"] == MACHINE


def test_pytorch_does_not_take_part_if_it_computes_something_else(monkeypatch):
    def fake_running(contenders):
        class Block:
            def __enter__(self):
                return {name: FakeWorker(name, []) for name in contenders if name != "check"}, {"check": "it differs"}

            def __exit__(self, *exception):
                pass

        return Block()

    monkeypatch.setattr(program, "running", fake_running)
    row = program.training_step("gpt", "S", SMALL, [1, 2], turns=1, peers=True)
    assert row.missing("PyTorch") == row.missing("torch.compile") == "it differs"
    assert row.contenders.keys() == {"floor, 1", "ours, 1", "floor, 2", "ours, 2", "PyTorch", "torch.compile"}
    assert row.median("ours, 2") == 1


def test_transformers_does_not_take_part_if_it_writes_other_texts(monkeypatch):
    def texts(**found):
        return lambda *_, **__: {name: Outcome([1.0], result=result) for name, result in found.items()}

    task = Task("gpt", ODD, prompt=3, new_tokens=4)
    monkeypatch.setattr(program, "take_turns", texts(ours=[[1], [2]], transformers=[[1], [3]]))
    row = program.written(task, SMALL, {}, {}, turns=1)
    assert (row.detail, row.median("transformers"), row.contenders["ours"].result) == ("1 of 2", 1.0, None)
    monkeypatch.setattr(program, "take_turns", texts(ours=[[1], [2]], transformers=[[2], [3]]))
    row = program.written(task, SMALL, {}, {}, turns=1)
    assert (row.detail, row.missing("transformers")) == ("0 of 2", "writes other texts")


def test_a_peer_that_is_not_installed_or_not_wanted_does_not_take_part():
    assert program.absent("no_such_module", peers=True) == "no_such_module is not installed"
    assert program.absent("json", peers=True) == ""
    assert program.absent("json", peers=False) == "skipped"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--sizes", "S,XL"], "--sizes: expected some of S,M,L, got XL"),
        (["--models", "elmo"], "--models: expected some of gpt,bert,t5, got elmo"),
        (["--only", ""], "--only: expected some of steps,kernels,generation, got "),
    ],
)
def test_a_name_that_does_not_exist_is_refused(arguments, message, capsys):
    assert command_line.main(["cpu", *arguments]) == 2
    assert f"error: {message}" in capsys.readouterr().err


def test_no_steps_are_refused(capsys):
    with pytest.raises(SystemExit):
        command_line.main(["cpu", "--steps", "0"])
    assert "--steps must be positive" in capsys.readouterr().err


def test_many_times_are_told_by_their_quartiles():
    told = table.quartiles([0.5, 0.1, 0.2, 0.3, 0.4])
    assert told == {"calls": 5, "least": 0.1, "first quartile": 0.2, "median": 0.3, "third quartile": 0.4, "most": 0.5}
    assert table.quartiles([]) == {"calls": 0}


def test_an_earlier_checkout_is_compared_with_ours():
    row = step_row("GPT L", **{"before, 2": outcome(10)})
    grid = table.steps(benchmark(steps=[row]))
    column = grid[0].index("ours ÷ before")
    assert grid[0][column - 1] == "before"
    assert grid[-1][column - 1 : column + 1] == ["10", "1.20 ✗"]


def test_an_earlier_checkout_must_be_one(tmp_path):
    with pytest.raises(ValueError, match="--before: expected another checkout of this project, got"):
        program.run(["S"], ["gpt"], 1, ["steps"], False, tmp_path)


def test_the_page_shows_what_the_terminal_showed(results):
    found = benchmark(steps=[step_row("GPT L", PyTorch=outcome(26, peak=40, threads="2"))])
    assert table.markdown(table.load(program.write(found))) == table.markdown(found)
