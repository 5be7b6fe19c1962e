"""A seed's world as models read it: its text, written and encoded once, and its documents in batches."""

import sys
from dataclasses import dataclass, replace
from functools import cache
from itertools import islice
from pathlib import Path

import numpy as np

from experiments.evidence.plain import fingerprint
from experiments.lab.documents import Documents
from experiments.running.places import remove, work_folder
from experiments.running.progress import Bar
from experiments.text.toy_world.vocabulary import EOS, PAD, START, tokenizer
from experiments.text.toy_world.world import SHARES, World
from minigrad.checks import whole_number
from minigrad.files import replacing

PAD_ID, EOS_ID, START_ID = (tokenizer().ids[token] for token in (PAD, EOS, START))
FINGERPRINTED = 1000
"""A text is known by its first documents: if a genre changes, they do."""
HELD_OUT = 1
"""The stream of a world's documents that pretraining does not read; it reads stream 0."""


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

    def held_out(self, seed: int, n_tokens: int) -> Documents:
        """Other documents of the same world and genres, for probes: `n_tokens` that pretraining does not read, apart
        from documents that the world writes again by chance."""
        ids = write_text(World(seed), replace(self, n_tokens=n_tokens), stream=HELD_OUT)
        return Documents(ids, START_ID, PAD_ID, self.batch_tokens, seed)

    def fingerprint(self, seed: int) -> str:
        """A short hash of the first documents of a seed's world, and so of everything that writes them."""
        return fingerprint_of(self.without, seed)


@cache  # a table asks for it with every checkpoint, and again in every plan of its cells
def fingerprint_of(without: tuple[str, ...], seed: int) -> str:
    """See `Reading.fingerprint`."""
    documents = World(seed).documents(0, Reading(1, without=without).shares)
    return fingerprint([document.text for document in islice(documents, FINGERPRINTED)])


@cache
def text_of(n_tokens: int, without: tuple[str, ...], seed: int) -> np.ndarray:
    """See `Reading.ids`. A text is written once and kept in the work folder, as uint16."""
    reading = Reading(n_tokens, without=without)
    name = fingerprint([n_tokens, list(without), seed, reading.fingerprint(seed)])
    path = work_folder() / "texts" / f"{name}.npy"
    if (ids := kept(path, n_tokens)) is not None:
        return ids
    ids = write_text(World(seed), reading)
    keep(path, ids)
    return ids


def write_text(world: World, reading: Reading, stream: int = 0) -> np.ndarray:
    """The documents of one of a world's streams, encoded one after the other."""
    words, ids = tokenizer(), []
    with Bar(reading.n_tokens, f"writing the text of world {world.seed}", "token") as bar:
        for document in world.documents(stream, reading.shares):
            row = [START_ID, *words.encode(document.text), EOS_ID]
            ids.extend(row)
            bar.update(len(row))
            if len(ids) >= reading.n_tokens:
                break
    return np.array(ids, np.uint16)


def kept(path: Path, n_tokens: int) -> np.ndarray | None:
    """The text in a file; None if there is none, or a damaged one, which is said on stderr and removed."""
    try:
        ids: np.ndarray = np.load(path, mmap_mode="r", allow_pickle=False)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, EOFError) as error:
        problem = str(error)
    else:
        whole = ids.dtype == np.uint16 and ids.ndim == 1 and len(ids) >= n_tokens
        if whole and ids[0] == START_ID and ids[-1] == EOS_ID:
            return ids
        problem = f"expected at least {n_tokens} ids from [START] to </s>, got {ids.dtype} of shape {ids.shape}"
    print(f"Warning: {path} is damaged: {problem}; the text is written again.", file=sys.stderr)
    remove(path)
    return None


def keep(path: Path, ids: np.ndarray) -> None:
    """Write a text to a file, for `kept`."""
    with replacing(path) as temporary, temporary.open("wb") as file:
        np.save(file, ids, allow_pickle=False)
