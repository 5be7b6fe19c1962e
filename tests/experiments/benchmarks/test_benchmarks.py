"""What the benchmarks make of their times; not the times."""

import json
import subprocess
import sys
from itertools import islice

import pytest

import experiments.benchmarks.__main__ as command_line
from experiments.benchmarks import comparison, encoding_memory, tokenizers
from experiments.benchmarks.comparison import Benchmark, Measurement, table, take_turns, write
from tokenizer import ByteLevelBPE

MACHINE = {
    "processor": "Some CPU",
    "cores": 2,
    "platform": "Some OS",
    "python": "3.12.1",
    "versions": {"tokenizers": "0.21", "tiktoken": "not installed"},
    "commit": "abc",
}
TEXT = {"python": "3.12.1", "documents": 1200, "bytes": 12_000_000, "sha256": "0123456789abcdef"}
RESULT = Benchmark(
    "fake",
    3,
    MACHINE,
    TEXT,
    [
        Measurement("train", "s", [1.0, 1.2, 9.0], 2.0, "tokenizers", [0.7, 0.6, 0.5], "on one core"),
        Measurement("encode", "s", [1.0, 1.0, 1.0], 1.0, "tokenizers", [0.5, 0.5, 0.5]),
        Measurement("encode", "s", [1.0, 1.0, 1.0], 4.0, "tiktoken"),
        Measurement("memory", "MB", [56.789], 100.0),
    ],
)


class Clock:
    """Time that passes only while somebody works."""

    now = 0.0

    def perf_counter(self):
        return self.now


def test_contenders_take_turns_and_every_other_round_goes_backwards(monkeypatch):
    clock, log = Clock(), []
    monkeypatch.setattr(comparison, "time", clock)

    def contender(name, seconds):
        def prepare():
            log.append(f"prepare {name}")
            clock.now += 100  # is not timed

            def work():
                log.append(name)
                clock.now += seconds

            return work

        return prepare

    seconds = take_turns({"one": contender("one", 1), "two": contender("two", 2)}, rounds=3)
    assert seconds == {"one": [1.0] * 3, "two": [2.0] * 3}
    assert log[1::2] == ["one", "two", "two", "one", "one", "two"]
    assert log[::2] == [f"prepare {name}" for name in log[1::2]]


def test_the_ratio_is_that_of_the_medians_and_meets_the_target_or_not():
    assert [one.value for one in RESULT.measurements] == [pytest.approx(2.0), 2.0, None, 56.789]
    assert [one.met for one in RESULT.measurements] == [True, False, None, True]


def test_the_table_has_targets_beside_ratios_and_the_machine_below():
    assert table(RESULT).splitlines() == [
        "           ours  theirs                                   target",
        "train     1.2 s   0.6 s  tokenizers                 2×      ≤ 2×  ✓",
        "encode      1 s   0.5 s  tokenizers                 2×      ≤ 1×  ✗",
        "encode      1 s          tiktoken is not installed          ≤ 4×",
        "memory  56.8 MB                                         ≤ 100 MB  ✓",
        "",
        "train: on one core",
        "medians of 3 rounds; text: 12,000,000 bytes in 1,200 documents, sha256 0123456789ab",
        "Some CPU, 2 cores, Some OS, Python 3.12.1",
        "tokenizers 0.21, tiktoken not installed",
    ]


def test_the_file_holds_every_value_and_the_verdicts(results):
    path = write(RESULT)
    assert path == results / "benchmarks" / "fake.json"
    value = json.loads(path.read_text(encoding="utf-8"))
    assert value["machine"] == MACHINE
    assert value["measurements"][0]["ours"] == [1.0, 1.2, 9.0]
    assert [(row["value"], row["met"]) for row in value["measurements"]] == [
        (pytest.approx(2.0), True),
        (2.0, False),
        (None, None),
        (56.789, True),
    ]


def test_a_peer_that_is_not_installed_does_not_take_part():
    assert tokenizers.peer("no_such_module", list) == {}
    assert tokenizers.peer("json", list) == {"json": list}


def test_the_corpus_has_source_and_docstrings_mixed():
    documents = tokenizers.corpus()
    assert sum(len(document.text) for document in documents) > tokenizers.SMALL
    code = [document.text.count("def ") > 3 for document in documents[:50]]
    assert True in code
    assert False in code


