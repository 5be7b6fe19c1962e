"""Remembering the ids of words: a text has many words and few distinct ones, so encoding mostly looks up."""

from __future__ import annotations

from collections.abc import Callable


class Memory(dict[str, list[int]]):
    """A dict word -> ids that works out the ids of a word when it is first asked for them."""

    LARGEST = 1 << 16  # words; then it starts afresh, so that an endless text takes constant memory
    MOST_IDS = 1 << 19  # of all words together, for the same reason: less than 40 MB at the worst
    LONGEST = 64  # characters; what is longer hardly comes again

    def __init__(self, work_out: Callable[[str], list[int]]) -> None:
        super().__init__()
        self._work_out = work_out
        self._n_ids = 0

    def __missing__(self, word: str) -> list[int]:
        ids = self._work_out(word)
        if len(word) <= self.LONGEST:
            if len(self) >= self.LARGEST or self._n_ids >= self.MOST_IDS:
                self.clear()
                self._n_ids = 0
            self[word] = ids
            self._n_ids += len(ids)
        return ids
