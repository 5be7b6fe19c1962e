"""Special tokens: strings such as <|endoftext|> that stand for one id each and are never taken apart.

They are found before anything else looks at the text, from left to right, the longest first where several
begin at one place. What stands between them is ordinary text, and no piece reaches across one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import permutations

from tokenizer.texts import utf8


class SpecialTokens:
    """A few special tokens, and where they stand in a text."""

    def __init__(self, tokens: Sequence[str]) -> None:
        """Raises ValueError for an empty token, for a token given twice, and for tokens that overlap."""
        if isinstance(tokens, str):
            raise TypeError(f"special_tokens: expected a list of strings, got the string {tokens!r}")
        for token in tokens:
            if not isinstance(token, str) or not token:
                raise ValueError(f"special_tokens: expected strings of at least one character, got {token!r}")
            utf8(token)  # refuses a lone surrogate
        if len(set(tokens)) != len(tokens):
            raise ValueError(f"special_tokens: expected every token once, got {list(tokens)}")
        for one, other in permutations(tokens, 2):
            shared = _overlap(one, other)
            if shared and one not in other and other not in one:
                raise ValueError(
                    f"special_tokens: expected tokens that cannot overlap, "
                    f"got {one!r}, which ends with {shared!r}, with which {other!r} begins"
                )
        self.tokens = list(tokens)
        longest_first = sorted(tokens, key=len, reverse=True)
        self._longest = len(longest_first[0]) if tokens else 0
        # With no tokens the pattern must find nothing: (?!) never matches.
        self._pattern = re.compile("|".join(map(re.escape, longest_first)) or "(?!)")

    def find(self, text: str) -> Iterator[tuple[int, int]]:
        """(start, end) of each special token in the text, from left to right."""
        return (match.span() for match in self._pattern.finditer(text))

    def unfinished(self, text: str) -> int:
        """Where the text may break off inside a special token: the first place from which all that is left
        is the beginning of one. `len(text)` if there is no such place."""
        for start in range(max(0, len(text) - self._longest + 1), len(text)):
            rest = text[start:]
            if any(token.startswith(rest) and token != rest for token in self.tokens):
                return start
        return len(text)


def _overlap(one: str, other: str) -> str:
    """The longest end of `one` with which `other` begins, or ""."""
    for length in range(min(len(one), len(other)), 0, -1):
        if one.endswith(other[:length]):
            return other[:length]
    return ""
