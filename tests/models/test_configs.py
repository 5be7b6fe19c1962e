"""Every field of every configuration is checked, and the error names it."""

import dataclasses
from typing import Any

import numpy as np
import pytest

from models.bert import BERTConfig
from models.elmo import BiLSTMConfig
from models.gpt import GPTConfig
from models.lstm_lm import LSTMConfig
from models.t5 import T5Config

CONFIGS = (
    GPTConfig(40, d_model=24, n_heads=3),
    BERTConfig(40, d_model=24, n_heads=3),
    T5Config(40, d_model=24, n_heads=3),
    LSTMConfig(40),
    BiLSTMConfig(40),
)
OPTIONAL = ("d_ff", "n_decoder_layers", "head_size")
IDS = ("pad_id", "bos_id", "eos_id")
NAN, INFINITY = float("nan"), float("inf")

# What each kind of field refuses, and with which error.
NO_INTEGER = [(TypeError, value) for value in (2.0, True, "2", np.float64(2), [2])]
SIZE = [*NO_INTEGER, (ValueError, 0), (ValueError, -1), (TypeError, None)]
OPTIONAL_SIZE = [*NO_INTEGER, (ValueError, 0), (ValueError, -1)]
ID = [*NO_INTEGER, (ValueError, -1), (ValueError, 40), (TypeError, None)]
OPTIONAL_ID = [*NO_INTEGER, (ValueError, -1), (ValueError, 40)]
FLAG = [(TypeError, value) for value in (None, 1, "True", np.array([True]))]
NO_NUMBER = [(TypeError, value) for value in (None, True, "0.1")]
NOT_FINITE = [(ValueError, value) for value in (NAN, INFINITY, -0.1)]
DROPOUT = [*NO_NUMBER, *NOT_FINITE, (ValueError, 1), (ValueError, 1.5)]
POSITIONS = [(ValueError, value) for value in ("sinusoidal", "Rotary", None, 1)]
EPS = [*NO_NUMBER, *NOT_FINITE, (ValueError, 0), (ValueError, -1)]


def kind_of(field: Any) -> list[tuple[type[Exception], Any]]:
    """What a field must refuse."""
    if field.name in IDS:
        return OPTIONAL_ID if field.default is None else ID
    if field.name in OPTIONAL and field.default is None:
        return OPTIONAL_SIZE
    named = {"dropout": DROPOUT, "layer_norm_eps": EPS, "positions": POSITIONS}
    if field.name in named:
        return named[field.name]
    return FLAG if field.type in (bool, "bool") else SIZE


@pytest.mark.parametrize("config", CONFIGS, ids=lambda config: type(config).__name__)
def test_every_field_refuses_what_makes_no_sense_by_name(config: Any):
    for field in dataclasses.fields(config):
        for error, value in kind_of(field):
            with pytest.raises(error, match=f"^{field.name} must .*got "):
                dataclasses.replace(config, **{field.name: value})


@pytest.mark.parametrize("config", CONFIGS, ids=lambda config: type(config).__name__)
def test_integers_of_numpy_are_sizes(config: Any):
    for field in dataclasses.fields(config):
        if field.type in (int, "int"):
            dataclasses.replace(config, **{field.name: np.int64(getattr(config, field.name))})


def test_fields_that_must_fit_to_others():
    for config in CONFIGS[:3]:
        with pytest.raises(ValueError, match="n_heads must divide d_model, got 5 heads for 24"):
            dataclasses.replace(config, n_heads=5)
    assert T5Config(40, d_model=24, n_heads=5, head_size=7).head_size == 7
    with pytest.raises(ValueError, match="eos_id must be at least 0 and at most 39, got 40"):
        T5Config(40, eos_id=40)
