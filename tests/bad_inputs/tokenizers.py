"""Bad input to the tokenizers: arguments, texts, ids, and the files that strangers send."""

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from tests.bad_inputs.case import Case
from tokenizer import ByteLevelBPE, LectureBPE, WordPiece, WordVocabulary, pad, truncate
from tokenizer.byte_level import BYTES
from tokenizer.formats.bert_files import SPECIAL_TOKENS
from tokenizer.learn import incremental_likelihood

TEXT = "the lowest of the newest and the widest <e>\n" * 9
ALPHABET = dict(enumerate(BYTES))
BYTE = ByteLevelBPE.train(TEXT, 280, ["<e>"])
LECTURE = LectureBPE.train(TEXT, 50)
PIECES = WordPiece.train(TEXT, 60)
WORDS = WordVocabulary.train(TEXT)
VOCAB = [*SPECIAL_TOKENS, "a", "##b"]
DEEP = "[" * 200_000
Model = ByteLevelBPE | LectureBPE | WordPiece | WordVocabulary


def damaged(model: Model, file: str, damage: str | Callable[[Any], Any]) -> Callable[[Path], object]:
    """Save a tokenizer, damage one of its files, or write one beside them, and load it."""

    def call(folder: Path) -> object:
        model.save(folder)
        path = folder / file
        text = damage if isinstance(damage, str) else json.dumps(damage(json.loads(path.read_text(encoding="utf-8"))))
        path.write_text(text, encoding="utf-8")
        return type(model).load(folder)

    return call


def damaged_json(model: ByteLevelBPE | WordPiece, name: str, value: Any) -> Callable[[Path], object]:
    """Save a tokenizer.json, put a value at a dotted name in it, and load it."""

    def call(folder: Path) -> object:
        path = folder / "tokenizer.json"
        model.save(path)
        whole = part = json.loads(path.read_text(encoding="utf-8"))
        *above, last = name.split(".")
        for step in above:
            part = part[int(step) if step.isdigit() else step]
        part[int(last) if last.isdigit() else last] = value
        path.write_text(json.dumps(whole), encoding="utf-8")
        return type(model).load(path)

    return call


def config(model: Model, **fields: Any) -> Callable[[Path], object]:
    """A folder with these fields as its tokenizer_config.json."""
    return damaged(model, "tokenizer_config.json", json.dumps(fields))


def two_tokens(id: Any) -> Callable[[Any], Any]:
    """The vocabulary with one more token."""
    return lambda vocab: {**vocab, "ab": id}


