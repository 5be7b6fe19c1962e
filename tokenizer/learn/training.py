"""Training: learn a number of merges, report each one, and resume after an interruption.

`recounting.py` and `incremental.py` find merges. This file stops them at the wanted number, calls `on_merge`, and
writes the merges so far to a file.

Resuming is simple because known merges need not be found again. `apply_merges` brings each word to the state in which
learning left it, and learning continues from there. (The state is exactly the same. A pair that was merged everywhere
never occurs again, because no later merge produces its two symbols.)
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
from tokenizer.formats.files import read_text, write_text
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
    file: MergesFile[AnyMerge] | None = None,
) -> list[AnyMerge]:
    """The first `wanted` merges, or fewer if every word becomes one symbol earlier.

    counts: how often each word occurs
    symbols: splits a word into its first symbols, "low" -> ["l", "o", "w", "</w>"]
    learn: yields one merge after the other, `incremental.learn_merges` for example
    on_merge: called with each merge, those of an earlier run first
    file: keeps the merges so far
    """
    text = fingerprint(counts) if file else ""
    known = file.read(text, (symbol for word in counts for symbol in symbols(word))) if file else []
    merges = known[:wanted]
    if on_merge is not None:
        for merge in merges:
            on_merge(merge)
    # Continue where the earlier run stopped: replay its merges on each word, then learn from the resulting symbols.
    ranks = rank_merges([(merge.left, merge.right) for merge in merges], [merge.symbol for merge in merges])
    learning = learn((apply_merges(symbols(word), ranks) if ranks else symbols(word), n) for word, n in counts.items())
    written = time.monotonic()
    try:
        for merge in islice(learning, wanted - len(merges)):  # merges are found one by one, as they are asked for
            merges.append(merge)
            if on_merge is not None:
                on_merge(merge)
            # Not after every merge: writing the whole file takes longer than finding one.
            if file and time.monotonic() - written > SECONDS:
                file.write(text, merges)
                written = time.monotonic()
    finally:  # also on Ctrl-C, and on an error in `on_merge`
        if file and len(merges) > len(known):
            file.write(text, merges)
    return merges


@dataclass(frozen=True)
class MergesFile(Generic[AnyMerge]):
    """A text file with the merges of a training that may not be finished.

    Its first line names the learner and the text. Each further line is a merge with its counts. The text is identified
    by the counts of its words. The vocabulary size is not part of the first line, so a larger vocabulary resumes
    where a smaller one ended.
    """

    path: Path
    learner: str  # names the learner and every setting that changes the merges: "uncased pieces, min_count 3"
    kind: type[AnyMerge]  # its fields are two symbols, then counts
    spell: Callable[[Any], str]  # a symbol as text without spaces
    unspell: Callable[[str], Any]  # raises ValueError or KeyError for a text that `spell` never returns

    def write(self, text: str, merges: list[AnyMerge]) -> None:
        """Replace the file by one with these merges; `text` is the fingerprint of the words' counts."""
        lines = [self._header(text)]
        for merge in merges:
            left, right, *counts = vars(merge).values()
            lines.append(" ".join([self.spell(left), self.spell(right), *map(str, counts)]))  # "l o 7"
        write_text(self.path, "".join(f"{line}\n" for line in lines))

    def read(self, text: str, symbols: Iterable[Any] = ()) -> list[AnyMerge]:
        """The merges in the file; none if there is no file.

        symbols: the symbols of the text before the first merge
        Raises ValueError if the merges were learnt from another text, or if the file is damaged.
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
            # A merge joins symbols that exist by then. Checked here, because the words would silently ignore others.
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
    """A count as `write` spells it. Raises ValueError for anything else, such as the "+7" that int() accepts."""
    if not (digits.isascii() and digits.isdigit()):
        raise ValueError
    return int(digits)


def fingerprint(counts: Mapping[str, int]) -> str:
    """A hash of words and counts that does not depend on the order of the words."""
    digest = hashlib.sha256()
    for word in sorted(counts):
        data = word.encode("utf-8", "surrogatepass")
        # The length goes first, or other words with the same bytes in a row would give the same hash.
        digest.update(b"%d %d " % (len(data), counts[word]))
        digest.update(data)
    return digest.hexdigest()
