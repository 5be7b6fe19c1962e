"""Files from strangers, checkpoints and downloads."""

import json
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from minigrad import Tensor, load_checkpoint, nn, optim, save_checkpoint
from minigrad.errors import CheckpointError
from models.bert import BERT, BERTConfig
from models.download import download
from models.gpt import GPT, GPTConfig
from models.pretrained.folder import CONFIG, INDEX, WEIGHTS, Weights, write_folder
from models.t5 import T5, T5Config
from tests.bad_inputs.case import Case

Call = Callable[[Path], object]

MODELS: dict[type, Callable[[], Any]] = {
    GPT: lambda: GPT(GPTConfig(11, 4, 4, 1, 2)),
    BERT: lambda: BERT(BERTConfig(11, 4, 4, 1, 2)),
    T5: lambda: T5(T5Config(11, 4, 6, 1, n_heads=2, n_buckets=4, max_distance=5)),
}


def config(family: type, **changes: Any) -> Call:
    """Load a model whose config.json says something else."""

    def call(folder: Path) -> object:
        MODELS[family]().save_pretrained(folder)
        path = folder / CONFIG
        path.write_text(json.dumps(json.loads(path.read_text(encoding="utf-8")) | changes), encoding="utf-8")
        return family.from_pretrained(folder)

    return call


def raw_config(text: bytes) -> Call:
    """Load a model whose config.json holds these bytes."""

    def call(folder: Path) -> object:
        MODELS[GPT]().save_pretrained(folder)
        (folder / CONFIG).write_bytes(text)
        return GPT.from_pretrained(folder)

    return call


def header(**changes: Any) -> Call:
    """Load a model with other fields in its header, at the entry of the token embedding."""

    def call(folder: Path) -> object:
        MODELS[GPT]().save_pretrained(folder)
        path = folder / WEIGHTS
        data = path.read_bytes()
        (length,) = struct.unpack("<Q", data[:8])
        entries = json.loads(data[8 : 8 + length])
        entries["transformer.wte.weight"] |= changes
        text = json.dumps(entries).encode()
        path.write_bytes(struct.pack("<Q", len(text)) + text + data[8 + length :])
        return GPT.from_pretrained(folder)

    return call


def weights(data: bytes) -> Call:
    """Open a folder whose weights are these bytes."""

    def call(folder: Path) -> object:
        (folder / WEIGHTS).write_bytes(data)
        return Weights(folder)

    return call


def index(value: Any) -> Call:
    """Open a folder with this index of shards."""

    def call(folder: Path) -> object:
        (folder / INDEX).write_text(value if isinstance(value, str) else json.dumps(value), encoding="utf-8")
        return Weights(folder)

    return call


def save(**options: Any) -> Call:
    """Save a checkpoint with these options."""
    return lambda folder: save_checkpoint(folder / "run", nn.Linear(2, 3), **options)


def load(write: Callable[[Path], object], n_outputs: int = 3, **options: Any) -> Call:
    """Load the checkpoint that `write` has put at the path that it is given."""

    def call(folder: Path) -> object:
        write(folder / "run")
        return load_checkpoint(folder / "run", nn.Linear(2, n_outputs), **options)

    return call


def saved(path: Path) -> None:
    save_checkpoint(path, nn.Linear(2, 3))


def resume_without_optimizer(folder: Path) -> object:
    saved(folder / "run")
    model = nn.Linear(2, 3)
    return load_checkpoint(folder / "run", model, optim.SGD(model.parameters(), 0.1))


def state(value: Any) -> Call:
    """Load a state in which the weight is this."""
    return lambda _: nn.Linear(2, 3).load_state_dict({"weight": value, "bias": np.zeros(3, np.float32)})


def fetch(*arguments: Any, **options: Any) -> Call:
    """Download into a new folder; nothing is asked of any server."""
    return lambda folder: download(arguments[0], folder / "new", *arguments[1:], **options)


HUB = "http://127.0.0.1:9"  # nobody listens

