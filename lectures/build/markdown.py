"""The fenced blocks of a Markdown page, and the comments above them that say where their text comes from.

    <!-- code: minigrad.ops.arithmetic.mul -->
    ```python
    def mul(a, b): ...
    ```

A code host shows the block and hides the comment. Such a comment, `<!-- KEY: VALUE -->` with one of the keys below,
must be in the line above the fence; several of them take a line each.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

FENCE = "```"
KEYS = {
    "code": "the block quotes this object of our source",
    "program": "the block is a program, saved under this name",
    "break": "the session sets a breakpoint at this line, given as FILE: TEXT OF THE LINE",
    "raises": "the block ends with this exception",
}
_COMMENT = re.compile(rf"<!--\s*({'|'.join(KEYS)})\s*:\s*(.*?)\s*-->")


@dataclass(frozen=True)
class Block:
    """A fenced block.

    Attributes:
        line: the line of the opening fence, counted from 1.
        language: what follows the opening fence, such as `python`.
        text: the lines between the fences, each with its end.
        comments: the (key, value) of each comment above the fence, from top to bottom.
    """

    line: int
    language: str
    text: str
    comments: tuple[tuple[str, str], ...]

    @property
    def last_line(self) -> int:
        """The line of the closing fence."""
        return self.line + self.text.count("\n") + 1

    def values(self, key: str) -> list[str]:
        """What the comments with this key say."""
        return [value for name, value in self.comments if name == key]


def blocks(page: str) -> list[Block]:
    """The fenced blocks of a page, in order.

    Raises:
        ValueError: naming the line, if a fence is not closed, or one of our comments is not directly above a fence.
    """
    found: list[Block] = []
    comments: list[tuple[str, str]] = []
    opening, inside = 0, list[str]()
    for number, line in enumerate(page.split("\n"), start=1):
        if opening:
            if line.rstrip() == FENCE:
                language = page.split("\n")[opening - 1].removeprefix(FENCE).strip()
                found.append(Block(opening, language, "".join(inside), tuple(comments)))
                opening, inside, comments = 0, [], []
            else:
                inside.append(f"{line}\n")
        elif line.startswith(FENCE):
            opening = number
        elif comment := _COMMENT.fullmatch(line.strip()):
            comments.append((comment[1], comment[2]))
        elif comments:
            key, value = comments[-1]
            raise ValueError(f"line {number - 1}: expected a fenced block below <!-- {key}: {value} -->")
    if opening or comments:
        raise ValueError(f"line {opening or number}: expected a block that ends with {FENCE}")
    return found


def with_texts(page: str, texts: Mapping[Block, str]) -> str:
    """The page with another text in each of the given blocks."""
    lines = page.split("\n")
    # From the last block to the first, so that the blocks still to come keep their line numbers.
    for block in sorted(texts, key=lambda block: block.line, reverse=True):
        lines[block.line : block.last_line - 1] = texts[block].split("\n")[:-1]
    return "\n".join(lines)
