"""Hugging Face's `tokenizer.json`: a whole tokenizer in one file, here for byte-level BPE and for WordPiece.

The file is a chain of parts: normalizer, pre-tokenizer, model, post-processor, decoder. There are dozens of
parts and any combination is possible; `_byte_level` and `_wordpiece` are the two that we support.
Reading takes the vocabulary out of the file and compares the rest with what we would have written. A difference that
could change the ids raises an error that names it, so that no file is read with another meaning.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product
from pathlib import Path
from typing import Any

from tokenizer.checks import shown
from tokenizer.formats.bert_files import CLS, PREFIX, SEP, SPECIAL_TOKENS, UNK
from tokenizer.formats.files import check_id, check_ids, check_token, read_json, same_json, write_json
from tokenizer.formats.gpt2_files import spell, spell_vocab, unspell, unspell_vocab

Parts = dict[str, Any]
Harmless = dict[str, tuple[Any, ...]]  # part.field -> values other than ours that give the same ids
EITHER = (False, True)


def _byte_level() -> Parts:
    """The parts of GPT-2's byte-level BPE, without vocabulary and merges."""
    byte_level = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True}
    return {
        "normalizer": None,
        "pre_tokenizer": byte_level,
        "post_processor": byte_level,  # shifts offsets, adds no ids
        "decoder": byte_level,
        "model": {
            "type": "BPE",
            "dropout": None,
            "unk_token": None,
            "continuing_subword_prefix": None,
            "end_of_word_suffix": None,
            "fuse_unk": False,
            "byte_fallback": False,
            "ignore_merges": False,
        },
    }


def _harmless_in_byte_level(special_tokens: Sequence[str]) -> Harmless:
    """Other values that mean the same ids.

    No byte is unknown, so the settings for unknown tokens have no effect, and we use no offsets.
    """
    adds_nothing = {
        "type": "TemplateProcessing",
        "single": [{"Sequence": {"id": "A", "type_id": 0}}],
        "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 1}}],
        "special_tokens": {},
    }
    after = ("post_processor", "decoder")
    return {
        "pre_tokenizer.trim_offsets": EITHER,
        **{f"{part}.{field}": EITHER for part in after for field in ("add_prefix_space", "trim_offsets", "use_regex")},
        "post_processor": (None, adds_nothing),
        "decoder": (None,),
        "model.dropout": (0, 0.0),
        "model.unk_token": ("", *special_tokens),
        "model.continuing_subword_prefix": ("",),
        "model.end_of_word_suffix": ("",),
        "model.fuse_unk": EITHER,
        "model.byte_fallback": EITHER,
        "added_tokens.normalized": EITHER,  # there is no normalizer; but see `_check_nested`
    }


def _wordpiece(ids: Mapping[str, int], lowercase: bool) -> Parts:
    """The parts of BERT's WordPiece, without the vocabulary."""
    both = CLS in ids and SEP in ids
    add_special = {"type": "BertProcessing", "sep": [SEP, ids[SEP]], "cls": [CLS, ids[CLS]]} if both else None
    return {
        "normalizer": {
            "type": "BertNormalizer",
            "clean_text": True,
            "handle_chinese_chars": True,
            "strip_accents": None,  # as `lowercase` says
            "lowercase": lowercase,
        },
        "pre_tokenizer": {"type": "BertPreTokenizer"},
        "post_processor": add_special,
        "decoder": {"type": "WordPiece", "prefix": PREFIX, "cleanup": False},
        "model": {
            "type": "WordPiece",
            "unk_token": UNK,
            "continuing_subword_prefix": PREFIX,
            "max_input_chars_per_word": 100,
        },
    }


def _harmless_in_wordpiece(ids: Mapping[str, int], lowercase: bool) -> Harmless:
    """Other values that mean the same ids: another way to add [CLS] and [SEP], or none.

    We add them only on request, whatever the file says.
    """
    first = [_template_token(CLS, 0), {"Sequence": {"id": "A", "type_id": 0}}, _template_token(SEP, 0)]
    second = [{"Sequence": {"id": "B", "type_id": 1}}, _template_token(SEP, 1)]
    as_transformers_writes_it = {
        "type": "TemplateProcessing",
        "single": first,
        "pair": [*first, *second],
        "special_tokens": {token: {"id": token, "ids": [ids.get(token)], "tokens": [token]} for token in (CLS, SEP)},
    }
    return {
        "normalizer.strip_accents": (lowercase,),
        "post_processor": (None, as_transformers_writes_it),
        "decoder": (None,),
        "decoder.cleanup": EITHER,
    }