def arguments() -> list[Case]:
    """What a caller may get wrong."""
    return [
        Case("vocab_size is a float", lambda _: ByteLevelBPE.train(TEXT, 300.0), TypeError, ("vocab_size", "300.0")),
        Case("vocab_size is NaN", lambda _: LectureBPE.train(TEXT, float("nan")), TypeError, ("vocab_size", "nan")),
        Case("vocab_size is a string", lambda _: WordPiece.train(TEXT, "300"), TypeError, ("vocab_size", "'300'")),
        Case("vocab_size is True", lambda _: WordVocabulary.train(TEXT, True), TypeError, ("vocab_size", "True")),
        Case("vocab_size is negative", lambda _: ByteLevelBPE.train(TEXT, -5), ValueError, ("vocab_size", "256", "-5")),
        Case("vocab_size is 0", lambda _: WordVocabulary.train(TEXT, 0), ValueError, ("vocab_size", "at least 1", "0")),
        Case(
            "no room for characters", lambda _: LectureBPE.train(TEXT, 3), ValueError, ("vocab_size", "at least", "3")
        ),
        Case(
            "no room for pieces", lambda _: WordPiece.train(TEXT, 9), ValueError, ("vocab_size", "special tokens", "9")
        ),
        Case(
            "min_count is NaN",
            lambda _: WordPiece.train(TEXT, 99, min_count=float("nan")),
            TypeError,
            ("min_count", "integer", "nan"),
        ),
        Case(
            "a learner's min_count is NaN",
            lambda _: list(incremental_likelihood.learn_merges([("ab", 2)], float("nan"))),
            TypeError,
            ("min_count", "integer", "nan"),
        ),
        Case(
            "min_count is 0",
            lambda _: WordVocabulary.train(TEXT, min_count=0),
            ValueError,
            ("min_count", "at least 1", "0"),
        ),
        Case(
            "min_count is a float", lambda _: WordVocabulary.train(TEXT, min_count=2.5), TypeError, ("min_count", "2.5")
        ),
        Case(
            "lowercase is a string", lambda _: WordPiece(VOCAB, "no"), TypeError, ("lowercase", "True or False", "'no'")
        ),
        Case("processes is 0", lambda _: BYTE.encode_batch(["a"], 0), ValueError, ("processes", "at least 1", "0")),
        Case(
            "processes is a float", lambda _: BYTE.encode_batch(["a"], 2.0), TypeError, ("processes", "integer", "2.0")
        ),
        Case(
            "special_tokens is a string",
            lambda _: ByteLevelBPE.train(TEXT, 300, "<e>"),
            TypeError,
            ("special_tokens", "list of strings", "'<e>'"),
        ),
        Case(
            "special_tokens is a set, whose order is another in every run",
            lambda _: ByteLevelBPE.train(TEXT, 300, {"<e>"}),
            TypeError,
            ("special_tokens", "list of strings", "{'<e>'}"),
        ),
        Case(
            "special_tokens is None",
            lambda _: ByteLevelBPE.train(TEXT, 300, None),
            TypeError,
            ("special_tokens", "None"),
        ),
        Case(
            "an empty special token",
            lambda _: ByteLevelBPE.train(TEXT, 300, [""]),
            ValueError,
            ("special_tokens", "''"),
        ),
        Case(
            "a special token twice",
            lambda _: WordPiece(VOCAB, special_tokens=["<e>", "<e>"]),
            ValueError,
            ("special_tokens", "once", "'<e>'"),
        ),
        Case(
            "a special token of bytes",
            lambda _: ByteLevelBPE(ALPHABET, [], [b"<e>"]),
            ValueError,
            ("special_tokens", "b'<e>'"),
        ),
        Case(
            "a vocabulary of strings", lambda _: ByteLevelBPE({0: "a"}, []), ValueError, ("vocab", "256 single bytes")
        ),
        Case("a vocabulary that is a list", lambda _: ByteLevelBPE(BYTES, []), TypeError, ("vocab", "dict")),
        Case(
            "a vocabulary with a negative id",
            lambda _: ByteLevelBPE({**ALPHABET, -1: b"ab"}, []),
            ValueError,
            ("vocab", "0 or more", "-1"),
        ),
        Case(
            "a vocabulary with a float id",
            lambda _: ByteLevelBPE({**ALPHABET, 256.0: b"ab"}, []),
            TypeError,
            ("vocab", "integer", "256.0"),
        ),
        Case(
            "a merge of three",
            lambda _: ByteLevelBPE(ALPHABET, [(b"a",) * 3]),
            TypeError,
            ("merges", "pairs", "merge 0"),
        ),
        Case(
            "a merge of strings", lambda _: ByteLevelBPE(ALPHABET, [("a", "b")]), TypeError, ("merges", "bytes", "'a'")
        ),
        Case("pieces in a dict", lambda _: WordPiece({"[UNK]": 0}), TypeError, ("vocab", "list of pieces")),
        Case("a piece that is a number", lambda _: WordPiece(["[UNK]", 3]), ValueError, ("vocab", "id 1", "3")),
        Case("words in a string", lambda _: WordVocabulary("abc"), TypeError, ("words", "list of strings", "'abc'")),
        Case("a word that is None", lambda _: WordVocabulary([None]), ValueError, ("words", "single words", "None")),
        Case("a long character", lambda _: LectureBPE(["ab"], []), ValueError, ("characters", "single", "'ab'")),
        Case(
            "texts is None",
            lambda _: ByteLevelBPE.train(None, 300),
            TypeError,
            ("texts", "iterable of strings", "None"),
        ),
        Case("texts is bytes", lambda _: WordPiece.train(b"a text", 300), TypeError, ("texts", "string", "bytes")),
        Case("texts of numbers", lambda _: LectureBPE.train(["a", 3], 300), TypeError, ("texts", "int", "item 1")),
        Case(
            "a batch that is None",
            lambda _: BYTE.encode_batch(None),
            TypeError,
            ("texts", "iterable of strings", "None"),
        ),
        Case("a batch that is one text", lambda _: WORDS.encode_batch("a b"), TypeError, ("texts", "got a string")),
    ]


