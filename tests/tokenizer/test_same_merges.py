"""The merges of a text are the same for any order of documents, number of processes, way of passing the text,
interruption, and hash seed of Python."""

import os
import random
import subprocess
import sys
from pathlib import Path

import pytest

from tokenizer import ByteLevelBPE, LectureBPE, WordPiece
from tokenizer.formats.files import write_text

ROOT = Path(__file__).resolve().parents[2]
END = "<|end|>"
DOCUMENTS = [(ROOT / "tokenizer" / name).read_text(encoding="utf-8") for name in ("cache.py", "merges.py")]
DOCUMENTS += [f"{word} {word}s\n" for word in ("low", "lower", "newest", "widest", "漢字", "café") for _ in range(9)]
VOCAB_SIZE = 700


pytestmark = pytest.mark.usefixtures("small_files_are_worth_two_processes")


@pytest.fixture(scope="module")
def expected():
    return ByteLevelBPE.train(DOCUMENTS, VOCAB_SIZE, [END]).merges


def train_from_file(path, seed, processes):
    """The merges from a file with the documents in another order, special tokens between them."""
    shuffled = random.Random(seed).sample(DOCUMENTS, len(DOCUMENTS))
    write_text(path, END.join(shuffled))
    return ByteLevelBPE.train(path, VOCAB_SIZE, [END], processes=processes).merges


@pytest.mark.parametrize("processes", [1, 2, 3])
def test_neither_order_nor_processes_matter(tmp_path, expected, processes):
    for seed in range(3):
        assert train_from_file(tmp_path / "text.txt", seed, processes) == expected


def test_the_lectures_merges_do_not_depend_on_them_either(tmp_path):
    expected = LectureBPE.train(DOCUMENTS, VOCAB_SIZE).history
    for seed in range(3):
        shuffled = random.Random(seed).sample(DOCUMENTS, len(DOCUMENTS))
        assert LectureBPE.train(shuffled, VOCAB_SIZE).history == expected
        write_text(tmp_path / "text.txt", " ".join(shuffled))
        assert LectureBPE.train(tmp_path / "text.txt", VOCAB_SIZE, processes=2).history == expected


def test_nor_do_wordpieces(tmp_path):
    expected, found = [], []
    WordPiece.train(DOCUMENTS, VOCAB_SIZE, on_merge=expected.append)
    for seed in range(3):
        shuffled = random.Random(seed).sample(DOCUMENTS, len(DOCUMENTS))
        write_text(tmp_path / "text.txt", "[SEP]".join(shuffled))
        for texts, processes in ((shuffled, 1), (tmp_path / "text.txt", 2)):
            found.clear()
            WordPiece.train(texts, VOCAB_SIZE, processes=processes, on_merge=found.append)
            assert found == expected


@pytest.mark.parametrize(("kind", "special"), [(ByteLevelBPE, [END]), (WordPiece, ["[UNK]", END])])
def test_neither_does_the_hash_seed_interruption_included(tmp_path, kind, special):
    """Each process has a hash seed of its own, trains in two processes, is interrupted, and resumes."""
    expected = kind.train(DOCUMENTS, VOCAB_SIZE, special).vocab
    program = tmp_path / "program.py"
    program.write_text(
        "import sys\n"
        "from pathlib import Path\n"
        f"from tokenizer import {kind.__name__} as Tokenizer\n"
        "from tokenizer.read import counting\n"
        "counting.SHARE = 1\n"
        "def interrupt(merge, seen=[]):\n"
        "    seen.append(merge)\n"
        "    if len(seen) == 100:\n"
        "        raise KeyboardInterrupt\n"
        "if __name__ == '__main__':\n"
        "    text, resume = map(Path, sys.argv[1:])\n"
        f"    how = dict(special_tokens={special}, processes=2, resume=resume)\n"
        "    try:\n"
        f"        Tokenizer.train(text, {VOCAB_SIZE}, on_merge=interrupt, **how)\n"
        "    except KeyboardInterrupt:\n"
        f"        print(Tokenizer.train(text, {VOCAB_SIZE}, **how).vocab)\n",
        encoding="utf-8",
    )
    text = tmp_path / "text.txt"
    write_text(text, END.join(DOCUMENTS))
    for seed in "0", "1", "12345":
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONHASHSEED": seed}
        command = [sys.executable, str(program), str(text), str(tmp_path / f"merges-{seed}.txt")]
        run = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
        assert run.stdout == f"{expected}\n"
