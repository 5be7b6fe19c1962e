"""GPT with rotary positions in Hugging Face's layout: as a GPT-NeoX, because GPT-2's has learned positions only.

Two options of GPT-NeoX make it the model of `models.gpt`: positions rotate whole heads (`rotary_pct` is 1), and the
halves of a block come one after the other (`use_parallel_residual` is false). The published checkpoints, such as
Pythia's, have other values and are refused.

The layer `query_key_value` is ordered by head: the first head's queries, keys and values, then the second head's.
"""

import os
from typing import Any

from minigrad.errors import CheckpointError
from models.gpt import GPT, GPTConfig
from models.pretrained.config import build_unallocated, check_fields, load_config
from models.pretrained.folder import Weights, check_config, write_folder
from models.pretrained.names import Entry, load_weights, stored_weights, weight_and_bias

THETA = 10_000  # of `ops.rotary`


def load(folder: str | os.PathLike[str], strict: bool = True) -> GPT:
    """The model in a folder, in evaluation mode.

    Args:
        strict: if True, weights that the model does not have are an error; if False, they cause a warning.

    Raises:
        CheckpointError: if a file is missing or damaged, is not a GPT-NeoX, or asks for what `models.gpt` cannot do, or
            if weights are missing, unexpected or of the wrong shape, listing their names.
    """
    fields, config = load_config(folder, "gpt_neox", config_from)
    with Weights(folder) as weights:
        model = build_unallocated(lambda: GPT(config), fields, ("num_hidden_layers",), weights)
        load_weights(model, entries(config), weights, lambda name: current_name(name, config), strict)
    model.eval()
    return model


def save(model: GPT, folder: str | os.PathLike[str]) -> None:
    """Write the folder that `load` and transformers' `GPTNeoXForCausalLM.from_pretrained` read."""
    write_folder(folder, config_to(model.config), stored_weights(model, entries(model.config)))


def entries(config: GPTConfig) -> list[Entry]:
    """Every weight of the file, and the parameters that it holds."""
    table = [Entry("gpt_neox.embed_in.weight", ("token_embedding.weight",))]
    for i in range(config.n_layers):
        theirs, ours = f"gpt_neox.layers.{i}", f"blocks.{i}"
        table += [
            *weight_and_bias(f"{theirs}.input_layernorm", f"{ours}.attention_norm"),
            *(
                Entry(
                    f"{theirs}.attention.query_key_value.{kind}",
                    tuple(f"{ours}.attention.{part}.{kind}" for part in "qkv"),
                    n_heads=config.n_heads,
                )
                for kind in ("weight", "bias")
            ),
            *weight_and_bias(f"{theirs}.attention.dense", f"{ours}.attention.out"),
            *weight_and_bias(f"{theirs}.post_attention_layernorm", f"{ours}.feed_forward_norm"),
            *weight_and_bias(f"{theirs}.mlp.dense_h_to_4h", f"{ours}.feed_forward.up"),
            *weight_and_bias(f"{theirs}.mlp.dense_4h_to_h", f"{ours}.feed_forward.down"),
        ]
    table += weight_and_bias("gpt_neox.final_layer_norm", "final_norm")
    return table if config.tied_head else [*table, Entry("embed_out.weight", ("head.weight",))]


def current_name(name: str, config: GPTConfig) -> str | None:
    """The name of a tensor in the table, or None for a tensor to skip: causal masks and frequencies are no weights."""
    if name == "embed_out.weight" and config.tied_head:
        return None
    return None if name.endswith((".attention.bias", ".attention.masked_bias", ".rotary_emb.inv_freq")) else name


def config_from(theirs: dict[str, Any]) -> GPTConfig:
    """Our config from a `config.json`.

    Raises:
        CheckpointError: naming the field, if its value is invalid or `models.gpt` does not support it.
    """
    check_fields(
        theirs,
        sizes=(
            "vocab_size", "max_position_embeddings", "hidden_size", "num_hidden_layers", "num_attention_heads",
            "intermediate_size",
        ),
        optional_ids=("bos_token_id", "eos_token_id"),
        rates=("hidden_dropout",),
        small_numbers=("layer_norm_eps",),
        booleans=("tie_word_embeddings",),
    )  # fmt: skip
    expected = {
        "hidden_act": "gelu_new",
        "use_parallel_residual": False,
        "rotary_pct": 1,
        "rotary_emb_base": THETA,
        "attention_bias": True,
        "rope_scaling": None,
    }
    # A missing field has GPT-NeoX's default, which models.gpt cannot do. The rotation is described in one of two ways.
    defaults = {"hidden_act": "gelu", "use_parallel_residual": True, "rotary_pct": 0.25}
    check_config({**defaults, **theirs, **_rotation(theirs.get("rope_parameters"))}, expected, "GPT-NeoX")
    try:
        return GPTConfig(
            vocab_size=theirs.get("vocab_size", 50_432),
            n_positions=theirs.get("max_position_embeddings", 2048),
            d_model=theirs.get("hidden_size", 6144),
            n_layers=theirs.get("num_hidden_layers", 44),
            n_heads=theirs.get("num_attention_heads", 64),
            d_ff=theirs.get("intermediate_size", 24_576),
            dropout=theirs.get("hidden_dropout", 0.0),
            layer_norm_eps=theirs.get("layer_norm_eps", 1e-5),
            positions="rotary",
            tied_head=theirs.get("tie_word_embeddings", False),
            bos_id=theirs.get("bos_token_id"),
            eos_id=theirs.get("eos_token_id"),
        )
    except (TypeError, ValueError) as error:
        raise CheckpointError(f"the config makes no sense: {error}") from error


def _rotation(rope: Any) -> dict[str, Any]:
    """`rotary_pct` and `rotary_emb_base` from `rope_parameters`, which transformers writes since version 5."""
    if rope is None:
        return {}
    if not isinstance(rope, dict) or rope.get("rope_type", "default") != "default":
        raise CheckpointError(f"rope_parameters must be of the rope_type default, got {rope!r}")
    names = {"partial_rotary_factor": "rotary_pct", "rope_theta": "rotary_emb_base"}
    return {ours: rope[name] for name, ours in names.items() if name in rope}


def config_to(config: GPTConfig) -> dict[str, Any]:
    """The `config.json` of our config. `models.gpt` has no dropout on attention weights."""
    return {
        "architectures": ["GPTNeoXForCausalLM"],
        "model_type": "gpt_neox",
        "vocab_size": config.vocab_size,
        "max_position_embeddings": config.n_positions,
        "hidden_size": config.d_model,
        "num_hidden_layers": config.n_layers,
        "num_attention_heads": config.n_heads,
        "intermediate_size": config.d_ff or 4 * config.d_model,
        "hidden_act": "gelu_new",
        "rotary_pct": 1.0,
        "rotary_emb_base": THETA,
        "use_parallel_residual": False,
        "attention_bias": True,
        "hidden_dropout": config.dropout,
        "attention_dropout": 0.0,
        "layer_norm_eps": config.layer_norm_eps,
        "tie_word_embeddings": config.tied_head,
        "bos_token_id": config.bos_id,
        "eos_token_id": config.eos_id,
    }
