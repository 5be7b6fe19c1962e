"""The files that Hugging Face's transformers writes beside a vocabulary, and which settings in them change the ids.

tokenizer_config.json      settings; the tokens of each role ("pad_token": "<|pad|>"); added_tokens_decoder, id -> token
special_tokens_map.json    the tokens of each role again
added_tokens.json          token -> id for tokens that are not in the vocabulary

Each of the three is optional. Every token that they name is never split, and a token without an id gets the next one.
A setting that would change the ids and is not supported here raises an error that names it. The many other fields
(model_max_length, chat_template, …) have no influence on how a text becomes ids.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path
from typing import Any

from tokenizer.checks import shown
from tokenizer.formats.files import as_json, check_id, check_ids, check_token, read_object, same_json, write_together

ADDED_FILE, MAP_FILE, CONFIG_FILE = "added_tokens.json", "special_tokens_map.json", "tokenizer_config.json"
ROLES = ("bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token")
LISTS = ("additional_special_tokens", "extra_special_tokens")  # the second is the name since version 5
ADDED = "added_tokens_decoder"


@dataclass
class TokensBeside:
    """The tokens that the files of a folder name.

    ids:        the tokens with an id, in the order of the ids
    without_id: the others, in the order in which transformers assigns the next ids
    normalized: the tokens that transformers searches for only after the text was normalized
    where:      the file that names each token
    """

    ids: dict[str, int] = field(default_factory=dict)
    without_id: list[str] = field(default_factory=list)
    normalized: list[str] = field(default_factory=list)
    where: dict[str, Path] = field(default_factory=dict)

    @property
    def tokens(self) -> list[str]:
        """All tokens, each once."""
        return [*self.ids, *self.without_id]

    def add(self, path: Path, token: str, id: int | None, normalized: bool) -> None:
        """Add a token that a file names. Raises ValueError if it has another id in a file that was read before."""
        if id is not None and self.ids.setdefault(token, id) != id:
            got = f"{self.ids[token]} in {self.where[token].name} and {id}"
            raise ValueError(f"{path}: expected one id for the added token {shown(token)}, got {got}")
        if token not in self.where:
            self.where[token] = path
            self.without_id += [token] if id is None else []
            self.normalized += [token] if normalized else []

    def add_to(self, vocab: Mapping[str, int]) -> dict[str, int]:
        """A copy of the vocabulary with the tokens that have an id. Raises ValueError if the vocabulary contradicts."""
        whole, tokens = dict(vocab), {id: token for token, id in vocab.items()}
        for token, id in self.ids.items():
            path = self.where[token]
            if whole.setdefault(token, id) != id:
                got = f"{whole[token]} in the vocabulary and {id} here"
                raise ValueError(f"{path}: expected one id for the added token {shown(token)}, got {got}")
            if tokens.setdefault(id, token) != token:
                got = f"{id}, which is that of {shown(tokens[id])}"
                raise ValueError(f"{path}: expected an id of its own for the added token {shown(token)}, got {got}")
        return whole

    def check_nested(self) -> None:
        """Raises ValueError for a normalized token that contains one that is not normalized.

        transformers finds the inner token first, wherever it is, so its ids would differ from ours.
        """
        normalized = set(self.normalized)
        plain = [token for token in self.tokens if token not in normalized]
        for inner, outer in product(plain, self.normalized):
            if inner in outer:
                names = f"{shown(outer)} as for {shown(inner)}, which is part of it"
                raise ValueError(f"{self.where[outer]}: expected False as normalized for {names}, got True")


def read_config(folder: Path) -> dict[str, Any]:
    """The fields of tokenizer_config.json; an empty dict if there is no such file."""
    return _object_if_there(folder / CONFIG_FILE)


def write_with_config(
    folder: Path, texts: Mapping[str, str], tokenizer_class: str, special_tokens: Sequence[str], **settings: bool
) -> None:
    """Write the files of a tokenizer, and a tokenizer_config.json with the settings that transformers reads."""
    config = {"tokenizer_class": tokenizer_class, **settings, LISTS[0]: list(special_tokens)}
    write_together(folder, {**texts, CONFIG_FILE: as_json(config)}, obsolete=[ADDED_FILE, MAP_FILE])


def check_settings(folder: Path, config: Mapping[str, Any], supported: Mapping[str, tuple[Any, ...]]) -> None:
    """Raises ValueError for a field whose value is neither supported nor null."""
    for name, values in supported.items():
        got = config.get(name)
        if got is not None and not any(same_json(got, value) for value in values):
            wanted = " or ".join(map(repr, values))
            raise ValueError(
                f"{folder / CONFIG_FILE}: expected {wanted} as {name}, got {shown(got)}, which is not supported"
            )


def read_tokens(folder: Path, config: Mapping[str, Any], roles: Mapping[str, str] | None = None) -> TokensBeside:
    """The tokens that the three files name.

    config: the fields of tokenizer_config.json
    roles: role -> the only token that is supported in it
    Raises ValueError, naming file and field, if a file is damaged, or if another token has one of these roles.
    """
    path, map_path, added_path = folder / CONFIG_FILE, folder / MAP_FILE, folder / ADDED_FILE
    special = dict[str, tuple[Path, bool]]()
    for where, fields in (path, config), (map_path, _object_if_there(map_path)):
        for role, token, normalized in _special_tokens(where, fields):
            if roles and roles.get(role, token) != token:
                got = f"{shown(token)}, which is not supported"
                raise ValueError(f"{where}: expected {roles[role]!r} as {role}, got {got}")
            special.setdefault(token, (where, normalized))

    beside = TokensBeside()
    for token, id, normalized in _added_tokens(path, config):
        beside.add(path, token, id, normalized)
    for token, id in check_ids(added_path, _object_if_there(added_path)).items():
        # This file does not say whether a token is normalized. In transformers it is, unless it is special.
        beside.add(added_path, token, id, token not in special)
    beside.ids = dict(sorted(beside.ids.items(), key=lambda item: item[1]))
    for token, (where, normalized) in special.items():
        beside.add(where, token, None, normalized)
    return beside


def _object_if_there(path: Path) -> dict[str, Any]:
    """The fields of a file's JSON object; an empty dict if there is no such file."""
    return read_object(path) if path.exists() else {}