def texts_and_ids() -> list[Case]:
    """What each of the tokenizers is given to encode and to decode."""
    cases = [
        Case("pad a flat list", lambda _: pad([1, 2], 0), TypeError, ("sequences[0]", "integers", "1")),
        Case("pad floats", lambda _: pad([[1], [1.5]], 0), TypeError, ("sequences[1]", "integer", "1.5")),
        Case("pad with None", lambda _: pad([[1], [2, 3]], None), TypeError, ("pad_id", "integer", "None")),
        Case("pad to a negative length", lambda _: pad([], 0, length=-1), ValueError, ("length", "at least 0", "-1")),
        Case("truncate to a float", lambda _: truncate([1, 2], 1.5), TypeError, ("length", "integer", "1.5")),
        Case("truncate a text", lambda _: truncate("abc", 2), TypeError, ("ids", "integers", "'abc'")),
    ]
    for model in BYTE, LECTURE, PIECES, WORDS:
        name, n = type(model).__name__, model.vocab_size
        cases += [
            Case(f"{name}: encode None", lambda _, m=model: m.encode(None), TypeError, ("text", "str", "NoneType")),
            Case(f"{name}: segment None", lambda _, m=model: m.segment(None), TypeError, ("text", "str", "NoneType")),
            Case(
                f"{name}: a chunk of bytes",
                lambda _, m=model: list(m.encode_iterable([b"a"])),
                TypeError,
                ("text", "str", "bytes"),
            ),
            Case(f"{name}: encode bytes", lambda _, m=model: m.encode(b""), TypeError, ("text", "str", "bytes")),
            Case(
                f"{name}: a lone surrogate", lambda _, m=model: m.encode("a\ud800"), ValueError, ("surrogate", "D800")
            ),
            Case(
                f"{name}: decode a float", lambda _, m=model: m.decode([1, 2.0]), TypeError, ("ids", "integer", "2.0")
            ),
            Case(f"{name}: decode True", lambda _, m=model: m.decode([True]), TypeError, ("ids", "integer", "True")),
            Case(f"{name}: decode a string", lambda _, m=model: m.decode("12"), TypeError, ("ids", "integers", "'12'")),
            Case(f"{name}: decode a number", lambda _, m=model: m.decode(5), TypeError, ("ids", "integers", "5")),
            Case(
                f"{name}: decode -1", lambda _, m=model: m.decode([0, -1]), ValueError, ("ids", f"0 to {n - 1}", "-1")
            ),
            Case(f"{name}: decode too much", lambda _, m=model, n=n: m.decode([n]), ValueError, ("ids", f"to {n - 1}")),
        ]
    return cases


