"""A save that is killed, or has no space, leaves the earlier checkpoint, none, or the new one; never a mixture."""

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from minigrad.errors import CheckpointError
from models.pretrained.folder import Weights, read_config, write_folder

OLD = {name: np.full(5, 1, np.float32) for name in "abc"}
NEW = {name: np.full(5, 2, np.float32) for name in "abc"}
CALLS = ("replace", "rename", "unlink")  # each changes what a folder holds


def killed_at(call: int, save: Callable[[], object]) -> bool:
    """Save in a process of its own that ends without a word before one of its calls; whether there was that call."""
    child = os.fork()
    if child == 0:
        made = 0

        def counting(function: Callable) -> Callable:
            def counted(*arguments: object, **options: object) -> object:
                nonlocal made
                if made == call:
                    os._exit(9)
                made += 1
                return function(*arguments, **options)

            return counted

        try:
            for name in CALLS:
                setattr(os, name, counting(getattr(os, name)))
            save()
            os._exit(0)
        finally:
            os._exit(1)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert code in (0, 9)
    return code == 9


def state(folder: Path) -> str:
    """Which checkpoint a reader finds."""
    try:
        number = read_config(folder, "gpt2")["number"]
        with Weights(folder) as weights:
            found = {float(value) for name in weights.names for value in weights.read(name)}
            assert sorted(weights.names) == ["a", "b", "c"]
    except CheckpointError:
        assert not (folder / "config.json").exists()
        return "none"
    assert found == {number}
    return {1: "old", 2: "new"}[number]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="Windows cannot fork")
@pytest.mark.parametrize("before", [20, 40, 1000])
@pytest.mark.parametrize("after", [20, 40, 1000])
def test_a_save_killed_before_any_call_leaves_no_mixture(tmp_path: Path, before: int, after: int):
    states = []
    for call in range(20):
        folder = tmp_path / str(call)
        write_folder(folder, {"model_type": "gpt2", "number": 1}, OLD, before)

        def save(folder: Path = folder) -> None:
            write_folder(folder, {"model_type": "gpt2", "number": 2}, NEW, after)

        killed = killed_at(call, save)
        states.append(state(folder))
        if states[-1] == "none":
            with pytest.raises(CheckpointError, match=r"; a save was interrupted, which has left \.saving-"):
                read_config(folder, "gpt2")
        save()  # over whatever there is
        assert state(folder) == "new"
        if not killed:
            break
    order = ["old", "none", "new"]
    assert states == sorted(states, key=order.index)
    assert set(states) == set(order)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="Windows cannot limit the size of files")
@pytest.mark.parametrize("max_shard_bytes", [10_000, 1_000_000])
def test_a_full_disk_is_an_oserror_and_the_earlier_checkpoint_is_intact(tmp_path: Path, max_shard_bytes: int):
    import resource

    write_folder(tmp_path, {"model_type": "gpt2", "number": 1}, OLD)
    names = sorted(path.name for path in tmp_path.iterdir())
    large = {"small": np.ones(5, np.float32), "large": np.ones(10_000, np.float32)}
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, limits[1]))  # bytes of a file
    try:
        with pytest.raises(OSError, match="File too large"):
            write_folder(tmp_path, {"model_type": "gpt2", "number": 2}, large, max_shard_bytes)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert state(tmp_path) == "old"
    assert sorted(path.name for path in tmp_path.iterdir()) == names
