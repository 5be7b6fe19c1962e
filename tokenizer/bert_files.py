"""BERT's files: `vocab.txt` (a piece a line; the first line is id 0) and `tokenizer_config.json`.

vocab.txt does not say whether capitals are to be lowered, nor which tokens beyond BERT's five are special.
tokenizer_config.json does, under the names that Hugging Face's transformers reads.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tokenizer.files import read_json, read_text, write_json, write_text

SPECIAL_TOKENS = PAD, UNK, CLS, SEP, MASK = "[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"  # BERT's five
VOCAB_FILE, CONFIG_FILE = "vocab.txt", "tokenizer_config.json"
LOWERCASE, SPECIAL = "do_lower_case", "additional_special_tokens"


def write_files(folder: Path, pieces: Sequence[str], lowercase: bool, special_tokens: Sequence[str]) -> None:
    """Write vocab.txt and tokenizer_config.json. Raises ValueError for a piece that cannot be a line."""
    for piece in pieces:
        if piece != piece.strip() or "\n" in piece or "\r" in piece:
            raise ValueError(f"vocab: expected pieces of one line for {VOCAB_FILE}, got {piece!r}")
    write_text(folder / VOCAB_FILE, "".join(f"{piece}\n" for piece in pieces))
    config = {"tokenizer_class": "BertTokenizer", LOWERCASE: lowercase, SPECIAL: list(special_tokens)}
    write_json(folder / CONFIG_FILE, config)


def read_vocab(path: Path) -> list[str]:
    """The pieces of a vocab.txt in the order of their ids. Raises ValueError, naming the file, if it is damaged."""
    lines = read_text(path).removesuffix("\n").split("\n")
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
    """The pieces, whether capitals are lowered (True if nothing says), and the special tokens beyond BERT's.

    Raises ValueError, naming the file, where one is damaged.
    """
    pieces = read_vocab(folder / VOCAB_FILE)
    path = folder / CONFIG_FILE
    config = read_json(path) if path.exists() else {}
    if not isinstance(config, dict):
        raise ValueError(f"{path}: expected an object, got a {type(config).__name__}")
    lowercase, special_tokens = config.get(LOWERCASE, True), config.get(SPECIAL) or []
    if not isinstance(lowercase, bool):
        raise ValueError(f"{path}: expected true or false for {LOWERCASE}, got {lowercase!r}")
    if not isinstance(special_tokens, list) or not all(isinstance(token, str) for token in special_tokens):
        raise ValueError(f"{path}: expected a list of strings for {SPECIAL}, got {special_tokens!r}")
    return pieces, lowercase, special_tokens