def gpt2_folders() -> list[Case]:
    """Files of GPT-2's layout."""
    vocab, merges = partial(damaged, BYTE, "vocab.json"), partial(damaged, BYTE, "merges.txt")
    special = partial(damaged, BYTE, "special_tokens.json")
    return [
        Case("a negative id", vocab(two_tokens(-1)), ValueError, ("vocab.json", "integer", "'ab'", "-1")),
        Case("an id twice", vocab(two_tokens(97)), ValueError, ("vocab.json", "'ab'", "97", "'a'")),
        Case("an id of null", vocab(two_tokens(None)), ValueError, ("vocab.json", "integer", "'ab'", "None")),
        Case("a float id", vocab(two_tokens(256.0)), ValueError, ("vocab.json", "integer", "'ab'", "256.0")),
        Case("a boolean id", vocab(two_tokens(True)), ValueError, ("vocab.json", "integer", "'ab'", "True")),
        Case("an enormous id", vocab(two_tokens(10**40)), ValueError, ("vocab.json", "integer", "'ab'", "2147483647")),
        Case("a token twice", vocab('{"a": 1, "a": 2}'), ValueError, ("vocab.json", "every name once", "'a'")),
        Case("a vocabulary of NaN", vocab('{"a": NaN}'), ValueError, ("vocab.json", "NaN")),
        Case("a deep vocabulary", vocab(DEEP), ValueError, ("vocab.json", "nested too deeply")),
        Case("a vocabulary of null", vocab("null"), ValueError, ("vocab.json", "object of ids", "NoneType")),
        Case("no bytes", vocab('{"a": 0}'), ValueError, ("vocab", "256 single bytes")),
        Case(
            "a merge of three tokens", merges("#version: 0.2\na b c\n"), ValueError, ("merges.txt", "line 2", "'a b c'")
        ),
        Case("a merge of nothing", merges("a \n"), ValueError, ("merges.txt", "line 1", "two tokens", "'a '")),
        Case("an empty line of merges", merges("t h\n\nth e\n"), ValueError, ("merges.txt", "line 2", "''")),
        Case("a merge twice", merges("t h\nt h\n"), ValueError, ("merges.txt", "line 2", "as in line 1")),
        Case("a merge of unknown tokens", merges("q z\n"), ValueError, ("b'qz'", "merge")),
        Case("special tokens are 5", special("5"), ValueError, ("special_tokens.json", "list", "5")),
        Case("special tokens are a dict", special('{"a": 1}'), ValueError, ("special_tokens.json", "list", "{'a': 1}")),
        Case("a special token is null", special("[null]"), ValueError, ("special_tokens.json", "string", "None")),
        Case("a special token is a letter", special('["a"]'), ValueError, ("special_tokens", "'a'")),
        Case(
            "an added token with a taken id",
            damaged(BYTE, "added_tokens.json", '{"<|pad|>": 97}'),
            ValueError,
            ("added_tokens.json", "<|pad|>", "97", "id of its own"),
        ),
        Case(
            "an added token with another id than in the vocabulary",
            damaged(BYTE, "added_tokens.json", '{"<e>": 999}'),
            ValueError,
            ("added_tokens.json", "<e>", "999", "vocabulary"),
        ),
        Case(
            "added tokens are a list",
            damaged(BYTE, "added_tokens.json", '["<|pad|>"]'),
            ValueError,
            ("added_tokens.json", "object", "list"),
        ),
        Case(
            "a role is a number",
            damaged(BYTE, "special_tokens_map.json", '{"pad_token": 3}'),
            ValueError,
            ("special_tokens_map.json", "pad_token", "string", "3"),
        ),
        Case("a space before the text", config(BYTE, add_prefix_space=True), ValueError, ("add_prefix_space", "True")),
        Case(
            "0 for false",
            config(BYTE, add_prefix_space=0),
            ValueError,
            ("tokenizer_config.json", "add_prefix_space", "0"),
        ),
        Case("another class", config(BYTE, tokenizer_class="CLIPTokenizer"), ValueError, ("tokenizer_class", "CLIP")),
        Case(
            "an added token that swallows space",
            config(BYTE, added_tokens_decoder={"300": {"content": "<m>", "lstrip": True}}),
            ValueError,
            ("tokenizer_config.json", "added_tokens_decoder.300.lstrip", "True"),
        ),
        Case(
            "an added token without a name",
            config(BYTE, added_tokens_decoder={"300": {}}),
            ValueError,
            ("tokenizer_config.json", "added_tokens_decoder.300.content", "None"),
        ),
        Case(
            "an added token whose id is no number",
            config(BYTE, added_tokens_decoder={"1_0": {"content": "<m>"}}),
            ValueError,
            ("tokenizer_config.json", "added_tokens_decoder", "'1_0'"),
        ),
    ]


