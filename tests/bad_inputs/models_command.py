"""Bad input to text in, text out: `models.text`, and the folders and files of `python -m models`."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np

from minigrad.errors import CheckpointError
from models import BERT, GPT, T5, BERTConfig, GPTConfig, T5Config, commands, text
from tests.bad_inputs.case import Case
from tokenizer import ByteLevelBPE, WordPiece

CORPUS = "the cat sat on the mat " * 5
DIVERGED = "the model has diverged"


def gpt(weight: float | None = None, n_positions: int = 8) -> tuple[GPT, ByteLevelBPE]:
    """A small model and a tokenizer; with a weight, one whose final norm has it, as a diverged model might."""
    model = GPT(GPTConfig(270, n_positions, d_model=8, n_layers=1, n_heads=2), np.random.default_rng(0))
    if weight is not None:
        model.final_norm.weight.data[...] = weight
    return model, ByteLevelBPE.train(CORPUS, 270)


def bert(weight: float | None = None) -> tuple[BERT, WordPiece]:
    tokenizer = WordPiece.train(CORPUS, 40)
    config = BERTConfig(tokenizer.vocab_size, n_positions=8, d_model=8, n_layers=1, n_heads=2)
    model = BERT(config, np.random.default_rng(0))
    if weight is not None:
        model.token_embedding.weight.data[...] = weight
    return model, tokenizer


def saved(folder: Path, family: str = "gpt", config: dict[str, object] | None = None, remove: str | None = None) -> str:
    """A folder with a model and its tokenizer, some fields changed, or a file removed."""
    model, tokenizer = gpt() if family == "gpt" else bert()
    model.save_pretrained(folder)
    tokenizer.save(folder)
    path = folder / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text(encoding="utf-8")) | (config or {})), encoding="utf-8")
    if remove is not None:
        (folder / remove).unlink()
    return str(folder)


def embeds(*texts: str, weight: float | None = None, **arguments: int) -> Callable[[Path], object]:
    return lambda folder: list(text.embed(*gpt(weight), texts, **arguments))


def fills(masked: str, weight: float | None = None, **arguments: object) -> Callable[[Path], object]:
    return lambda folder: text.fill(*bert(weight), masked, **arguments)


def runs(*arguments: str, family: str = "gpt", **changes: object) -> Callable[[Path], object]:
    """A command on a folder, as `python -m models` runs it inside of its guard."""

    def call(folder: Path) -> object:
        model = saved(folder, family, **changes)
        (folder / "text").write_bytes(b"the cat\n\nthe " + b"cat " * 20)
        (folder / "bytes").write_bytes(b"\xff")
        files = {name: str(folder / name) for name in ("text", "bytes", "missing")}
        return commands.main([*(files.get(argument, argument) for argument in arguments), "--model", model])

    return call


CASES = [
    # -- vectors
    Case("a text without a token", embeds("the", ""), text.TextError, ("a token each", "''", "number 1")),
    Case("a text that is too long", embeds("the", "x" * 9), text.TextError, ("at most 8 tokens", "9", "number 1")),
    Case("vectors of NaN", embeds("the", weight=np.nan), text.TextError, ("NaN", "'the'", "number 0", DIVERGED)),
    Case("infinite vectors", embeds("the", weight=np.inf), text.TextError, ("infinity", "'the'", DIVERGED)),
    Case("batch_size 0", embeds("the", batch_size=0), ValueError, ("batch_size", "at least 1", "0")),
    Case("batch_size 1.5", embeds("the", batch_size=1.5), TypeError, ("batch_size", "integer", "1.5")),
    Case("bytes for a text", embeds(b"the"), TypeError, ("text", "str", "bytes")),
    Case("half of a character", embeds("\ud800"), ValueError, ("lone surrogate", "U+D800")),
    # -- masks
    Case("no mask", fills("the cat"), ValueError, ("[MASK]", "'the cat'")),
    Case("an empty text to fill", fills(""), ValueError, ("[MASK]", "''")),
    Case("n_best 0", fills("[MASK]", n_best=0), ValueError, ("n_best", "at least 1", "0")),
    Case("n_best -1", fills("[MASK]", n_best=-1), ValueError, ("n_best", "at least 1", "-1")),
    Case("n_best above the vocabulary", fills("[MASK]", n_best=99), ValueError, ("n_best", "at most", "99")),
    Case("n_best 2.0", fills("[MASK]", n_best=2.0), TypeError, ("n_best", "integer", "2.0")),
    Case("masks in too long a text", fills("[MASK] " * 9), ValueError, ("text", "at most 8 tokens", "[CLS]", "11")),
    Case("a BERT of NaN", fills("[MASK]", np.nan), ValueError, ("NaN", DIVERGED)),
    Case("too few pieces", lambda _: text.filled("[MASK] [MASK]", ["a"]), ValueError, ("pieces", "2", "1")),
    Case("pieces without a mask", lambda _: text.filled("the", ["a"]), ValueError, ("pieces", "0", "1")),
    # -- folders
    Case("no folder", lambda f: text.load(f / "none"), CheckpointError, ("there is no folder", "none")),
    Case("an empty folder", text.load, CheckpointError, ("config.json",)),
    Case(
        "no weights", lambda f: text.load(saved(f, remove="model.safetensors")), CheckpointError, ("model.safetensors",)
    ),
    Case("another family", lambda f: text.load(saved(f, config={"model_type": "llama"})), CheckpointError, ("llama",)),
    Case("a family that is no word", lambda f: text.load(saved(f, config={"model_type": 5})), CheckpointError, ("5",)),
    Case(
        "a head that is tied to nothing",
        lambda f: text.load(saved(f, config={"tie_word_embeddings": 1})),
        CheckpointError,
        ("config.json", "tie_word_embeddings", "true or false", "1"),
    ),
    Case(
        "no tokenizer",
        lambda f: text.load(saved(f, "bert", remove="vocab.txt")),
        CheckpointError,
        ("no tokenizer for bert", "vocab.txt", "tokenizer.json"),
    ),
    Case(
        "a tokenizer for another model",
        lambda f: [saved(f), ByteLevelBPE.train(CORPUS, 280, [f"<{i}>" for i in range(20)]).save(f), text.load(f)],
        CheckpointError,
        ("the tokenizer has the id", "vocabulary of 270"),
    ),
    Case(
        "a T5 without pieces",
        lambda f: [T5(T5Config(30, 12, 20, 1, n_heads=3)).save_pretrained(f), text.load(f)],
        CheckpointError,
        ("no tokenizer for t5", "spiece.model"),
    ),
    # -- commands
    Case("a BERT that writes", runs("generate", "x", family="bert"), ValueError, ("model that writes", "BERT", "fill")),
    Case("a GPT that fills", runs("fill", "[MASK]"), ValueError, ("expected a BERT", "GPT")),
    Case("no beams", runs("generate", "x", "--beams", "0"), ValueError, ("--beams", "at least 1", "0")),
    Case(
        "a NaN for a temperature", runs("generate", "x", "--temperature", "nan"), ValueError, ("--temperature", "nan")
    ),
    Case("top-k of none", runs("generate", "x", "--top-k", "0"), ValueError, ("--top-k", "at least 1")),
    Case("the best none", runs("fill", "[MASK]", "--best", "0", family="bert"), ValueError, ("--best", "at least 1")),
    Case("a line that is too long", runs("embed", "text"), ValueError, ("text, line 3", "at most 8 tokens")),
    Case("a file that is no text", runs("embed", "bytes"), ValueError, ("bytes", "UTF-8", "0xff")),
    Case("a file that is missing", runs("embed", "missing"), OSError, ("missing",)),
    Case("a folder for the vectors", runs("embed", "text", "--out", "."), ValueError, ("--out", "folder")),
]
