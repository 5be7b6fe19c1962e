"""The core talks to its reader: shapes on the line, and a comment a block that says why."""

import io
import tokenize
from pathlib import Path

import pytest

PROJECT = Path(__file__).parent.parent
LEAST = 8  # comments on 100 lines of code

LADDER = ("words", "lecture_bpe", "byte_level", "wordpiece", "merges")
MODELS = ("gpt", "bert", "t5", "t5_decoder", "lstm_lm", "elmo", "word_vectors", "attention_classifier")

PARTS = {
    "reference kernels": sorted((PROJECT / "minigrad" / "kernels").glob("*/reference.py")),
    "ops": sorted((PROJECT / "minigrad" / "ops").glob("*.py")),
    "models": [PROJECT / "models" / f"{name}.py" for name in MODELS],
    "objectives": sorted((PROJECT / "models" / "objectives").glob("*.py")),
    "the tokenizers' ladder": [PROJECT / "tokenizer" / f"{name}.py" for name in LADDER],
}

BLANK = (tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER)


def comments_and_code(source: str) -> tuple[int, int]:
    """How many comments a source has, and how many lines of code: no docstrings, no blank lines, no orders to tools."""
    comments, lines = 0, set()
    starts = True  # whether a string here is a docstring: a statement of its own
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            comments += not token.string.startswith(("# noqa", "# type:", "# mypy:"))
        elif token.type not in BLANK and not (token.type == tokenize.STRING and starts):
            lines |= set(range(token.start[0], token.end[0] + 1))
        if token.type != tokenize.COMMENT:
            starts = token.type in BLANK
    return comments, len(lines)


def test_docstrings_and_orders_to_tools_do_not_count():
    source = '"""A docstring."""\n\nx = f(\n    1,\n)  # noqa: X\ny = """a\nb"""  # why\n'
    assert comments_and_code(source) == (1, 5)


@pytest.mark.parametrize("part", PARTS)
def test_there_is_a_comment_a_block(part: str):
    counts = [comments_and_code(path.read_text(encoding="utf-8")) for path in PARTS[part]]
    comments, lines = (sum(column) for column in zip(*counts, strict=True))
    assert lines > 50
    assert comments >= LEAST * lines / 100, f"{comments} comments on {lines} lines of code"