def _added_tokens(path: Path, config: Mapping[str, Any]) -> Iterator[tuple[str, int, bool]]:
    """Each token of `added_tokens_decoder`, its id, and whether it is normalized."""
    added = config.get(ADDED) or {}
    if not isinstance(added, dict):
        raise ValueError(f"{path}: expected an object of tokens by id as {ADDED}, got {shown(added)}")
    for written, entry in added.items():
        token, normalized = _read_token(path, f"{ADDED}.{written}", entry)
        if not (written.isascii() and written.isdigit() and len(written) <= 10):
            raise ValueError(f"{path}: expected ids as the names in {ADDED}, got {shown(written)}")
        yield token, check_id(path, token, int(written)), normalized


def _special_tokens(path: Path, fields: Mapping[str, Any]) -> Iterator[tuple[str, str, bool]]:
    """For each special token: the field that names it, the token, and whether it is normalized."""
    others = [name for name in fields if name.endswith("_token") and name not in ROLES]
    for name in (*ROLES, *others):
        value = fields.get(name)
        if value is not None and (name in ROLES or isinstance(value, str | dict)):
            yield name, *_read_token(path, name, value)
    for name in LISTS:
        values = fields.get(name) or []
        if isinstance(values, dict):  # a role -> its token
            values = list(values.values())
        if not isinstance(values, list) or not all(isinstance(value, str | dict) for value in values):
            raise ValueError(f"{path}: expected a list of strings for {name}, got {shown(values)}")
        for value in values:
            yield name, *_read_token(path, name, value)


def _read_token(path: Path, name: str, value: Any) -> tuple[str, bool]:
    """A token, and whether it is normalized. The value is a string, or an object that says how to search for it."""
    if not isinstance(value, dict):
        return check_token(path, value, name), False
    for option in "lstrip", "rstrip", "single_word":
        if (got := value.get(option, False)) is not False:
            expected = f"{path}: expected False as {name}.{option}"
            raise ValueError(f"{expected}, got {shown(got)}, which is not supported")
    special = value.get("special", name.partition(".")[0] != ADDED)
    normalized = value.get("normalized", not special)
    for option, got in ("special", special), ("normalized", normalized):
        if not isinstance(got, bool):
            raise ValueError(f"{path}: expected true or false for {name}.{option}, got {shown(got)}")
    return check_token(path, value.get("content"), f"{name}.content"), normalized
