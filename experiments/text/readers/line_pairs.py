"""Translations: two files with a sentence a line, whose lines correspond; or one table with a pair a line.

A pair with an empty side is skipped and counted. In parallel corpora an empty line means that a sentence has no
translation.
"""

import os
from collections.abc import Iterable
from itertools import zip_longest
from pathlib import Path

from experiments.text.errors import DataError
from experiments.text.readers.examples import Examples, Pair
from experiments.text.readers.lines import numbered_lines


def read(source: str | os.PathLike[str], target: str | os.PathLike[str]) -> Examples[Pair]:
    """The pairs of two parallel files, such as `europarl.de` and `europarl.en`.

    Raises:
        DataError: if a file is missing or not UTF-8, one has more lines than the other, or no pair has both sides.
    """
    source, target = Path(source), Path(target)
    pairs = []
    for left, right in zip_longest(numbered_lines(source), numbered_lines(target)):
        if left is None or right is None:
            longer, shorter = (target, source) if left is None else (source, target)
            number = (left or right)[0]
            raise DataError(f"{longer}, line {number}: expected as many lines as in {shorter}, which has {number - 1}")
        pairs.append(Pair(left[1], right[1]))
    return _with_both_sides(pairs, f"{source} and {target}")


def read_tsv(path: str | os.PathLike[str]) -> Examples[Pair]:
    """The pairs of one table without a header: source, tab, target. A third field, such as a licence, is not read.

    Raises:
        DataError: if the file is missing or not UTF-8, a line has another number of fields, or no pair has both sides.
    """
    path = Path(path)
    pairs = []
    for number, line in numbered_lines(path):
        fields = line.split("\t")
        if line and len(fields) not in (2, 3):
            raise DataError(
                f"{path}, line {number}: expected source and target separated by a tab, got {len(fields)} fields: "
                f"{' | '.join(fields)!r:.80}"
            )
        if line:
            pairs.append(Pair(fields[0], fields[1]))
    return _with_both_sides(pairs, str(path))


def _with_both_sides(pairs: Iterable[Pair], where: str) -> Examples[Pair]:
    pairs = list(pairs)
    items = [pair for pair in pairs if pair.source.strip() and pair.target.strip()]
    if not items:
        raise DataError(f"{where}: expected pairs of texts, got {len(pairs)} lines and no pair with both sides")
    return Examples(items, len(pairs) - len(items))
