"""Each family from and to a checkpoint folder: the same numbers come back, and what does not fit is named."""

import json
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from minigrad import nn
from minigrad.errors import CheckpointError
from models.bert import BERT, BERTConfig
from models.gpt import GPT, GPTConfig
from models.pretrained import bert, gpt2, gpt_neox, t5
from models.pretrained.names import check_entries
from models.t5 import T5, T5Config

MODELS: dict[str, Callable[[], GPT | BERT | T5]] = {
    "gpt": lambda: GPT(GPTConfig(vocab_size=30, n_positions=8, d_model=12, n_layers=2, n_heads=3)),
    "gpt with all dials turned": lambda: GPT(GPTConfig(30, 8, 12, 1, 2, d_ff=7, dropout=0.2, layer_norm_eps=0.1)),
    "gpt with ids at both ends": lambda: GPT(GPTConfig(30, 8, 12, 1, 2, bos_id=6, eos_id=1)),
    "gpt with rotary positions": lambda: GPT(
        GPTConfig(30, 8, 12, 2, 3, 7, dropout=0.2, layer_norm_eps=0.1, positions="rotary", eos_id=2)
    ),
    "gpt with rotary positions and a head of its own": lambda: GPT(
        GPTConfig(30, 8, 12, 1, 2, 7, positions="rotary", tied_head=False)
    ),
    "gpt with a head of its own": lambda: GPT(GPTConfig(30, 8, 12, 1, 2, tied_head=False)),
    "bert": lambda: BERT(BERTConfig(vocab_size=30, n_positions=8, d_model=12, n_layers=2, n_heads=3)),
    "bert with all dials turned": lambda: BERT(BERTConfig(30, 8, 12, 1, 2, 7, 3, 0.2, 0.1), masked_lm=False),
    "bert without heads": lambda: BERT(
        BERTConfig(30, 8, 12, 1, 2, 7), pooler=False, masked_lm=False, next_sentence=False
    ),
    "t5": lambda: T5(T5Config(vocab_size=30, d_model=12, d_ff=20, n_layers=2, n_heads=3)),
    "t5 1.1": lambda: T5(T5Config(30, 12, 20, 1, 2, 3, head_size=5, gated_gelu=True, tied_head=False)),
    "t5 with all dials turned": lambda: T5(
        T5Config(30, 12, 20, 1, 2, 3, 5, 8, 16, dropout=0.2, layer_norm_eps=0.1, pad_id=3, eos_id=4)
    ),
}


@pytest.mark.parametrize("name", MODELS)
def test_a_model_comes_back_as_it_was(tmp_path, name: str):
    model = MODELS[name]()
    model.save_pretrained(tmp_path)
    again = type(model).from_pretrained(tmp_path)
    fill_in = {"d_ff": 48} if model.config.__dict__.get("d_ff", 0) is None and isinstance(model, BERT) else {}
    expected = model.config.__dict__ | fill_in
    if isinstance(model, T5):
        expected |= {"head_size": model.config.head_size or 4}
        expected |= {"n_decoder_layers": model.config.n_decoder_layers or model.config.n_layers}
    assert again.config.__dict__ == expected
    assert again.state_dict().keys() == model.state_dict().keys()
    for key, array in model.state_dict().items():
        np.testing.assert_array_equal(again.state_dict()[key], array, err_msg=key)
    assert not any(module.training for _, module in again.named_modules())


@pytest.mark.parametrize("name", MODELS)
def test_a_loaded_model_can_be_trained(tmp_path, name: str):
    model = MODELS[name]()
    model.save_pretrained(tmp_path)
    for parameter in type(model).from_pretrained(tmp_path).parameters():
        assert parameter.requires_grad
        assert parameter.data.flags.writeable
        assert parameter.data.flags.c_contiguous
        assert parameter.data.dtype == np.float32


@pytest.mark.parametrize("name", MODELS)
def test_the_tables_name_every_parameter_once(name: str):
    model = MODELS[name]()
    entries = {
        GPT: lambda: (gpt_neox if "rotary" in name else gpt2).entries(model.config),
        BERT: lambda: bert.entries(model),
        T5: lambda: t5.entries(model.config),
    }
    check_entries(model, entries[type(model)]())


@pytest.mark.parametrize(("saved", "wanted"), [("gpt", BERT), ("gpt", T5), ("bert", GPT), ("t5", BERT)])
def test_another_family_is_refused(tmp_path, saved: str, wanted):
    MODELS[saved]().save_pretrained(tmp_path)
    found = {"gpt": "gpt2", "bert": "bert", "t5": "t5"}[saved]
    expected = {GPT: "gpt2", BERT: "bert", T5: "t5"}[wanted]
    with pytest.raises(CheckpointError, match=f"expected a {expected} checkpoint, got {found}"):
        wanted.from_pretrained(tmp_path)


