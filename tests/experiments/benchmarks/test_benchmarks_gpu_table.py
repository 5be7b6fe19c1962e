"""What the GPU benchmark makes of its times: marks, tables, the file, the README's part."""

import json
from dataclasses import replace

import pytest

from experiments.benchmarks.gpu import checks, lines, result, step_check, table
from experiments.benchmarks.gpu.lines import FULL, Target
from experiments.benchmarks.gpu.result import Check, GPUBenchmark, Row, Times
from experiments.report.pages import BENCHMARKS, update
from experiments.running import places

CARD = {
    "name": "Some card", "memory": "80 GiB", "compute capability": "9.0", "multiprocessors": 132,
    "L2 cache": "50 MiB", "CUDA": "13.0, the driver's 13.1", "python": "3.12.1",
    "versions": {"cupy-cuda13x": "14.0", "torch": "2.9"},
    "told by the driver": {"driver": "580.1", "clock": "1980 MHz"},
}  # fmt: skip


def ms(milliseconds: float) -> Times:
    return Times.of([milliseconds / 1000] * 20)


def row(target: Target | None = None, **times: Times) -> Row:
    return Row("a kernel", "4 × 5", 3.0, "GB", "copy", [name for name in times if name != "ours"], target, times)


def benchmark(*rows: Row, limit_ms: float = 1.0) -> GPUBenchmark:
    """On a card that copies 3,000 GB/s, or slower."""
    limit = Row("copy", "7 float32", 3.0, "GB", "", [], None, {"ours": ms(limit_ms)})
    return GPUBenchmark(CARD, [limit], [Check("layer norm", 3, 0.25)], list(rows), [], 90.0)


@pytest.mark.parametrize(("milliseconds", "cell"), [(1.0, "100% ✓"), (1.17, "85% ✓"), (1.18, "85% ✗"), (2.0, "50% ✗")])
def test_a_share_of_the_copy_bandwidth_is_held_against_its_target(milliseconds, cell):
    found = benchmark(row(Target("copy", 0.85), ours=ms(milliseconds)))
    assert table.row_grid(found, found.kernels)[1][4] == cell


def test_the_limit_is_the_one_that_was_measured():
    slower = benchmark(row(Target("copy", 0.85), ours=ms(2.0)), limit_ms=2.0)
    assert table.row_grid(slower, slower.kernels)[1][4] == "100% ✓"
    assert slower.met(slower.kernels[0]) is True


def test_a_peer_that_takes_half_as_long_is_twice_as_fast():
    compared = row(Target("flash", 0.5), ours=ms(2), flash=ms(1), math=ms(8))
    found = benchmark(compared)
    grid = table.row_grid(found, found.kernels)
    assert grid[0] == ["", "size", "ours, ms", "rate", "share of the limit", "others, ms", "target"]
    assert grid[1] == [
        "a kernel", "4 × 5", "2", "1,500 GB/s", "50%", "flash 1, 0.50 × ✓; math 8, 4.00 ×", "≥ 0.5 × flash"
    ]  # fmt: skip
    assert found.met(replace(compared, times=compared.times | {"ours": ms(2.01)})) is False


def test_without_a_target_there_is_no_mark():
    found = benchmark(row(ours=ms(2), flash=ms(1)))
    assert found.met(found.kernels[0]) is None
    assert "✓" not in table.text(replace_checks(found))
    assert "✗" not in table.text(replace_checks(found))


def replace_checks(found: GPUBenchmark) -> GPUBenchmark:
    return replace(found, checks=[])


def test_a_peer_that_is_absent_says_why_and_no_target_is_met_or_missed():
    found = benchmark(row(Target("flash", 0.5), ours=ms(2), flash=Times(missing="torch is not installed")))
    assert table.row_grid(found, found.kernels)[1][5] == "flash torch is not installed"
    assert found.met(found.kernels[0]) is None


def test_what_failed_its_check_has_no_time():
    found = benchmark(row(Target("copy", 0.85), ours=Times(missing="layer norm: its check failed")))
    assert table.row_grid(found, found.kernels)[1][2:5] == ["layer norm: its check failed", "", ""]


