"""GPT-2's files: `vocab.json` (token -> id) and `merges.txt` (a merge a line, in the order of learning).

Both are text, yet a token is bytes, and half a character is no text. GPT-2's way out is an alphabet: each
of the 256 bytes is written as one visible character: itself where it is a visible Latin-1 character, and
else the next character from U+0100 on. A space becomes Ġ, a line feed Ċ. Special tokens stand as they are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from tokenizer.files import read_json, read_text, write_json, write_text

VOCAB_FILE, MERGES_FILE, SPECIAL_FILE = "vocab.json", "merges.txt", "special_tokens.json"
HEADER = "#version: 0.2"

_VISIBLE = [*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1), *range(ord("®"), ord("ÿ") + 1)]
_HIDDEN = [byte for byte in range(256) if byte not in _VISIBLE]
CHARACTER_OF_BYTE = {byte: chr(byte) for byte in _VISIBLE}
CHARACTER_OF_BYTE.update({byte: chr(256 + i) for i, byte in enumerate(_HIDDEN)})
BYTE_OF_CHARACTER = {character: byte for byte, character in CHARACTER_OF_BYTE.items()}


def spell(token: bytes) -> str:
    """A token in GPT-2's alphabet: b" the" -> "Ġthe"."""
    return "".join(CHARACTER_OF_BYTE[byte] for byte in token)


def unspell(spelling: str) -> bytes:
    """The token that is spelt so in GPT-2's alphabet. Raises KeyError for a character that is not in it."""
    return bytes(BYTE_OF_CHARACTER[character] for character in spelling)


def spell_vocab(vocab: Mapping[int, bytes], special_tokens: Sequence[str]) -> dict[str, int]:
    """Each token's spelling with its id, special tokens as they are. Raises ValueError if two are spelt alike."""
    special = {token.encode("utf-8"): token for token in special_tokens}
    spelt = {special.get(token) or spell(token): id for id, token in sorted(vocab.items())}
    if len(spelt) != len(vocab):
        raise ValueError("special_tokens: expected names unlike the spelling of any other token")
    return spelt


def unspell_vocab(spelt: object, special_tokens: Sequence[str], path: Path) -> dict[int, bytes]:
    """The tokens by id, from the spellings in a file. Raises ValueError, naming the file, where it is damaged."""
    if not isinstance(spelt, dict):  # a damaged file, not a caller's mistake: ValueError, as for the others
        raise ValueError(f"{path}: expected an object of ids, got a {type(spelt).__name__}")
    special = set(special_tokens)
    vocab: dict[int, bytes] = {}
    for spelling, id in spelt.items():
        if not isinstance(id, int) or id in vocab:
            raise ValueError(f"{path}: expected an integer of its own for {spelling!r}, got {id!r}")
        try:
            vocab[id] = spelling.encode("utf-8") if spelling in special else unspell(spelling)
        except KeyError as error:
            raise ValueError(f"{path}: expected GPT-2's alphabet, got {error} in {spelling!r}") from None
    return vocab


def write_files(
    folder: Path,
    vocab: Mapping[int, bytes],
    merges: Sequence[tuple[bytes, bytes]],
    special_tokens: Sequence[str],
) -> None:
    """Write vocab.json and merges.txt as GPT-2 has them, and special_tokens.json with the special ones."""
    spelt = spell_vocab(vocab, special_tokens)
    lines = [HEADER, *(f"{spell(left)} {spell(right)}" for left, right in merges)]
    write_json(folder / VOCAB_FILE, spelt)
    write_text(folder / MERGES_FILE, "".join(f"{line}\n" for line in lines))
    write_json(folder / SPECIAL_FILE, list(special_tokens))


def read_merges(path: Path) -> list[tuple[bytes, bytes]]:
    """The merges of a merges.txt. Raises ValueError, naming file and line, where it is damaged."""
    merges = []
    for number, line in enumerate(read_text(path).split("\n"), start=1):
        if not line or (number == 1 and line.startswith("#version")):
            continue
        try:
            left, right = map(unspell, line.split(" "))
        except (ValueError, KeyError):
            raise ValueError(f"{path}, line {number}: expected a merge, two tokens, got {line!r}") from None
        merges.append((left, right))
    return merges


def read_vocab(path: Path, special_tokens: Sequence[str]) -> dict[int, bytes]:
    """The tokens of a vocab.json by id. Raises ValueError, naming the file, where it is damaged."""
    return unspell_vocab(read_json(path), special_tokens, path)


def find_special_tokens(vocab_path: Path, merges: Sequence[tuple[bytes, bytes]]) -> list[str]:
    """The special tokens of a vocab.json that nobody named: what is neither a byte nor made by a merge."""
    ordinary = {spell(left + right) for left, right in merges} | set(BYTE_OF_CHARACTER)
    return [spelling for spelling in read_json(vocab_path) if spelling not in ordinary]