def test_recounting_is_extrapolated_from_every_stage_of_the_training(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(tokenizers, "time", clock)
    monkeypatch.setattr(tokenizers, "VOCAB_SIZE", 276)
    sizes = []

    def learn_merges(words):
        sizes.append(sum(len(symbols) for symbols, _ in words))
        while True:
            yield None
            clock.now += sizes[-1]  # a merge takes as long as there are symbols

    monkeypatch.setattr(tokenizers.recounting, "learn_merges", learn_merges)
    text = "the lowest of the newest and the widest " * 3
    assert len(ByteLevelBPE.train(text, 276).merges) == 20
    assert tokenizers.recounting_seconds(text) == pytest.approx(20 * sum(sizes) / 5)
    assert len(sizes) == 5
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[0] > sizes[-1]


def test_texts_for_the_memory_have_the_size_that_was_asked_for(tmp_path):
    path = tmp_path / "text.txt"
    path.write_bytes("é\r\nlast".encode())
    assert list(islice(encoding_memory.repeated(path), 4)) == ["é\r\n", "last", "é\r\n", "last"]
    assert list(encoding_memory.up_to(9, encoding_memory.repeated(path))) == ["é\r\n", "last", "é\r\n"]
    words = "".join(islice(encoding_memory.distinct(), 10_000)).split()
    assert len(words) == len(set(words)) == 80_000


def test_the_memory_is_that_of_a_process_of_its_own(tmp_path):
    ByteLevelBPE.train("the lowest of the newest", 260).save(tmp_path)
    (tmp_path / "text.txt").write_text("the lowest of the newest\n" * 10, encoding="utf-8")
    ballast = bytearray(200_000_000)  # must not count
    one, other = tokenizers.memory(tmp_path, tmp_path / "text.txt", gigabytes=0.001)
    assert len(ballast) == 200_000_000
    for measurement in one, other:
        assert 5 < measurement.ours[0] < 100
        assert (measurement.unit, measurement.peer, measurement.target) == ("MB", "", 100.0)
    assert one.task == "memory of encode_iterable over 0.001 GB, the text again and again"


def test_a_system_that_does_not_tell_the_memory_leaves_the_line_out(monkeypatch, tmp_path, capsys):
    failed = subprocess.CompletedProcess([], 1, "", "Traceback\nOSError: this system does not tell")
    monkeypatch.setattr(tokenizers.subprocess, "run", lambda *_, **__: failed)
    assert tokenizers.memory(tmp_path, tmp_path, 1.0) == []
    assert "OSError: this system does not tell" in capsys.readouterr().err


def test_a_text_that_is_too_short_is_refused(tmp_path, capsys):
    (tmp_path / "short.txt").write_text("short", encoding="utf-8")
    assert command_line.main(["tokenizers", "--text", str(tmp_path / "short.txt")]) == 2
    assert "short.txt: expected a text of at least 1,000,000 bytes, got 5" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments", [[], ["nothing"], ["tokenizers", "--rounds", "0"], ["tokenizers", "--gigabytes", "0"]]
)
def test_a_benchmark_that_does_not_exist_is_refused(arguments, capsys):
    with pytest.raises(SystemExit) as raised:
        command_line.main(arguments)
    assert raised.value.code == 2
    assert "usage: python -m experiments.benchmarks" in capsys.readouterr().err


def test_the_command_line_prints_the_table_and_says_where_the_file_is(monkeypatch, results, capsys):
    asked = []
    monkeypatch.setattr(tokenizers, "run", lambda *arguments: asked.append(arguments) or RESULT)
    assert command_line.main(["tokenizers", "--rounds", "3", "--gigabytes", "0.5"]) == 0
    assert asked == [(3, None, 0.5)]
    assert capsys.readouterr().out == f"{table(RESULT)}\n\nwritten to {results / 'benchmarks' / 'fake.json'}\n"


def test_the_programs_that_start_processes_import_little():
    """Each process imports them anew."""
    code = "import sys, experiments.benchmarks.__main__, experiments.benchmarks.encoding_memory; print(*sys.modules)"
    modules = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert "tokenizer" in modules
    assert not {"numpy", "tokenizers", "tiktoken", "numba"} & set(modules)
