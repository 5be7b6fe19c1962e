"""Special tokens: strings such as <|endoftext|> that have one id each and are never split.

They are found before anything else looks at the text, from left to right. If several begin at the same place,
the longest wins. The text between them is ordinary text, and no piece spans a special token.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from tokenizer.checks import repeated, shown, strings
from tokenizer.read.texts import utf8

LONGEST = 1000  # characters; a limit, because `unfinished` compares every prefix of a token with the end of a text


class SpecialTokens:
    """A few special tokens, and where they occur in a text."""

    def __init__(self, tokens: Sequence[str]) -> None:
        """Raises ValueError for an empty token, for a token that is listed twice, and for tokens that overlap."""
        for token in strings("special_tokens", tokens):
            if not isinstance(token, str) or not token:
                raise ValueError(f"special_tokens: expected strings of at least one character, got {shown(token)}")
            if len(token) > LONGEST:
                raise ValueError(f"special_tokens: expected at most {LONGEST} characters each, got {len(token):,}")
            utf8(token)  # refuses a lone surrogate
        if len(set(tokens)) != len(tokens):
            raise ValueError(f"special_tokens: expected every token once, got {shown(repeated(tokens))} twice")
        _check_overlaps(tokens)
        self.tokens = list(tokens)
        # A regular expression takes the first alternative that fits, so the longest token goes first.
        longest_first = sorted(tokens, key=len, reverse=True)
        self._longest = len(longest_first[0]) if tokens else 0
        # With no tokens the pattern must find nothing: (?!) never matches.
        self._pattern = re.compile("|".join(map(re.escape, longest_first)) or "(?!)")

    def find(self, text: str) -> Iterator[tuple[int, int]]:
        """(start, end) of each special token in the text, from left to right."""
        return (match.span() for match in self._pattern.finditer(text))

    def unfinished(self, text: str) -> int:
        """The first place from which the rest of the text is the beginning of a special token: "abc<|end" -> 3.

        The next chunk may complete that token. `len(text)` if there is no such place.
        """
        for start in range(max(0, len(text) - self._longest + 1), len(text)):
            rest = text[start:]
            if any(token.startswith(rest) and token != rest for token in self.tokens):
                return start
        return len(text)


def _check_overlaps(tokens: Sequence[str]) -> None:
    """Raises ValueError for a token that ends with the beginning of another one, unless one is part of the other."""
    # With <a> and >b, the text "<a>b" could be read in two ways.
    beginnings: dict[str, list[str]] = {}
    for token in tokens:
        for end in range(1, len(token)):
            beginnings.setdefault(token[:end], []).append(token)
    for one in tokens:
        for start in range(1, len(one)):
            for other in beginnings.get(one[start:], ()):
                if other not in one and one not in other:
                    raise ValueError(
                        f"special_tokens: expected tokens that cannot overlap, got {one!r}, "
                        f"which ends with {one[start:]!r}, with which {other!r} begins"
                    )
