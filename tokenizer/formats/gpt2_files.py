"""GPT-2's files: `vocab.json` (token -> id) and `merges.txt` (one merge a line, in the order of learning).

Both are text, but a token is bytes and may be half a character, which cannot be written as text. GPT-2 therefore
writes each of the 256 bytes as one visible character. A byte that is a visible Latin-1 character stays itself. The
others become the characters from U+0100 on: a space becomes Ġ, a line feed Ċ. Special tokens are written as they are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tokenizer.checks import shown
from tokenizer.formats.config_files import (
    check_settings,
    read_config,
    read_tokens,
    write_with_config,
)
from tokenizer.formats.files import as_json, check_ids, check_token, read_json, read_text

END_OF_TEXT = "<|endoftext|>"  # GPT-2's only special token, before and after every document
VOCAB_FILE, MERGES_FILE, SPECIAL_FILE = "vocab.json", "merges.txt", "special_tokens.json"
HEADER = "#version: 0.2"
CLASS = "GPT2Tokenizer"
SUPPORTED = {  # fields of tokenizer_config.json, and the values that mean the same ids and texts as ours
    "tokenizer_class": (CLASS, CLASS + "Fast"),
    "add_prefix_space": (False,),
    "add_bos_token": (False,),
    "add_eos_token": (False,),
    "split_special_tokens": (False,),
    "errors": ("replace",),
}

_VISIBLE = [*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1), *range(ord("®"), ord("ÿ") + 1)]
_HIDDEN = [byte for byte in range(256) if byte not in _VISIBLE]
CHARACTER_OF_BYTE = {byte: chr(byte) for byte in _VISIBLE}
CHARACTER_OF_BYTE.update({byte: chr(256 + i) for i, byte in enumerate(_HIDDEN)})
BYTE_OF_CHARACTER = {character: byte for byte, character in CHARACTER_OF_BYTE.items()}


def spell(token: bytes) -> str:
    """A token in GPT-2's alphabet: b" the" -> "Ġthe"."""
    return "".join(CHARACTER_OF_BYTE[byte] for byte in token)


def unspell(spelling: str) -> bytes:
    """The token with this spelling: "Ġthe" -> b" the". Raises KeyError for a character outside the alphabet."""
    return bytes(BYTE_OF_CHARACTER[character] for character in spelling)


def spell_vocab(vocab: Mapping[int, bytes], special_tokens: Sequence[str]) -> dict[str, int]:
    """spelling -> id, special tokens as they are. Raises ValueError if two tokens have the same spelling."""
    special = {token.encode("utf-8"): token for token in special_tokens}
    spelt = {special.get(token) or spell(token): id for id, token in sorted(vocab.items())}
    if len(spelt) != len(vocab):
        raise ValueError("special_tokens: expected names unlike the spelling of any other token")
    return spelt


def unspell_vocab(spelt: Mapping[str, int], special_tokens: Sequence[str], path: Path) -> dict[int, bytes]:
    """The tokens by id, from the spellings in a file. Raises ValueError, naming the file, if it is damaged."""
    special = set(special_tokens)
    vocab: dict[int, bytes] = {}
    for spelling, id in spelt.items():
        try:
            vocab[id] = spelling.encode("utf-8") if spelling in special else unspell(spelling)
        except KeyError as error:
            raise ValueError(f"{path}: expected GPT-2's alphabet, got {error} in {shown(spelling)}") from None
    return vocab


def write_files(
    folder: Path,
    vocab: Mapping[int, bytes],
    merges: Sequence[tuple[bytes, bytes]],
    special_tokens: Sequence[str],
) -> None:
    """Write vocab.json and merges.txt as in GPT-2, and two files that name the special tokens.

    We read them from special_tokens.json; transformers reads them from tokenizer_config.json.
    """
    lines = [HEADER, *(f"{spell(left)} {spell(right)}" for left, right in merges)]
    texts = {
        MERGES_FILE: "".join(f"{line}\n" for line in lines),
        VOCAB_FILE: as_json(spell_vocab(vocab, special_tokens)),
        SPECIAL_FILE: as_json(list(special_tokens)),
    }
    write_with_config(folder, texts, CLASS, special_tokens)