def _template_token(token: str, type_id: int) -> Parts:
    return {"SpecialToken": {"id": token, "type_id": type_id}}


def _special_token(id: int, token: str) -> Parts:
    """The entry of a special token: it is found anywhere in the text, exactly as written."""
    plain = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True}
    return {"id": id, "content": token, **plain}


# -- writing ----------------------------------------------------------------------------------------


def write_byte_level(
    path: Path, vocab: Mapping[int, bytes], merges: Sequence[tuple[bytes, bytes]], special_tokens: Sequence[str]
) -> None:
    """Write byte-level BPE. Raises ValueError if a special token has the same spelling as another token."""
    spelt = spell_vocab(vocab, special_tokens)
    spelt_merges = [f"{spell(left)} {spell(right)}" for left, right in merges]
    _write(path, _byte_level(), special_tokens, {"vocab": spelt, "merges": spelt_merges})


def write_wordpiece(path: Path, pieces: Sequence[str], lowercase: bool, special_tokens: Sequence[str]) -> None:
    """Write WordPiece with BERT's basic tokenization."""
    ids = {piece: id for id, piece in enumerate(pieces)}
    _write(path, _wordpiece(ids, lowercase), special_tokens, {"vocab": ids})


def _write(path: Path, parts: Parts, special_tokens: Sequence[str], contents: Parts) -> None:
    ids = contents["vocab"]
    added = [_special_token(ids[token], token) for token in sorted(special_tokens, key=ids.__getitem__)]
    head = {"version": "1.0", "truncation": None, "padding": None, "added_tokens": added}
    write_json(path, {**head, **parts, "model": {**parts["model"], **contents}})


# -- reading ----------------------------------------------------------------------------------------


def is_wordpiece(path: Path) -> bool:
    """Whether a file contains WordPiece rather than byte-level BPE, which has merges. Nothing else is checked."""
    parts = read_json(path)
    model = parts.get("model") if isinstance(parts, dict) else None
    return isinstance(model, dict) and "merges" not in model


def read_byte_level(path: Path) -> tuple[dict[int, bytes], list[tuple[bytes, bytes]], list[str]]:
    """The vocabulary, the merges and the special tokens of byte-level BPE.

    Raises ValueError, naming the file, if it is damaged or asks for something that we cannot do.
    """
    parts = _read(path, "BPE")
    spelt, special_tokens = _vocab_of(path, parts)
    spelt_merges = parts["model"].pop("merges", [])
    if not isinstance(spelt_merges, list):
        raise ValueError(f"{path}: expected a list of merges as model.merges, got {shown(spelt_merges)}")
    _compare_all(path, parts, _byte_level(), _harmless_in_byte_level(special_tokens))
    _check_nested(path, parts["added_tokens"] or [])
    merges = [_read_merge(path, number, merge) for number, merge in enumerate(spelt_merges)]
    return unspell_vocab(spelt, special_tokens, path), merges, special_tokens


def _read_merge(path: Path, number: int, merge: Any) -> tuple[bytes, bytes]:
    """A merge in a file: a list of two tokens, or (before 2024) one string with a space between them."""
    tokens = merge.split(" ") if isinstance(merge, str) else merge
    if isinstance(tokens, list) and len(tokens) == 2 and all(isinstance(token, str) and token for token in tokens):
        try:
            return unspell(tokens[0]), unspell(tokens[1])
        except KeyError:
            pass  # a character that is not in the alphabet
    raise ValueError(f"{path}, merge {number}: expected a merge, two tokens, got {shown(merge)}")


def _check_nested(path: Path, added: Sequence[Parts]) -> None:
    """Raises ValueError for a normalized token that contains another one: Hugging Face finds the inner one first."""
    normalized = [entry["content"] for entry in added if entry.get("normalized")]
    plain = [entry["content"] for entry in added if not entry.get("normalized")]
    for inner, outer in product(plain, normalized):
        if inner in outer:
            names = f"{outer!r} as for {inner!r}, which it contains"
            raise ValueError(f"{path}: expected False as added_tokens.normalized for {names}, got True")