@pytest.mark.parametrize(
    ("name", "change", "message"),
    [
        ("gpt", {"activation_function": "relu"}, "activation_function must be gelu_new.*got 'relu'"),
        ("gpt", {"add_cross_attention": True}, "add_cross_attention must be False.*got True"),
        ("gpt", {"tie_word_embeddings": False}, r"missing: lm_head\.weight"),
        ("gpt", {"tie_word_embeddings": "no"}, "tie_word_embeddings must be true or false.*got 'no'"),
        ("gpt", {"n_head": 5}, "n_heads must divide d_model, got 5 heads for 12"),
        ("gpt", {"n_layer": "two"}, r"config\.json: n_layer must be an integer, got 'two' of type str"),
        ("bert", {"hidden_act": "relu"}, "hidden_act must be gelu.*got relu"),
        ("bert", {"position_embedding_type": "relative_key"}, "position_embedding_type must be absolute"),
        ("bert", {"is_decoder": True}, "is_decoder must be False"),
        ("bert", {"num_attention_heads": 5}, "n_heads must divide d_model"),
        ("t5", {"feed_forward_proj": "gated-silu"}, "feed_forward_proj must be relu or gated-gelu, got 'gated-silu'"),
        ("t5", {"decoder_start_token_id": 5}, "decoder_start_token_id must be pad_token_id = 0, got 5"),
        ("gpt", {"eos_token_id": [1]}, "eos_token_id must be an integer, got \\[1\\]"),
        ("gpt", {"bos_token_id": -1}, "bos_token_id must be at least 0.*got -1"),
        ("gpt with rotary positions", {"use_parallel_residual": True}, "use_parallel_residual must be False.*got True"),
        ("gpt with rotary positions", {"rotary_pct": 0.25}, "rotary_pct must be 1 .*got 0.25"),
        ("gpt with rotary positions", {"rotary_emb_base": 500}, "rotary_emb_base must be 10000 .*got 500"),
        ("gpt with rotary positions", {"rope_parameters": {"rope_theta": 7}}, "rotary_emb_base must be 10000 .*got 7"),
        ("gpt with rotary positions", {"rope_parameters": {"rope_type": "yarn"}}, "rope_type default, got .*yarn"),
        ("gpt with rotary positions", {"hidden_act": "gelu"}, "hidden_act must be gelu_new .*got gelu"),
        ("gpt with rotary positions", {"hidden_size": 13}, "n_heads must divide d_model"),
        ("t5", {"relative_attention_num_buckets": 7}, "n_buckets must be a multiple of 4, got 7"),
    ],
)
def test_a_config_that_asks_for_something_else_is_refused(tmp_path, name: str, change, message: str):
    model = MODELS[name]()
    model.save_pretrained(tmp_path)
    change_config(tmp_path, change)
    with pytest.raises(CheckpointError, match=message):
        type(model).from_pretrained(tmp_path)


def test_gpt2s_own_ids_are_none_in_a_vocabulary_without_them(tmp_path):
    """Small models of transformers have its default, 50256, in their config."""
    MODELS["gpt"]().save_pretrained(tmp_path)
    change_config(tmp_path, {"bos_token_id": 50256, "eos_token_id": 29})
    config = GPT.from_pretrained(tmp_path).config
    assert (config.bos_id, config.eos_id) == (None, 29)
    large = GPTConfig(50_257, 8, 12, 1, 2)
    assert gpt2.config_from(gpt2.config_to(large)).eos_id == 50_256


def test_weights_that_do_not_fit_are_all_named_at_once(tmp_path):
    MODELS["gpt"]().save_pretrained(tmp_path)
    weights = load_file(tmp_path / "model.safetensors")
    del weights["transformer.ln_f.bias"]
    weights["transformer.h.0.ln_1.weight"] = np.ones(13, np.float32)
    weights["transformer.h.7.ln_1.weight"] = np.ones(12, np.float32)
    save_file(weights, tmp_path / "model.safetensors")
    with pytest.raises(CheckpointError) as error:
        GPT.from_pretrained(tmp_path)
    for part in (
        "missing: transformer.ln_f.bias",
        "unexpected: transformer.h.7.ln_1.weight",
        "transformer.h.0.ln_1.weight is (13,), expected (12,)",
    ):
        assert part in str(error.value)


def test_a_truncated_file_is_refused(tmp_path):
    MODELS["t5"]().save_pretrained(tmp_path)
    path = tmp_path / "model.safetensors"
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(CheckpointError, match=r"model\.safetensors"):
        T5.from_pretrained(tmp_path)


def test_a_t5_that_shares_its_weights_cannot_be_written(tmp_path):
    shared = T5(T5Config(30, 12, 20, 1, n_heads=3, share_encoder_decoder=True))
    with pytest.raises(ValueError, match="share_encoder_decoder must be False"):
        shared.save_pretrained(tmp_path)
    assert not list(tmp_path.iterdir())


def test_loading_holds_no_second_copy_of_the_model(tmp_path):
    config = GPTConfig(vocab_size=2000, n_positions=64, d_model=128, n_layers=8, n_heads=4)
    GPT(config).save_pretrained(tmp_path)
    with nn.unallocated():
        size = 4 * GPT(config).num_parameters()
    GPT.from_pretrained(tmp_path)  # whatever is imported on the way is there now
    tracemalloc.start()
    model = GPT.from_pretrained(tmp_path)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert model.num_parameters() * 4 == size
    assert peak < 1.25 * size  # the largest weight is 16% of this model


def change_config(folder: Path, change: dict) -> None:
    path = folder / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text(encoding="utf-8")) | change), encoding="utf-8")
