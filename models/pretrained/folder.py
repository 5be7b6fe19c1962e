"""A checkpoint folder in Hugging Face's layout.

    config.json                            the model's hyperparameters, and its family (`model_type`)
    model.safetensors                      the weights by name
or  model-00001-of-00002.safetensors, …    the weights in shards
    model.safetensors.index.json           which shard holds which weight

No other file is read: `pytorch_model.bin`, which older folders hold, is a pickle, and a pickle runs code.
"""

import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Any

import numpy as np

from minigrad.checks import whole_number
from minigrad.errors import CheckpointError
from minigrad.files import read_json
from minigrad.safetensors_file import StoredTensor, read_header, write_tensors

CONFIG = "config.json"
WEIGHTS = "model.safetensors"
INDEX = "model.safetensors.index.json"
SHARD = "model-{:05}-of-{:05}.safetensors"
LONGEST_JSON = 100_000_000  # bytes; larger than any config or index
SAVING = ".saving-"  # prefix of the temporary folder in which a save prepares its files
IS_SHARD = re.compile(r"model-\d{5}-of-\d{5}\.safetensors")

METADATA = {"format": "pt"}  # transformers reads no file without this

CONVERSION = """    from transformers import AutoModelForPreTraining
    AutoModelForPreTraining.from_pretrained({folder!r}).save_pretrained({folder!r})"""


def read_config(folder: str | os.PathLike[str], model_type: str) -> dict[str, Any]:
    """The `config.json` of a checkpoint of this family: "bert", "gpt2", "t5".

    Raises:
        CheckpointError: if there is no config, it is not a JSON object, or the checkpoint is of another family.
    """
    config = _read_config(folder)
    if config.get("model_type") != model_type:
        found = config.get("model_type", "a config without model_type")
        raise CheckpointError(f"{Path(folder) / CONFIG}: expected a {model_type} checkpoint, got {found}")
    return config


def check_config(config: dict[str, Any], expected: dict[str, Any], family: str) -> None:
    """Raise CheckpointError if a field differs from its expected value. A missing field counts as expected."""
    for name, value in expected.items():
        if config.get(name, value) != value:
            raise CheckpointError(f"{name} must be {value} in the config of a {family}, got {config[name]}")


def read_model_type(folder: str | os.PathLike[str]) -> str:
    """The family of a checkpoint, from its `config.json`.

    Raises:
        CheckpointError: if there is no config, it is not a JSON object, or it has no model_type.
    """
    found = _read_config(folder).get("model_type")
    if not isinstance(found, str):
        raise CheckpointError(f"{Path(folder) / CONFIG}: expected a model_type, got {found!r}")
    return found


def _read_config(folder: str | os.PathLike[str]) -> dict[str, Any]:
    path = Path(folder) / CONFIG
    if not path.parent.is_dir():
        raise CheckpointError(f"there is no folder {folder}")
    if not path.is_file():
        message = f"{folder} is not a checkpoint in Hugging Face's layout: it has no {CONFIG}"
        if interrupted := sorted(path.parent.glob(f"{SAVING}*")):
            message += f"; a save was interrupted, which has left {interrupted[0].name}"
        raise CheckpointError(message)
    return _read_object(path)


class Weights:
    """The weights in a checkpoint folder. Each stays in its file until it is read.

        with Weights(folder) as weights:
            array = weights.read("wte.weight")

    Attributes:
        folder: the checkpoint's folder.
        tensors: each weight's dtype, shape and place in its file, by name.

    Raises:
        CheckpointError: if the folder has no weights, a file is damaged or missing, or a shard lacks a weight that the
            index places in it.
    """

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        self.folder = Path(folder)
        self.tensors: dict[str, StoredTensor] = {}
        with ExitStack() as files:
            if (self.folder / WEIGHTS).is_file():
                self.tensors, _ = read_header(files.enter_context((self.folder / WEIGHTS).open("rb")))
            elif (self.folder / INDEX).is_file():
                for shard, names in _by_shard(read_index(self.folder / INDEX)).items():
                    self.tensors |= _of_shard(self.folder / shard, names, files)
            else:
                raise CheckpointError(_no_weights(self.folder))
            self._files = files.pop_all()  # keeps the files open after the with block

    @property
    def names(self) -> list[str]:
        """The weights' names in the files."""
        return list(self.tensors)

    def shape(self, name: str) -> tuple[int, ...]:
        """The shape of a weight."""
        return self.tensors[name].shape

    def read(self, name: str) -> np.ndarray:
        """A weight in float32, as a new array that may be written to.

        Raises:
            CheckpointError: if it is not of a floating type.
        """
        return self.tensors[name].read()

    def close(self) -> None:
        """Close the files. Nothing can be read afterwards."""
        self._files.close()

    def __enter__(self) -> "Weights":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()


def read_index(path: Path) -> dict[str, str]:
    """The shard of each weight: name → file.

    Raises:
        CheckpointError: if the file is not such an index, or names anything but files in its own folder.
    """
    shards = _read_object(path).get("weight_map")
    if not isinstance(shards, dict) or not shards:
        raise CheckpointError(f"{path}: expected weight_map, an object of weights and their files, got {shards!r}")
    for name, file in shards.items():
        if not isinstance(file, str) or not re.fullmatch(r"[\w.-]+\.safetensors", file):
            raise CheckpointError(f"{path}: expected a safetensors file in the same folder for {name}, got {file!r}")
    return shards


