"""Fenced blocks are found with the comments above them, and replaced without touching the rest of the page."""

import pytest

from lectures.build.markdown import blocks, with_texts

PAGE = """# Title

<!-- a remark -->
<!-- code: minigrad.a -->
<!--raises:  ValueError-->
```python
x = 1
```

```
plain
<!-- code: inside of a block it is text -->
```
"""


def test_blocks_have_a_line_a_language_a_text_and_comments():
    first, second = blocks(PAGE)
    assert (first.line, first.language, first.text, first.last_line) == (6, "python", "x = 1\n", 8)
    assert first.comments == (("code", "minigrad.a"), ("raises", "ValueError"))
    assert first.values("raises") == ["ValueError"]
    assert (second.line, second.language, second.comments) == (10, "", ())


def test_texts_are_replaced_whatever_their_length():
    first, second = blocks(PAGE)
    page = with_texts(PAGE, {first: "y = 2\nz = 3\n", second: ""})
    assert [block.text for block in blocks(page)] == ["y = 2\nz = 3\n", ""]
    assert page == PAGE.replace("x = 1", "y = 2\nz = 3").replace(second.text, "")


@pytest.mark.parametrize(
    ("page", "message"),
    [
        ("a\n```python\nx\n", "line 2: expected a block that ends"),
        ("<!-- code: minigrad.a -->\n\n```python\nx\n```\n", "line 1: expected a fenced block below"),
        ("text\n<!-- program: a.py -->", "line 2: expected a block that ends"),
    ],
)
def test_a_comment_without_its_block_and_an_open_block_are_refused(page: str, message: str):
    with pytest.raises(ValueError, match=message):
        blocks(page)
