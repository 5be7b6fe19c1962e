"""Masks in narrow dtypes with padding on the left: the same hidden states and text as transformers', in float32.

transformers takes masks of int64 or booleans; ours in every dtype is held against its result.
"""

import numpy as np
import pytest

from minigrad import no_grad
from models.bert import BERTConfig
from models.gpt import GPTConfig
from models.sampling import GREEDY
from models.t5 import T5Config
from tests.parity import test_bert, test_gpt2, test_t5
from tests.parity.test_ops import assert_close
from tests.parity.twins import TOLERANCE

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")

V = 300
RNG = np.random.default_rng(0)
IDS = RNG.integers(2, V, size=(3, 7))
MASK = (np.arange(7) >= np.array([[3], [0], [5]])).astype(np.int64)
POSITIONS = np.maximum(np.cumsum(MASK, axis=1) - 1, 0)
IS_TOKEN = MASK == 1
DTYPES = [np.bool_, np.uint8, np.int8, np.uint64, np.int64]


def as_torch(array: np.ndarray):
    return torch.tensor(array)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("theirs_dtype", [np.int64, np.bool_])
def test_gpt_padded_on_the_left(dtype: type, theirs_dtype: type):
    ours, theirs = test_gpt2.twins(GPTConfig(V, n_positions=16, d_model=24, n_layers=2, n_heads=3), seed=1)
    with no_grad(), torch.no_grad():
        found = ours(IDS.astype(np.uint16), MASK.astype(dtype)).data
        mask = as_torch(MASK.astype(theirs_dtype))
        expected = theirs.eval()(as_torch(IDS), attention_mask=mask, position_ids=as_torch(POSITIONS)).logits.numpy()
    assert_close(found[IS_TOKEN], expected[IS_TOKEN], TOLERANCE)


@pytest.mark.parametrize("dtype", DTYPES)
def test_bert_padded_on_the_left(dtype: type):
    ours, theirs = test_bert.twins(BERTConfig(V, n_positions=16, d_model=24, n_layers=2, n_heads=3), seed=1)
    segments = IDS % 2
    with no_grad(), torch.no_grad():
        found = ours(IDS.astype(np.uint16), MASK.astype(dtype), segments.astype(np.uint8)).data
        expected = theirs.bert(
            as_torch(IDS),
            attention_mask=as_torch(MASK),
            token_type_ids=as_torch(segments),
            position_ids=as_torch(POSITIONS),
        ).last_hidden_state.numpy()
    assert_close(found[IS_TOKEN], expected[IS_TOKEN], TOLERANCE)


@pytest.mark.parametrize("dtype", DTYPES)
def test_t5_padded_on_the_left(dtype: type):
    ours, theirs = test_t5.twins(T5Config(V, d_model=24, d_ff=40, n_layers=2, n_heads=3), seed=1)
    decoder_ids = IDS[:, :4]
    with no_grad(), torch.no_grad():
        found = ours(IDS.astype(np.uint16), decoder_ids.astype(np.uint16), MASK.astype(dtype)).data
        expected = theirs(
            as_torch(IDS), attention_mask=as_torch(MASK), decoder_input_ids=as_torch(decoder_ids)
        ).logits.numpy()
    assert_close(found, expected, TOLERANCE)


@pytest.mark.parametrize("dtype", [np.bool_, np.uint8])
def test_gpt_writes_ids_above_255_behind_prompts_in_uint8(dtype: type):
    ours, theirs = test_gpt2.twins(GPTConfig(3000, n_positions=24, d_model=24, n_layers=2, n_heads=3), seed=1)
    prompts = IDS % 250
    found = ours.eval().generate(prompts.astype(np.uint8), 12, GREEDY, attention_mask=MASK.astype(dtype))
    expected = theirs.eval().generate(
        as_torch(prompts), attention_mask=as_torch(MASK), do_sample=False, max_new_tokens=12, pad_token_id=0
    ).numpy()  # fmt: skip
    assert expected[:, 7:].max() > 255
    np.testing.assert_array_equal(found, expected)
