"""What a reader sees who follows the docstring of `LectureBPE` into the lecture's loop with a debugger."""

import ast
import inspect
import os
import subprocess
import sys
from pathlib import Path

from tokenizer import LectureBPE
from tokenizer.learn import recounting

ROOT = Path(__file__).resolve().parents[2]


def session(commands: list[str], program: Path) -> list[str]:
    """What `python -m pdb` answers to each command; the first answer is its greeting."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUTF8": "1", "HOME": str(program.parent)}  # no .pdbrc
    run = subprocess.run(
        [sys.executable, "-m", "pdb", program.name],
        cwd=program.parent,
        env=environment,
        input="".join(f"{command}\n" for command in [*commands, "quit"]),
        encoding="utf-8",
        capture_output=True,
        check=True,
        timeout=60,
    )
    return run.stdout.split("(Pdb) ")


def first_line_of_the_loop() -> int:
    """The line of `recounting.py` with which each round of `learn_merges` starts."""
    (function,) = ast.parse(inspect.getsource(recounting.learn_merges)).body
    loop = next(node for node in ast.walk(function) if isinstance(node, ast.While))
    return recounting.learn_merges.__code__.co_firstlineno + loop.body[0].lineno - 1


def test_the_breakpoint_of_the_docstring_stops_in_the_loop_that_counts_merges_and_repeats(tmp_path):
    indented = [line[4:] for line in inspect.getdoc(LectureBPE).splitlines() if line.startswith("    ")]
    commands = [line.removeprefix("(Pdb) ") for line in indented if line.startswith("(Pdb)")]
    program = tmp_path / "merges.py"
    program.write_text("\n".join(line for line in indented if not line.startswith("(Pdb)")), encoding="utf-8")

    answers = session([*commands, "continue", "p corpus", "p pair_counts['t', '</w>']"], program)
    _, where, stop, corpus, second_stop, merged, count, _ = answers
    assert where.rstrip().endswith(f"recounting.py:{first_line_of_the_loop()}")
    for answer in stop, second_stop:
        assert f"recounting.py({first_line_of_the_loop()})learn_merges()" in answer
    assert ast.literal_eval(corpus)[0] == (["l", "o", "w", "</w>"], 5)
    assert ast.literal_eval(merged)[3] == (["w", "i", "d", "e", "s", "t</w>"], 3)  # t + </w>, the first merge
    assert int(count) == 9  # counted in the first round, and about to be counted again
