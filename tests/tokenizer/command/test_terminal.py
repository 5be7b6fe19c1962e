"""Pieces and merges in a terminal."""

import io
import re
import sys
from itertools import pairwise

import pytest

from tokenizer import ByteLevelBPE, LectureBPE
from tokenizer.command.terminal import COLOURS, barred, coloured, history, shows_colours, tree

LECTURE = LectureBPE.train("low " * 5 + "lower " * 2 + "newest " * 6 + "widest " * 3, 22)


def drawn(draw, bpe, word):
    return "\n".join(draw(list(bpe.steps(word)), bpe.merges))


def test_the_history_of_a_word():
    assert drawn(history, LECTURE, "lowest") == (
        "l o w e s t </w>\n"
        "l o w e s t</w>   1: t + </w>\n"
        "l o w e st</w>    2: s + t</w>\n"
        "l o w est</w>     3: e + st</w>\n"
        "l ow est</w>      4: o + w\n"
        "low est</w>       5: l + ow"
    )


def test_the_tree_of_a_word_has_the_last_merge_at_its_root():
    assert drawn(tree, LECTURE, "newest") == (
        "n  e  w  e  s  t  </w>\n"
        "│  │  │  │  │  └─┬─┘    1: t</w>\n"
        "│  │  │  │  └─┬──┘      2: st</w>\n"
        "│  │  │  └─┬──┘         3: est</w>\n"
        "│  │  └─┬──┘            6: west</w>\n"
        "└┬─┘    │               7: ne\n"
        " └──┬───┘               8: newest</w>"
    )


def test_a_word_that_no_merge_touches_is_one_line():
    assert drawn(tree, LECTURE, "xy") == "x  y  </w>"
    assert drawn(history, LECTURE, "xy") == "x y </w>"


def test_wide_characters_and_half_characters_keep_their_columns():
    wide = LectureBPE.train("漢字é " * 9, 100)
    assert drawn(tree, wide, "漢字é").splitlines()[:2] == ["漢  字  é  </w>", "└─┬─┘   │   │    1: 漢字"]
    accent = LectureBPE.train("xy " * 9, 5)
    assert drawn(tree, accent, "e\u0301xy") == "e  \u0301  x  y  </w>\n│ │  │  └─┬─┘    1: y</w>"
    half = ByteLevelBPE.train("é", 257)
    assert drawn(tree, half, "é") == "\\xc3  \\xa9\n └──┬──┘    1: é"
    assert drawn(history, half, "é") == "\\xc3 \\xa9\né          1: \\xc3 + \\xa9"


@pytest.mark.parametrize("word", ["lowest", "a" * 40, "new new"])
def test_every_line_of_a_tree_joins_two(word):
    bpe = ByteLevelBPE.train("aaaa new newest lowest " * 9, 300)
    lines = drawn(tree, bpe, word).splitlines()
    ends = [len(re.findall("[│┬]", line)) for line in lines[1:]]
    leaves = len(word)
    assert ends == list(range(leaves - 1, leaves - 1 - len(ends), -1))
    assert all(line.count("└") == line.count("┬") == line.count("┘") == 1 for line in lines[1:])


def test_bars_stand_between_pieces_and_layout_stays():
    assert (
        barred([b"the", b" cat", b"\n\n", b"\tsat", b"\xe6\xbc", b"\x1b[0m"])
        == "the| cat|\n\n|\tsat|\\xe6\\xbc|\\x1b[0m"
    )


def test_colours_change_with_every_piece_and_stop_at_line_ends():
    one, two = (f"\x1b[38;5;16;48;5;{colour}m" for colour in COLOURS[:2])
    assert coloured(["the", " cat\n", "x"]).startswith(f"{one}the\x1b[0m{two} cat\x1b[0m\n\x1b[")
    backgrounds = re.findall(r"48;5;(\d+)m", coloured(["a"] * 9))
    assert all(one != other for one, other in pairwise(backgrounds))
    assert "\x1b[31m" not in coloured(["\x1b[31mred"])  # the text's own escapes do nothing


@pytest.mark.parametrize(
    ("variables", "in_terminal", "expected"),
    [
        ({}, True, True),
        ({}, False, False),
        ({"NO_COLOR": "1"}, True, False),
        ({"NO_COLOR": ""}, True, True),
        ({"TERM": "dumb"}, True, False),
    ],
)
def test_colours_are_for_terminals_whose_users_want_them(monkeypatch, variables, in_terminal, expected):
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    stream = io.StringIO()
    stream.isatty = lambda: in_terminal
    monkeypatch.setattr(sys, "stdout", stream)
    assert shows_colours() is expected
