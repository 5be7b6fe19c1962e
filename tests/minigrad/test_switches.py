"""The table of switches in the docstring of switches.py."""

import functools
import re

import pytest

import minigrad
from minigrad import cuda_on_host, nn, switches

BLOCKS = {
    "grad_mode.enabled": (minigrad.no_grad, False),
    "anomaly": (minigrad.anomaly_mode, True),
    "kernels": (functools.partial(minigrad.use_kernels, "reference"), "reference"),
    "initial_values": (nn.unallocated, False),
    "last_thread_first": (cuda_on_host.backwards, True),
}


def value_of(path: str) -> object:
    owner, _, name = path.rpartition(".")
    return getattr(getattr(switches, owner) if owner else switches, name)


def test_the_table_lists_every_switch_with_its_default_and_the_block_that_sets_it():
    row = re.compile(r'^    ([\w.]+) +(True|False|"\w+") +(?:thread|process) +[\w.]+?(\w+) ', re.MULTILINE)
    defaults = {path: repr(value_of(path)).replace("'", '"') for path in BLOCKS}
    blocks = {path: getattr(block, "func", block).__name__ for path, (block, _) in BLOCKS.items()}
    assert row.findall(switches.__doc__) == [(path, defaults[path], blocks[path]) for path in BLOCKS]


def test_the_table_forgets_no_switch():
    kinds = (bool, str, switches.GradMode)
    names = {name for name, value in vars(switches).items() if isinstance(value, kinds) and not name.startswith("__")}
    assert names == {path.partition(".")[0] for path in BLOCKS}


@pytest.mark.parametrize("path", BLOCKS)
def test_a_switch_holds_inside_its_block_and_is_restored_after_an_error(path: str):
    block, inside = BLOCKS[path]
    before = value_of(path)
    assert before != inside
    seen = []

    def fail_inside() -> None:
        with block():
            seen.append(value_of(path))
            raise KeyError

    with pytest.raises(KeyError):
        fail_inside()
    assert seen == [inside]
    assert value_of(path) == before