def read_merges(path: Path) -> list[tuple[bytes, bytes]]:
    """The merges of a merges.txt. Raises ValueError, naming file and line, if it is damaged."""
    merges: dict[tuple[bytes, bytes], int] = {}
    for number, line in enumerate(read_text(path).removesuffix("\n").split("\n"), start=1):
        if number == 1 and (line.startswith("#version") or not line):
            continue
        try:
            left, right = map(unspell, line.split(" "))
        except (ValueError, KeyError):
            left = right = b""
        if not left or not right:
            raise ValueError(f"{path}, line {number}: expected a merge, two tokens, got {shown(line)}")
        before = merges.setdefault((left, right), number)
        if before != number:
            got = f"{shown(line)} as in line {before}"
            raise ValueError(f"{path}, line {number}: expected every merge once, got {got}")
    return list(merges)


def read_files(
    vocab_path: Path, merges_path: Path, special_tokens: Sequence[str] | None = None
) -> tuple[dict[int, bytes], list[tuple[bytes, bytes]], list[str]]:
    """The vocabulary, the merges and the special tokens of two files, which need not be in the same folder.

    special_tokens: if None, the entries of the vocabulary that are neither bytes nor made by a merge
    Raises ValueError, naming the file, if one is damaged.
    """
    merges = read_merges(merges_path)
    spelt = check_ids(vocab_path, read_json(vocab_path))
    special = _unlike_merges(spelt, merges) if special_tokens is None else list(special_tokens)
    return unspell_vocab(spelt, special, vocab_path), merges, special


def read_folder(
    folder: Path, special_tokens: Sequence[str] | None = None
) -> tuple[dict[int, bytes], list[tuple[bytes, bytes]], list[str]]:
    """The same for a folder, including the tokens that its other files name.

    special_tokens: if None, those of special_tokens.json; without that file, the entries of the vocabulary that
        are neither bytes nor made by a merge. In both cases the tokens of the files that `config_files.py` reads are
        added.
    Raises ValueError, naming the file, if one is damaged, or asks for something that this tokenizer cannot do.
    """
    merges = read_merges(folder / MERGES_FILE)
    config = read_config(folder)
    check_settings(folder, config, SUPPORTED)
    vocab_path, special_path = folder / VOCAB_FILE, folder / SPECIAL_FILE
    spelt = check_ids(vocab_path, read_json(vocab_path))
    if special_tokens is not None:
        special = list(special_tokens)
    else:
        beside = read_tokens(folder, config)
        beside.check_nested()
        own = read_special(special_path) if special_path.exists() else _unlike_merges(spelt, merges)
        special = list(dict.fromkeys([*own, *beside.tokens]))
        spelt = beside.add_to(spelt)
    return unspell_vocab(spelt, special, vocab_path), merges, special


def read_special(path: Path) -> list[str]:
    """The tokens of a special_tokens.json. Raises ValueError, naming the file, if it is damaged."""
    tokens: Any = read_json(path)
    if not isinstance(tokens, list):
        raise ValueError(f"{path}: expected a list of special tokens, got {shown(tokens)}")
    for token in tokens:
        check_token(path, token, "a special token")
    if len(set(tokens)) != len(tokens):
        raise ValueError(f"{path}: expected every special token once, got {shown(tokens)}")
    return tokens


def _unlike_merges(spelt: Mapping[str, int], merges: Sequence[tuple[bytes, bytes]]) -> list[str]:
    """The special tokens of a vocabulary without a list of them: entries that are neither bytes nor made by a merge."""
    ordinary = {spell(left + right) for left, right in merges} | set(BYTE_OF_CHARACTER)
    return [spelling for spelling in spelt if spelling not in ordinary]
