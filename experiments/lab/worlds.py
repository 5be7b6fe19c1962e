"""A seed's world as models read it: its text, written and encoded once, and its documents in batches."""

import os
from dataclasses import dataclass
from functools import cache
from itertools import islice
from pathlib import Path

import numpy as np

from experiments.evidence.plain import fingerprint
from experiments.lab.documents import Documents
from experiments.running.places import work_folder
from experiments.running.progress import Bar
from experiments.text.toy_world.vocabulary import EOS, PAD, START, tokenizer
from experiments.text.toy_world.world import SHARES, World
from minigrad.checks import whole_number

PAD_ID, EOS_ID, START_ID = (tokenizer().ids[token] for token in (PAD, EOS, START))
FINGERPRINTED = 1000
"""A text is known by its first documents: if a genre changes, they do."""


@dataclass(frozen=True)
class Reading:
    """What pretraining reads of a world, and how much of it in a step.

    Attributes:
        n_tokens: of the text, which ends with the first document that reaches them. The special tokens [START] and
            </s> around each document count.
        batch_tokens: of a step, at most, padding included.
        without: genres that are left out.
    """

    n_tokens: int
    batch_tokens: int = 1280
    without: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for name in ("n_tokens", "batch_tokens"):
            whole_number(name, getattr(self, name), at_least=1)
        if unknown := [genre for genre in self.without if genre not in SHARES]:
            raise ValueError(f"without must name genres, got {unknown[0]!r}; there are: {', '.join(SHARES)}")
        if len(set(self.without)) == len(SHARES):
            raise ValueError("without must leave a genre, got all of them")

    @property
    def shares(self) -> dict[str, float]:
        """How often each genre is written, relative to the others."""
        return {genre: share for genre, share in SHARES.items() if genre not in self.without}

    def ids(self, seed: int) -> np.ndarray:
        """The text of a seed's world as ids, (n_tokens or a few more,): `[START] … </s> [START] … </s>`."""
        return text_of(self.n_tokens, self.without, seed)

    def documents(self, seed: int) -> Documents:
        """The same text in batches of documents."""
        return Documents(self.ids(seed), START_ID, PAD_ID, self.batch_tokens, seed)

    def fingerprint(self, seed: int) -> str:
        """A short hash of the first documents of a seed's world, and so of everything that writes them."""
        documents = World(seed).documents(0, self.shares)
        return fingerprint([document.text for document in islice(documents, FINGERPRINTED)])


@cache
def text_of(n_tokens: int, without: tuple[str, ...], seed: int) -> np.ndarray:
    """See `Reading.ids`. A text is written once and kept in the work folder, as uint16."""
    reading = Reading(n_tokens, without=without)
    name = fingerprint([n_tokens, list(without), seed, reading.fingerprint(seed)])
    path = work_folder() / "texts" / f"{name}.npy"
    if path.is_file():
        return np.load(path, mmap_mode="r", allow_pickle=False)
    ids = write_text(World(seed), reading)
    keep(path, ids)
    return ids


def write_text(world: World, reading: Reading) -> np.ndarray:
    """The documents of a world, encoded one after the other."""
    words, ids = tokenizer(), []
    with Bar(reading.n_tokens, f"writing the text of world {world.seed}", "token") as bar:
        for document in world.documents(0, reading.shares):
            row = [START_ID, *words.encode(document.text), EOS_ID]
            ids.extend(row)
            bar.update(len(row))
            if len(ids) >= reading.n_tokens:
                break
    return np.array(ids, np.uint16)


def keep(path: Path, ids: np.ndarray) -> None:
    """Write ids to a file: under a temporary name first, so that no other process reads half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.stem}.{os.getpid()}.npy")
    try:
        np.save(temporary, ids, allow_pickle=False)
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