def other_files() -> list[Case]:
    """Files of BERT's layout, of our own, and tokenizer.json."""
    vocab, lecture = partial(damaged, PIECES, "vocab.txt"), partial(damaged, LECTURE, "lecture_bpe.json")
    return [
        Case("a piece twice", vocab("[UNK]\na\na\n"), ValueError, ("vocab.txt", "line 3", "'a'", "line 2")),
        Case("an empty line of pieces", vocab("[UNK]\n\na\n"), ValueError, ("vocab.txt", "line 2", "empty")),
        Case("a byte order mark", vocab("\ufeff[UNK]\na\n"), ValueError, ("vocab.txt", "line 1", "byte order mark")),
        Case("accents are kept", config(PIECES, strip_accents=False), ValueError, ("strip_accents", "False")),
        Case("Chinese words", config(PIECES, tokenize_chinese_chars=False), ValueError, ("tokenize_chinese_chars",)),
        Case("another [UNK]", config(PIECES, unk_token="<unk>"), ValueError, ("unk_token", "'<unk>'", "'[UNK]'")),
        Case("no basic tokens", config(PIECES, do_basic_tokenize=False), ValueError, ("do_basic_tokenize", "False")),
        Case("lowercase is 1", config(PIECES, do_lower_case=1), ValueError, ("do_lower_case", "true or false", "1")),
        Case(
            "an added token that is lowered",
            damaged(PIECES, "added_tokens.json", '{"new": 60}'),
            ValueError,
            ("added_tokens.json", "'new'", "special"),
        ),
        Case(
            "an added token far behind",
            config(PIECES, added_tokens_decoder={"99": {"content": "[new]", "special": True}}),
            ValueError,
            ("tokenizer_config.json", "[new]", f"id {PIECES.vocab_size}", "99"),
        ),
        Case("words with an empty line", damaged(WORDS, "words.txt", "a\n\nb\n"), ValueError, ("words.txt", "''")),
        Case("a word twice", damaged(WORDS, "words.txt", "a\nb\na\n"), ValueError, ("words.txt", "once", "'a'")),
        Case(
            "characters are null",
            lecture('{"characters": null}'),
            ValueError,
            ("lecture_bpe.json", "characters", "None"),
        ),
        Case("history is 5", lecture('{"characters": [], "history": 5}'), ValueError, ("json", "history", "5")),
        Case(
            "a count is a float",
            lecture('{"characters": ["a"], "history": [["a", "a", 1.5]]}'),
            ValueError,
            ("lecture_bpe.json", "history 0", "1.5"),
        ),
        Case("a list for an object", lecture("[]"), ValueError, ("lecture_bpe.json", "object", "list")),
        Case("tokenizer.json: merges", damaged_json(BYTE, "model.merges", 5), ValueError, ("model.merges", "5")),
        Case(
            "tokenizer.json: a merge of lists",
            damaged_json(BYTE, "model.merges.0", [["a"], ["b"]]),
            ValueError,
            ("merge 0", "two tokens", "[['a'], ['b']]"),
        ),
        Case(
            "tokenizer.json: a token of a list",
            damaged_json(BYTE, "added_tokens.0.content", ["<e>"]),
            ValueError,
            ("added_tokens.content", "string", "['<e>']"),
        ),
        Case(
            "tokenizer.json: added", damaged_json(BYTE, "added_tokens", {"a": 1}), ValueError, ("added_tokens", "list")
        ),
        Case(
            "tokenizer.json: -1", damaged_json(BYTE, "model.vocab.a", -1), ValueError, ("tokenizer.json", "'a'", "-1")
        ),
        Case(
            "tokenizer.json: 1 for true", damaged_json(PIECES, "normalizer.clean_text", 1), ValueError, ("clean_text",)
        ),
        Case("tokenizer.json: model", damaged_json(PIECES, "model", [1]), ValueError, ("tokenizer.json", "model")),
        Case("tokenizer.json: ids", damaged_json(PIECES, "model.vocab.of", 99), ValueError, ("model.vocab", "once")),
    ]


CASES = arguments() + texts_and_ids() + gpt2_folders() + other_files()
