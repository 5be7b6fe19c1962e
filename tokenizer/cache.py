"""A cache of the ids of words: a text has many words but few distinct ones, so encoding is mostly a look-up."""

from __future__ import annotations

from collections.abc import Callable


class WordCache(dict[str, list[int]]):
    """A dict word -> ids that computes the ids of a word when they are first asked for."""

    LARGEST = 1 << 16  # words; then the cache starts afresh, so that an endless text takes constant memory
    MOST_IDS = 1 << 19  # of all words together, for the same reason: less than 40 MB in the worst case
    LONGEST = 64  # characters; longer words rarely occur twice

    def __init__(self, compute: Callable[[str], list[int]]) -> None:
        super().__init__()
        self._compute = compute
        self._n_ids = 0

    # Python calls __missing__ only if the word is not in the dict, so a hit costs no more than in a plain dict.
    def __missing__(self, word: str) -> list[int]:
        ids = self._compute(word)
        if len(word) <= self.LONGEST:
            # Emptied as a whole: the frequent words are back at once, and nothing has to be recorded for each hit.
            if len(self) >= self.LARGEST or self._n_ids >= self.MOST_IDS:
                self.clear()
                self._n_ids = 0
            self[word] = ids
            self._n_ids += len(ids)
        return ids