CASES = [
    # config.json
    Case("brackets without end", raw_config(b"[" * 200_000), CheckpointError, (CONFIG, "nested too deeply")),
    Case("half of a config", raw_config(b'{"model_type": '), CheckpointError, (CONFIG, "line 1", "expected JSON")),
    Case("a config that is a list", raw_config(b"[]"), CheckpointError, (CONFIG, "expected a JSON object", "list")),
    Case("a config in Latin-1", raw_config(b'{"a": "\xe9"}'), CheckpointError, (CONFIG, "UTF-8", "0xe9")),
    Case("a config with NaN", raw_config(b'{"resid_pdrop": NaN}'), CheckpointError, (CONFIG, "NaN")),
    Case("layers as a float", config(GPT, n_layer=2.0), CheckpointError, (CONFIG, "n_layer", "integer", "2.0")),
    Case("layers as a boolean", config(GPT, n_layer=True), CheckpointError, (CONFIG, "n_layer", "integer", "True")),
    Case("layers as text", config(GPT, n_layer="1"), CheckpointError, (CONFIG, "n_layer", "integer", "'1'")),
    Case("no layers", config(GPT, n_layer=0), CheckpointError, (CONFIG, "n_layer", "at least 1", "0")),
    Case("null layers", config(GPT, n_layer=None), CheckpointError, (CONFIG, "n_layer", "integer", "None")),
    Case("a hundred million layers", config(GPT, n_layer=10**8), CheckpointError, (CONFIG, "n_layer", "100000000")),
    Case("more layers than a number", config(GPT, n_layer=10**400), CheckpointError, (CONFIG, "n_layer", "at most")),
    Case("a vocabulary of 1e99", config(GPT, vocab_size=1e99), CheckpointError, (CONFIG, "vocab_size", "1e+99")),
    Case("a huge vocabulary", config(GPT, vocab_size=2**62), CheckpointError, (CONFIG, "no model has these sizes")),
    Case(
        "another vocabulary", config(GPT, vocab_size=12), CheckpointError, ("wte.weight is (11, 4), expected (12, 4)",)
    ),
    Case("no d_ff that fits", config(GPT, n_inner=-1), CheckpointError, (CONFIG, "n_inner", "at least 1", "-1")),
    Case("null dropout", config(GPT, resid_pdrop=None), CheckpointError, (CONFIG, "resid_pdrop", "number", "None")),
    Case("dropout of everything", config(GPT, resid_pdrop=1.0), CheckpointError, (CONFIG, "resid_pdrop", "below 1")),
    Case("null eps", config(GPT, layer_norm_epsilon=None), CheckpointError, (CONFIG, "layer_norm_epsilon", "None")),
    Case("a negative eps", config(BERT, layer_norm_eps=-1), CheckpointError, (CONFIG, "layer_norm_eps", "at least 0")),
    Case("BERT's dropout as text", config(BERT, hidden_dropout_prob="0.1"), CheckpointError, ("hidden_dropout_prob",)),
    Case("BERT's heads as a float", config(BERT, num_attention_heads=2.0), CheckpointError, ("num_attention_heads",)),
    Case(
        "BERT of 10**8 layers", config(BERT, num_hidden_layers=10**8), CheckpointError, ("num_hidden_layers is 1000",)
    ),
    Case("T5 of 10**8 layers", config(T5, num_decoder_layers=10**8), CheckpointError, ("num_decoder_layers is 1000",)),
    Case("T5's head as a number", config(T5, tie_word_embeddings=1), CheckpointError, ("tie_word_embeddings", "true")),
    Case("T5's padding as text", config(T5, pad_token_id="0"), CheckpointError, (CONFIG, "pad_token_id", "integer")),
    Case("T5's negative padding", config(T5, pad_token_id=-1), CheckpointError, (CONFIG, "pad_token_id", "at least 0")),
    # model.safetensors
    Case("an empty file of weights", weights(b""), CheckpointError, (WEIGHTS, "8 bytes", "got 0")),
    Case(
        "a header of 2**63 bytes", weights(b"\0" * 7 + b"\x80{}"), CheckpointError, (WEIGHTS, "at most 2", str(2**63))
    ),
    Case("a header that is a list", weights(b"\2" + b"\0" * 7 + b"[]"), CheckpointError, (WEIGHTS, "begin with {")),
    Case("an unknown dtype", header(dtype="F31"), CheckpointError, (WEIGHTS, "wte.weight", "dtype", "'F31'")),
    Case("a null dtype", header(dtype=None), CheckpointError, (WEIGHTS, "wte.weight", "dtype", "None")),
    Case("integers for weights", header(dtype="I32"), CheckpointError, ("not floating-point", "wte.weight is I32")),
    Case("a negative shape", header(shape=[-11, -4]), CheckpointError, (WEIGHTS, "wte.weight", "shape", "-11")),
    Case("a float shape", header(shape=[11.0, 4]), CheckpointError, (WEIGHTS, "wte.weight", "shape", "11.0")),
    Case("a boolean shape", header(shape=[True, 44]), CheckpointError, (WEIGHTS, "wte.weight", "shape", "True")),
    Case("a huge shape", header(shape=[2**40, 2**40]), CheckpointError, (WEIGHTS, "wte.weight", "shape")),
    Case("offsets outside", header(data_offsets=[0, 10**9]), CheckpointError, (WEIGHTS, "wte.weight", "data_offsets")),
    Case("negative offsets", header(data_offsets=[-176, 0]), CheckpointError, (WEIGHTS, "wte.weight", "data_offsets")),
    Case("offsets of others", header(data_offsets=[64, 240]), CheckpointError, (WEIGHTS, "data_offsets must begin at")),
    # model.safetensors.index.json
    Case("an index of nothing", index({}), CheckpointError, (INDEX, "weight_map", "None")),
    Case("an index too deep", index("[" * 200_000), CheckpointError, (INDEX, "nested too deeply")),
    Case(
        "a shard above",
        index({"weight_map": {"a": "../a.safetensors"}}),
        CheckpointError,
        (INDEX, "same folder", "../"),
    ),
    Case("a shard elsewhere", index({"weight_map": {"a": "/a.safetensors"}}), CheckpointError, (INDEX, "same folder")),
    Case("a shard that is a number", index({"weight_map": {"a": 5}}), CheckpointError, (INDEX, "for a, got 5")),
    Case(
        "a missing shard", index({"weight_map": {"a": "b.safetensors"}}), CheckpointError, ("b.safetensors is missing",)
    ),
    # what we write
    Case(
        "shards of no bytes", lambda f: write_folder(f, {}, {}, 0), ValueError, ("max_shard_bytes", "at least 1", "0")
    ),
    Case("shards of a float", lambda f: write_folder(f, {}, {}, 1e9), TypeError, ("max_shard_bytes", "integer")),
    Case("NaN in a config", lambda f: write_folder(f, {"a": float("nan")}, {}), ValueError, ("JSON", "nan")),
    # checkpoints of a run
    Case("a step of 2.7", save(step=2.7), TypeError, ("step must be an integer", "2.7")),
    Case("a negative step", save(step=-1), ValueError, ("step must be at least 0", "-1")),
    Case("no name for a file", lambda _: save_checkpoint("", nn.Linear(1, 1)), ValueError, ("path", "file", "'.'")),
    Case("metadata that is a list", save(metadata=[1]), TypeError, ("metadata", "dictionary", "list")),
    Case("metadata with numbers as keys", save(metadata={1: 2}), TypeError, ("metadata", "key 1", "string")),
    Case("metadata with an array", save(metadata={"a": np.ones(1)}), TypeError, ("metadata", "ndarray")),
    Case("generators in a list", save(generators=[np.random.default_rng()]), TypeError, ("generators", "list")),
    Case("a seed for a generator", save(generators={"data": 0}), TypeError, ("generators", "'data': 0")),
    Case(
        "a Mersenne twister", save(generators={"g": np.random.Generator(np.random.MT19937())}), TypeError, ("MT19937",)
    ),
    Case("an optimizer's name", save(optimizer="adam"), TypeError, ("optimizer", "str")),
    Case("a folder for a checkpoint", load(Path.mkdir), CheckpointError, ("run", "folder")),
    Case("no checkpoint", load(lambda _: None), CheckpointError, ("there is no checkpoint", "run")),
    Case("an empty checkpoint", load(lambda p: p.write_bytes(b"")), CheckpointError, ("run", "damaged", "got 0")),
    Case(
        "notes for a checkpoint", load(lambda p: p.write_text("notes, not weights")), CheckpointError, ("run", "length")
    ),
    Case("another model", load(saved, 4), CheckpointError, ("model.weight is (3, 2), expected (4, 2)",)),
    Case(
        "generators of other names",
        load(saved, generators={"data": np.random.default_rng()}),
        CheckpointError,
        ("data",),
    ),
    Case(
        "a checkpoint without an optimizer", resume_without_optimizer, CheckpointError, ("run", "without an optimizer")
    ),
    Case("arguments swapped", lambda f: load_checkpoint(f, f / "run"), TypeError, ("model must be a Module", "Path")),
    # states
    Case("a list for an array", state([[1.0, 2.0]] * 3), ValueError, ("not an array", "weight is a list")),
    Case("a tensor for an array", state(Tensor(np.ones((3, 2)))), ValueError, ("not an array", "weight is a Tensor")),
    Case(
        "integers for an array", state(np.ones((3, 2), int)), ValueError, ("wrong dtype", "weight is int64", "float32")
    ),
    Case("complex for an array", state(np.ones((3, 2), complex)), ValueError, ("wrong dtype", "weight is complex128")),
    Case("text for an array", state(np.full((3, 2), "x")), ValueError, ("wrong dtype", "weight is <U1")),
    Case(
        "a path for a state", lambda f: nn.Linear(1, 1).load_state_dict(f), TypeError, ("state", "dictionary", "Path")
    ),
    # downloads
    Case("a repository above", fetch("../x"), ValueError, ("name", "owner/name", "'../x'")),
    Case("a repository of three", fetch("a/b/c"), ValueError, ("name", "owner/name", "'a/b/c'")),
    Case("a hub on the disk", fetch("a/b", "file:///etc"), ValueError, ("base_url", "http", "file:///etc")),
    Case("a file above", fetch("a/b", HUB, ["../x"]), ValueError, ("files", "plain names", "'../x'")),
    Case("a file below", fetch("a/b", HUB, ["a/x"]), ValueError, ("files", "plain names", "'a/x'")),
    Case("one file as a string", fetch("a/b", HUB, "config.json"), TypeError, ("files", "list", "'config.json'")),
    Case("no revision", fetch("a/b", HUB, revision=""), ValueError, ("revision", "''")),
    Case("half a checksum", fetch("a/b", HUB, sha256={"x": "ab"}), ValueError, ("sha256", "64", "'ab'")),
]