def write_folder(
    folder: str | os.PathLike[str],
    config: dict[str, Any],
    arrays: Mapping[str, np.ndarray] | Iterable[tuple[str, np.ndarray]],
    max_shard_bytes: int = 5_000_000_000,
) -> None:
    """Write a checkpoint folder, sharded if the weights are larger than `max_shard_bytes`.

    All files are first written to a temporary folder. Then an earlier checkpoint's `config.json` is deleted, its
    weights are replaced, and the new `config.json` is moved last. A folder without `config.json` is not a checkpoint,
    so an interrupted save cannot leave a mixture of both that loads. Other files in the folder stay. At most one shard
    of the arrays is in memory at a time.

    Args:
        config: with `model_type`; must be serialisable as JSON.
        arrays: float32, by name. An iterator is consumed one array at a time.

    Raises:
        TypeError: if the config is not serialisable as JSON, an array is not float32, or max_shard_bytes is not an
            integer.
        ValueError: if the config holds a NaN or an infinity, or max_shard_bytes is not positive.
        OSError: if a file cannot be written, for example because the disk is full. An earlier checkpoint then remains.
    """
    whole_number("max_shard_bytes", max_shard_bytes, at_least=1)
    config_text = _as_json(config)
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix=SAVING, dir=folder) as name:
        temporary = Path(name)
        sizes: list[dict[str, int]] = []  # of each shard's arrays, by name
        pairs = arrays.items() if isinstance(arrays, Mapping) else arrays
        for number, shard in enumerate(_shards(pairs, max_shard_bytes)):
            if others := [f"{name} must be float32, got {a.dtype}" for name, a in shard if a.dtype != np.float32]:
                raise TypeError(", ".join(others))
            write_tensors(temporary / str(number), shard, METADATA)
            sizes.append({name: array.nbytes for name, array in shard})
            shard.clear()  # frees its memory before the next shard is collected

        files = [SHARD.format(i + 1, len(sizes)) for i in range(len(sizes))] if len(sizes) > 1 else [WEIGHTS]
        for number, file in enumerate(files):
            (temporary / str(number)).rename(temporary / file)
        if len(files) > 1:
            total = sum(sum(shard.values()) for shard in sizes)
            places = {name: file for file, shard in zip(files, sizes, strict=True) for name in shard}
            index = {"metadata": {"total_size": total}, "weight_map": places}
            (temporary / INDEX).write_text(_as_json(index), encoding="utf-8", newline="\n")
            files.append(INDEX)
        (temporary / CONFIG).write_text(config_text, encoding="utf-8", newline="\n")

        (folder / CONFIG).unlink(missing_ok=True)
        for file in files:
            os.replace(temporary / file, folder / file)
        for path in list(folder.iterdir()):
            if path.name not in files and (path.name in (WEIGHTS, INDEX) or IS_SHARD.fullmatch(path.name)):
                path.unlink()
        os.replace(temporary / CONFIG, folder / CONFIG)


def _shards(arrays: Iterable[tuple[str, np.ndarray]], max_bytes: int) -> Iterator[list[tuple[str, np.ndarray]]]:
    """The arrays in lists of at most max_bytes each. A larger array is a list of its own. Yields at least one list."""
    shard: list[tuple[str, np.ndarray]] = []
    size = 0
    for name, array in arrays:
        if shard and size + array.nbytes > max_bytes:
            yield shard
            shard, size = [], 0
        shard.append((name, array))
        size += array.nbytes
    yield shard


def _by_shard(index: dict[str, str]) -> dict[str, list[str]]:
    """The names of the weights in each shard."""
    shards: dict[str, list[str]] = {}
    for name, shard in index.items():
        shards.setdefault(shard, []).append(name)
    return shards


def _of_shard(path: Path, names: list[str], files: ExitStack) -> dict[str, StoredTensor]:
    """The weights that the index places in a shard. The shard's file stays open."""
    if not path.is_file():
        raise CheckpointError(f"{path} is missing, a shard that {INDEX} names")
    tensors, _ = read_header(files.enter_context(path.open("rb")))
    if missing := [name for name in names if name not in tensors]:
        raise CheckpointError(f"{path} lacks weights that {INDEX} places in it: {', '.join(missing)}")
    return {name: tensors[name] for name in names}


def _no_weights(folder: Path) -> str:
    if not folder.is_dir():
        return f"there is no folder {folder}"
    if pickles := sorted(path.name for path in folder.glob("pytorch_model*.bin")):
        conversion = CONVERSION.format(folder=str(folder))
        return (
            f"{folder} holds its weights as {pickles[0]} alone, a pickle, which could run code and is not read; "
            f"convert it once with the transformers library:\n{conversion}"
        )
    return f"{folder} holds no weights: expected {WEIGHTS}, or {INDEX} and the shards that it names"


def _read_object(path: Path) -> dict[str, Any]:
    if (size := path.stat().st_size) > LONGEST_JSON:
        raise CheckpointError(f"{path}: expected a JSON file of at most {LONGEST_JSON:,} bytes, got {size:,}")
    try:
        value = read_json(path)
    except ValueError as error:
        raise CheckpointError(str(error)) from error
    if not isinstance(value, dict):
        raise CheckpointError(f"{path}: expected a JSON object, got a {type(value).__name__}")
    return value


def _as_json(value: dict[str, Any]) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
