"""Our tokenizer compared with Hugging Face's tokenizers (Rust) and tiktoken (Rust), on the same text.

Training: a vocabulary of 4,096 from 1 MB in one process, and from 12 MB in two. Encoding: 1 MB with the same
vocabulary; each round makes new tokenizers, because they cache words. Memory: `encode_iterable` on a gigabyte. Our
trainer is also compared with its specification, `recounting.py`, which is so slow that its time is extrapolated.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from statistics import fmean

import numpy as np

from experiments.benchmarks.comparison import Benchmark, Measurement, Prepare, machine, take_turns
from experiments.text import standard_library
from experiments.text.document import Document
from tokenizer import ByteLevelBPE
from tokenizer.byte_level import BYTES
from tokenizer.formats.gpt2_files import spell
from tokenizer.learn import recounting
from tokenizer.merges import apply_merges, rank_merges

NAME = "tokenizers"
VOCAB_SIZE = 4096
SMALL, LARGE = 1_000_000, 12_000_000  # bytes
PROCESSES = 2
PATTERN = r"'(?:[sdmt]|ll|ve|re)| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"  # tiktoken's spelling of GPT-2's
MAX_MB = 100.0  # of memory
DISTINCT = 0.1  # the share of the gigabytes that is encoded of text without repetition, which is slower


def run(rounds: int, file: Path | None, gigabytes: float) -> Benchmark:
    """Measure everything. `file`: another text than the standard library.

    Raises ValueError for a text of less than a megabyte.
    """
    os.environ["RAYON_NUM_THREADS"] = str(PROCESSES)  # read when Hugging Face's tokenizers first use threads
    documents = corpus() if file is None else [Document(file.name, file.read_text(encoding="utf-8"))]
    data = "\n\n".join(document.text for document in documents).encode("utf-8", errors="replace")
    if len(data) < SMALL:
        raise ValueError(f"{file}: expected a text of at least {SMALL:,} bytes, got {len(data):,}")
    small = data[:SMALL].decode("utf-8", errors="ignore")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "large.txt").write_bytes(data[:LARGE].decode("utf-8", errors="ignore").encode())
        say(f"training on {SMALL / 1e6:g} MB")
        measurements = training(small, rounds)
        say(f"training on {min(LARGE, len(data)) / 1e6:.3g} MB")
        measurements += training_in_processes(folder / "large.txt", rounds)
        say("encoding")
        bpe = ByteLevelBPE.train(small, VOCAB_SIZE)
        bpe.save(folder)
        measurements += encoding(bpe, small, rounds)
        say(f"encoding {gigabytes:g} GB")
        measurements += memory(folder, folder / "large.txt", gigabytes)
    packages = ("regex", "tokenizers", "tiktoken")
    return Benchmark(NAME, rounds, machine(packages), standard_library.describe(documents), measurements)


def corpus() -> list[Document]:
    """The standard library's source and docstrings, shuffled so that the first megabyte is a sample of everything."""
    documents = standard_library.source() + standard_library.docstrings()
    return [documents[i] for i in np.random.default_rng(0).permutation(len(documents))]


# -- training ---------------------------------------------------------------------------------------


def training(text: str, rounds: int) -> list[Measurement]:
    """One process, compared with Hugging Face's trainer and with the specification."""
    seconds = take_turns(
        {"ours": lambda: partial(ByteLevelBPE.train, text, VOCAB_SIZE)}
        | peer("tokenizers", lambda: hugging_face_trainer([text], parallel=False)),
        rounds,
    )
    task = f"train {VOCAB_SIZE:,} tokens on {len(text.encode()) / 1e6:.3g} MB"
    note = "recounting is extrapolated from 2 merges at each of 5 stages of the training"
    return [
        Measurement(task, "s", seconds["ours"], 2.0, "tokenizers", seconds.get("tokenizers", [])),
        Measurement(task, "s", seconds["ours"], 0.01, "recounting", [recounting_seconds(text)], note),
    ]


def training_in_processes(path: Path, rounds: int) -> list[Measurement]:
    """Two processes on a file, compared with two threads of Hugging Face's."""
    seconds = take_turns(
        {"ours": lambda: partial(ByteLevelBPE.train, path, VOCAB_SIZE, processes=PROCESSES)}
        | peer("tokenizers", lambda: hugging_face_trainer(path, parallel=True)),
        rounds,
    )
    task = f"the same on {path.stat().st_size / 1e6:.3g} MB, {PROCESSES} processes"
    return [Measurement(task, "s", seconds["ours"], 3.0, "tokenizers", seconds.get("tokenizers", []))]


