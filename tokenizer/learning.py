"""Learning merges up to a number of them, in a way that can be interrupted and taken up again.

How merges are found is the matter of `recounting.py` and `incremental.py`. Here: until when, who is told of
them, and the file that keeps those learnt so far. Taking up is simple because merges, once known, need not be
found again: `apply_merges` brings each word to the state that learning had left it in, and learning goes on
from there. (The state is the same: a pair that has been merged everywhere never comes to stand anywhere
again, because its two symbols arise in no later merge.)
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Generic, TypeVar

from tokenizer.checks import shown
from tokenizer.files import read_text, write_text
from tokenizer.merges import Merge, apply_merges, rank_merges

SECONDS = 5.0  # between two times that the merges are written to the file

AnyMerge = TypeVar("AnyMerge", bound=Merge[Any])


def learn_up_to(
    wanted: int,
    counts: Mapping[str, int],
    symbols: Callable[[str], list[Any]],
    learn: Callable[..., Iterator[AnyMerge]],
    *,
    on_merge: Callable[[AnyMerge], object] | None = None,
    kept: MergesKept[AnyMerge] | None = None,
) -> list[AnyMerge]:
    """The first `wanted` merges, or fewer if every word is one symbol before.

    counts: how often each word occurs; symbols: takes a word apart; learn: finds one merge after the other
    on_merge: called with each merge, those of an earlier run first
    kept: the file that keeps the merges
    """
    text = fingerprint(counts) if kept else ""
    known = kept.read(text, (symbol for word in counts for symbol in symbols(word))) if kept else []
    merges = known[:wanted]
    if on_merge is not None:
        for merge in merges:
            on_merge(merge)
    ranks = rank_merges([(merge.left, merge.right) for merge in merges], [merge.symbol for merge in merges])
    learning = learn((apply_merges(symbols(word), ranks) if ranks else symbols(word), n) for word, n in counts.items())
    written = time.monotonic()
    try:
        for merge in islice(learning, wanted - len(merges)):
            merges.append(merge)
            if on_merge is not None:
                on_merge(merge)
            if kept and time.monotonic() - written > SECONDS:
                kept.write(text, merges)
                written = time.monotonic()
    finally:  # Ctrl-C, too, comes by here
        if kept and len(merges) > len(known):
            kept.write(text, merges)
    return merges


@dataclass(frozen=True)
class MergesKept(Generic[AnyMerge]):
    """A text file with the merges of a training that may not be finished.

    Its first line says what learns, and from which text; then a merge a line, with its counts. The text is
    known by its words' counts, so the vocabulary size may change: a larger one resumes where a smaller one
    ended.
    """

    path: Path
    learner: str  # what learns, with every setting on which merges hang: those of bytes are of no use to characters
    kind: type[AnyMerge]  # made of two symbols and its counts
    spell: Callable[[Any], str]  # a symbol as text without spaces
    unspell: Callable[[str], Any]  # raises ValueError or KeyError for what `spell` never gives

    def write(self, text: str, merges: list[AnyMerge]) -> None:
        """Replace the file by one with these merges; `text` is the fingerprint of the words' counts."""
        lines = [self._header(text)]
        for merge in merges:
            left, right, *counts = vars(merge).values()
            lines.append(" ".join([self.spell(left), self.spell(right), *map(str, counts)]))
        write_text(self.path, "".join(f"{line}\n" for line in lines))

    def read(self, text: str, symbols: Iterable[Any] = ()) -> list[AnyMerge]:
        """The merges in the file, none if it is not there.

        symbols: those with which the words of the text start
        Raises ValueError if they were learnt from another text, or if the file is damaged.
        """
        if not self.path.exists():
            return []
        header, *lines = read_text(self.path).removesuffix("\n").split("\n")
        if header != self._header(text):
            raise ValueError(
                f"{self.path}: expected merges that were learnt from this text in this way ({self._header(text)!r}), "
                f"got {header[:100]!r}; remove the file to start afresh"
            )
        merges: list[AnyMerge] = []
        known, pairs = set(symbols), set[tuple[Any, Any]]()
        for number, line in enumerate(lines, start=2):
            try:
                left, right, *counts = line.split(" ")
                merge = self.kind(self.unspell(left), self.unspell(right), *map(_read_count, counts))
            except (ValueError, KeyError, TypeError):  # TypeError: too few counts, or too many
                expected = "a merge and its count"
                raise ValueError(f"{self.path}, line {number}: expected {expected}, got {shown(line)}") from None
            pair = merge.left, merge.right
            if not known.issuperset(pair) or pair in pairs:
                raise ValueError(f"{self.path}, line {number}: expected a new merge of symbols, got {shown(line)}")
            merges.append(merge)
            known.add(merge.symbol)
            pairs.add(pair)
        return merges

    def _header(self, text: str) -> str:
        return f"#merges of {self.learner}, text {text}"


def _read_count(digits: str) -> int:
    """How often something stood there, as it was written. Raises ValueError for anything else."""
    if not (digits.isascii() and digits.isdigit()):
        raise ValueError
    return int(digits)


def fingerprint(counts: Mapping[str, int]) -> str:
    """A hash of words and counts, whatever the order of the words."""
    digest = hashlib.sha256()
    for word in sorted(counts):
        data = word.encode("utf-8", "surrogatepass")
        digest.update(b"%d %d " % (len(data), counts[word]))
        digest.update(data)
    return digest.hexdigest()