def test_rates_have_the_units_of_their_work():
    products = Row("matmul", "2³", 2000.0, "GFLOP", "", [], None, {"ours": ms(10)})
    step = Row("step", "small", 8192.0, "tokens", "", [], None, {"ours": ms(100)})
    assert table.rate(products) == "200 TFLOP/s"
    assert table.rate(step) == "81,920 tokens/s"


def test_checks_are_told_with_what_failed():
    found = [Check("GELU", 4, 0.123), Check("LSTM", 2, 7.0, ["forward: off", "backward: off"]), Check("x", missing="y")]
    grid = table.check_grid(GPUBenchmark(CARD, checks=found))
    assert grid[1:] == [
        ["GELU", "4", "0.12", "✓"],
        ["LSTM", "2", "7", "✗ forward: off; backward: off"],
        ["x", "", "", "y"],
    ]
    sentence = table.checks_in_a_sentence(GPUBenchmark(CARD, checks=found))
    assert sentence == "1 of 2 checks against the reference kernels passed; failed: LSTM; x: y."
    assert not GPUBenchmark(CARD, checks=found).passed
    assert GPUBenchmark(CARD, checks=[found[0], found[2]]).passed  # what cannot be checked has not failed


def test_a_result_comes_back_from_its_file(results):
    found = benchmark(row(Target("flash", 0.5), ours=ms(2), flash=Times(missing="none")), row(ours=ms(0.0123456)))
    found.checks.append(Check("LSTM", 2, 7.0, ["forward: off"]))
    path = result.save(found)
    assert path == results / "benchmarks" / "gpu.json"
    assert [file.name for file in path.parent.iterdir()] == ["gpu.json"]  # nothing temporary is left
    assert result.load(path) == found


def test_a_file_that_is_not_what_it_should_be_is_refused(tmp_path):
    path = tmp_path / "gpu.json"
    path.write_text(json.dumps({"card": {}, "limits": "none"}), encoding="utf-8")
    with pytest.raises(ValueError, match="field"):
        result.load(path)


def test_times_are_told_by_median_least_and_most():
    assert Times.of([0.3, 0.1, 0.200049]) == Times(3, 0.2, 0.1, 0.3)


def test_the_header_names_card_driver_and_versions():
    text = table.text(benchmark())
    for words in ("Some card, 80 GiB", "CUDA 13.0, the driver's 13.1", "driver 580.1", "clock 1980 MHz",
                  "cupy-cuda13x 14.0, torch 2.9", "90 s in all"):  # fmt: skip
        assert words in text
        assert words in table.markdown(benchmark())


# -- before there is a GPU --------------------------------------------------------------------------


def test_every_line_is_there_before_anything_was_measured():
    nothing = table.unmeasured()
    assert [row.task for row in nothing.kernels] == [line.task for line in lines.kernels(FULL)]
    assert [check.name for check in nothing.checks] == [*checks.NAMES, *step_check.NAMES]
    grid = table.row_grid(nothing, nothing.kernels)
    assert {tuple(cells[2:6]) for cells in grid[1:]} == {("not measured", "", "", "")}
    assert all(nothing.met(row) is None for row in nothing.kernels)


def test_the_readme_shows_each_line_with_a_target_as_not_measured():
    shown = [line for line in table.markdown(table.unmeasured()).splitlines() if "≥" in line]
    assert len(shown) == 9
    assert all("| not measured |" in line for line in shown)
    assert "✓" not in "".join(shown)


MARKED = "".join(f"<!-- {name} -->\nold\n<!-- /{name} -->\n" for name in ("cpu", "gpu", "tokenizers"))


def test_the_page_is_filled_from_the_file_or_from_the_list(monkeypatch, tmp_path):
    monkeypatch.setattr(places, "PROJECT", tmp_path)
    monkeypatch.setattr(places, "results_folder", places.committed_results)
    before = update(MARKED, BENCHMARKS)
    assert "nothing here was measured" in before
    assert "old" not in before
    result.save(benchmark(row(Target("copy", 0.85), ours=ms(1.0))))
    after = update(before, BENCHMARKS)
    assert "| a kernel | 4 × 5 | 1 | 3,000 GB/s | 100% ✓ |" in after
    assert "nothing here was measured" not in after
    assert update(after, BENCHMARKS) == after
