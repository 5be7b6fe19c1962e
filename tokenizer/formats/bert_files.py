"""BERT's files: `vocab.txt` (one piece a line; the first line is id 0) and `tokenizer_config.json`.

vocab.txt does not say whether text is lowered, nor which tokens besides BERT's five are special.
tokenizer_config.json does, under the names that Hugging Face's transformers reads.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tokenizer.checks import shown
from tokenizer.formats.config_files import (
    CONFIG_FILE,
    check_settings,
    read_config,
    read_tokens,
    write_with_config,
)
from tokenizer.formats.files import read_text

SPECIAL_TOKENS = PAD, UNK, CLS, SEP, MASK = "[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"  # BERT's five
PREFIX = "##"  # marks a piece that continues a word: "hats" -> hat ##s
VOCAB_FILE = "vocab.txt"
LOWERCASE = "do_lower_case"
# All of them tokenize like BERT.
CLASSES = ("BertTokenizer", "DistilBertTokenizer", "ElectraTokenizer", "MobileBertTokenizer")


def write_files(folder: Path, pieces: Sequence[str], lowercase: bool, special_tokens: Sequence[str]) -> None:
    """Write vocab.txt and tokenizer_config.json. Raises ValueError for a piece that does not fit on a line."""
    for piece in pieces:
        if piece != piece.strip() or "\n" in piece or "\r" in piece:
            raise ValueError(f"vocab: expected pieces of one line for {VOCAB_FILE}, got {piece!r}")
    texts = {VOCAB_FILE: "".join(f"{piece}\n" for piece in pieces)}
    write_with_config(folder, texts, CLASSES[0], special_tokens, **{LOWERCASE: lowercase})


def read_vocab(path: Path) -> list[str]:
    """The pieces of a vocab.txt in the order of their ids. Raises ValueError, naming the file, if it is damaged."""
    lines = read_text(path).removesuffix("\n").split("\n")
    if lines[0].startswith("\ufeff"):
        raise ValueError(f"{path}, line 1: expected UTF-8 without a byte order mark, got {shown(lines[0])}")
    first_line: dict[str, int] = {}
    for number, piece in enumerate(lines, start=1):
        if not piece:
            raise ValueError(f"{path}, line {number}: expected a piece, got an empty line")
        if first_line.setdefault(piece, number) != number:
            before = first_line[piece]
            raise ValueError(f"{path}, line {number}: expected every piece once, got {piece!r} as in line {before}")
    if UNK not in first_line:
        raise ValueError(f"{path}: expected {UNK} among the pieces, got {len(lines)} pieces without")
    return lines


def read_files(folder: Path) -> tuple[list[str], bool, list[str]]:
    """The pieces, whether text is lowered (True if no file says so or not), and the special tokens besides BERT's.

    Raises ValueError, naming the file, if one is damaged, or asks for something that this tokenizer cannot do.
    """
    pieces = read_vocab(folder / VOCAB_FILE)
    config = read_config(folder)
    lowercase = config.get(LOWERCASE, True)
    if not isinstance(lowercase, bool):
        raise ValueError(f"{folder / CONFIG_FILE}: expected true or false for {LOWERCASE}, got {shown(lowercase)}")
    check_settings(
        folder,
        config,
        {
            "tokenizer_class": tuple(name + ending for name in CLASSES for ending in ("", "Fast")),
            "strip_accents": (lowercase,),
            "tokenize_chinese_chars": (True,),
            "do_basic_tokenize": (True,),
            "never_split": ([],),
            "split_special_tokens": (False,),
        },
    )
    return pieces, lowercase, _special_tokens(folder, config, pieces)


def _special_tokens(folder: Path, config: Mapping[str, Any], pieces: Sequence[str]) -> list[str]:
    """The special tokens in the files, without those of BERT's five that are pieces. A token that is not a piece gets
    the next id.

    Raises ValueError for a token that transformers would search for in another way, or that has another id there.
    """
    beside = read_tokens(folder, config, {"unk_token": UNK, "cls_token": CLS, "sep_token": SEP})
    for token in beside.normalized:
        expected = "a special token, which is looked for before the text is normalized"
        got = f"{shown(token)} as another kind, which is not supported"
        raise ValueError(f"{beside.where[token]}: expected {expected}, got {got}")
    whole = beside.add_to({piece: id for id, piece in enumerate(pieces)})
    for next_id, token in enumerate(list(whole)[len(pieces) :], start=len(pieces)):
        if whole[token] != next_id:
            expected = f"the id {next_id} for the added token {shown(token)}"
            raise ValueError(f"{beside.where[token]}: expected {expected}, got {whole[token]}")
    return [token for token in beside.tokens if token not in SPECIAL_TOKENS or token not in whole]