def read_wordpiece(path: Path) -> tuple[list[str], bool, list[str]]:
    """The pieces in the order of their ids, whether text is lowered, and the special tokens.

    Raises ValueError, naming the file, if it is damaged or asks for something that we cannot do.
    """
    parts = _read(path, "WordPiece")
    ids, special_tokens = _vocab_of(path, parts)
    lowercase = isinstance(parts["normalizer"], dict) and parts["normalizer"].get("lowercase") is True
    _compare_all(path, parts, _wordpiece(ids, lowercase), _harmless_in_wordpiece(ids, lowercase))
    in_order = {id: piece for piece, id in ids.items()}
    if in_order.keys() != set(range(len(ids))):
        missing = next(id for id in range(len(ids)) if id not in in_order)
        expected = f"the ids 0 to {len(ids) - 1} in model.vocab, each of them once"
        raise ValueError(f"{path}: expected {expected}, got no token for {missing}")
    for token in SPECIAL_TOKENS:
        if token in ids and token not in special_tokens:
            raise ValueError(f"{path}: expected {token} among the added_tokens, as it is in model.vocab")
    return [in_order[id] for id in range(len(ids))], lowercase, special_tokens


def _read(path: Path, model: str) -> Parts:
    """The parts of a file with that kind of model; None for parts that are not in the file."""
    parts = read_json(path)
    if not isinstance(parts, dict) or not isinstance(parts.get("model"), dict):
        raise ValueError(f"{path}: expected the object of a tokenizer.json, with a model")
    if (got := parts["model"].get("type", model)) != model:  # older files do not say
        raise ValueError(f"{path}: expected {model!r} as model, got {shown(got)}, which is not supported")
    names = "version truncation padding added_tokens normalizer pre_tokenizer post_processor decoder"
    return {**dict.fromkeys(names.split()), **parts}


def _vocab_of(path: Path, parts: Parts) -> tuple[dict[str, int], list[str]]:
    """The vocabulary (spelling -> id, special tokens included), taken out of `parts`; and the special tokens."""
    spelt = check_ids(path, parts["model"].pop("vocab", None), " as model.vocab")
    added = [] if parts["added_tokens"] is None else parts["added_tokens"]
    if not isinstance(added, list) or not all(isinstance(entry, dict) and "content" in entry for entry in added):
        raise ValueError(f"{path}: expected a list of tokens as added_tokens, got {shown(added)}")
    ids = set(spelt.values())
    for entry in added:
        token = check_token(path, entry["content"], "added_tokens.content")
        is_new = token not in spelt
        id = spelt.setdefault(token, len(spelt))
        if check_id(path, token, entry.get("id")) != id or (is_new and id in ids):
            raise ValueError(f"{path}: expected the id {id} for the added token {token!r}, got {entry['id']}")
        ids.add(id)
    return spelt, [entry["content"] for entry in added]


def _compare_all(path: Path, parts: Parts, ours: Parts, harmless: Harmless) -> None:
    """Raises ValueError unless each part is what we would have written, or harmless."""
    head = {"version": "1.0", "truncation": None, "padding": None, **ours}
    for name, part in parts.items():
        if name != "added_tokens":
            _compare(path, name, part, head.get(name), harmless)
    for entry in parts["added_tokens"] or []:
        _compare(path, "added_tokens", entry, _special_token(entry.get("id"), entry["content"]), harmless)


def _compare(path: Path, name: str, theirs: Any, ours: Any, harmless: Harmless) -> None:
    """The same for one part or field. A field that is missing in an older file has our value."""
    if any(same_json(theirs, value) for value in (ours, *harmless.get(name, ()))):
        return
    if isinstance(theirs, dict) and isinstance(ours, dict) and theirs.get("type", ours.get("type")) == ours.get("type"):
        for field, value in theirs.items():
            _compare(path, f"{name}.{field}", value, ours.get(field), harmless)
        return
    wanted, got = (part["type"] if isinstance(part, dict) and "type" in part else part for part in (ours, theirs))
    raise ValueError(f"{path}: expected {wanted!r} as {name}, got {shown(got)}, which is not supported")