def recounting_seconds(text: str, stages: int = 5, merges_each: int = 2) -> float:
    """The seconds that `recounting.learn_merges` would take for the whole training, extrapolated.

    Words have fewer symbols the more merges are made, so merges are timed at several stages of the training.
    """
    bpe = ByteLevelBPE.train(text, VOCAB_SIZE)
    counts = Counter(bpe.pretokens(text))
    seconds = []
    for stage in range(stages):
        done = bpe.merges[: len(bpe.merges) * stage // (stages - 1)]
        ranks = rank_merges(done)
        words = [
            (apply_merges([BYTES[byte] for byte in pretoken.encode()], ranks), count)
            for pretoken, count in counts.items()
        ]
        learning = recounting.learn_merges(words)
        next(learning)  # the first merge needs no replacement before it
        start = time.perf_counter()
        for _ in range(merges_each):
            next(learning)
        seconds.append((time.perf_counter() - start) / merges_each)
    return fmean(seconds) * len(bpe.merges)


# -- encoding ---------------------------------------------------------------------------------------


def encoding(bpe: ByteLevelBPE, text: str, rounds: int) -> list[Measurement]:
    """One text, in one process."""
    seconds = take_turns(
        {"ours": lambda: partial(ByteLevelBPE(bpe.vocab, bpe.merges).encode, text)}
        | peer("tokenizers", lambda: hugging_face_encoder(bpe, text))
        | peer("tiktoken", lambda: tiktoken_encoder(bpe, text)),
        rounds,
    )
    task = f"encode {len(text.encode()) / 1e6:.3g} MB"
    return [
        Measurement(task, "s", seconds["ours"], target, name, seconds.get(name, []))
        for name, target in (("tokenizers", 1.0), ("tiktoken", 4.0))
    ]


def memory(folder: Path, file: Path, gigabytes: float) -> list[Measurement]:
    """The peak memory of a process that encodes an endless text; no measurement if the system does not report it."""
    measurements = []
    for what, megabytes, source in (
        ("the text again and again", 1000 * gigabytes, [str(file)]),
        ("no word twice", 1000 * gigabytes * DISTINCT, []),
    ):
        command = [sys.executable, "-m", "experiments.benchmarks.encoding_memory", str(folder), str(megabytes), *source]
        answer = subprocess.run(command, capture_output=True, encoding="utf-8", check=False)
        if answer.returncode != 0:
            say(answer.stderr.strip().splitlines()[-1])
            continue
        found = json.loads(answer.stdout)
        task = f"memory of encode_iterable over {megabytes / 1000:.3g} GB, {what}"
        note = f"{megabytes / found['seconds']:.1f} MB a second"
        measurements.append(Measurement(task, "MB", [found["peak_mb"]], MAX_MB, note=note))
    return measurements


# -- the others -------------------------------------------------------------------------------------


def peer(module: str, prepare: Prepare) -> dict[str, Prepare]:
    """A contender, if its package is installed."""
    return {module: prepare} if find_spec(module) else {}


def hugging_face_trainer(texts: list[str] | Path, parallel: bool) -> Callable[[], object]:
    """Byte-level BPE training without normalisation, prefix space or progress bar."""
    import tokenizers

    os.environ["TOKENIZERS_PARALLELISM"] = "true" if parallel else "false"
    tokenizer = tokenizers.Tokenizer(tokenizers.models.BPE())
    tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False)
    alphabet = tokenizers.pre_tokenizers.ByteLevel.alphabet()
    trainer = tokenizers.trainers.BpeTrainer(vocab_size=VOCAB_SIZE, initial_alphabet=alphabet, show_progress=False)
    if isinstance(texts, Path):
        return partial(tokenizer.train, [str(texts)], trainer)
    return partial(tokenizer.train_from_iterator, texts, trainer)


def hugging_face_encoder(bpe: ByteLevelBPE, text: str) -> Callable[[], object]:
    """Encoding with our vocabulary, in one thread."""
    import tokenizers

    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    vocab = {spell(token): id for id, token in bpe.vocab.items()}
    merges = [(spell(left), spell(right)) for left, right in bpe.merges]
    tokenizer = tokenizers.Tokenizer(tokenizers.models.BPE(vocab=vocab, merges=merges))
    tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False)
    return lambda: tokenizer.encode_batch_fast([text])[0].ids  # without offsets, which is faster


def tiktoken_encoder(bpe: ByteLevelBPE, text: str) -> Callable[[], object]:
    """Encoding with our vocabulary."""
    import tiktoken

    ranks = {token: id for id, token in bpe.vocab.items()}
    encoding = tiktoken.Encoding("ours", pat_str=PATTERN, mergeable_ranks=ranks, special_tokens={})
    return partial(encoding.encode_ordinary, text)


def say(line: str) -> None:
    """Print the current step to standard error."""
    print(f"{line} …", file=sys.stderr, flush=True)
