"""GPT-2 checkpoints in Hugging Face's layout: how their weights and config map to `models.gpt`.

The layout differs in two points: linear weights are transposed, (in, out), and one layer, `c_attn`, holds the
projections to queries, keys and values.
"""

import os
from typing import Any

from minigrad.errors import CheckpointError
from models.gpt import GPT, GPTConfig
from models.pretrained.config import build_unallocated, check_fields, load_config
from models.pretrained.folder import Weights, check_config, write_folder
from models.pretrained.names import Entry, load_weights, stored_weights, weight_and_bias

EOS_ID = 50256  # <|endoftext|>, the last id of GPT-2's vocabulary


def load(folder: str | os.PathLike[str], strict: bool = True) -> GPT:
    """The model in a folder, in evaluation mode.

    Args:
        strict: if True, weights that a GPT-2 language model does not have are an error; if False, they cause a warning.

    Raises:
        CheckpointError: if a file is missing or damaged, is not a GPT-2, or asks for what `models.gpt` cannot do, or if
            weights are missing, unexpected or of the wrong shape, listing their names.
    """
    fields, config = load_config(folder, "gpt2", config_from)
    with Weights(folder) as weights:
        model = build_unallocated(lambda: GPT(config), fields, ("n_layer",), weights)
        load_weights(model, entries(config), weights, lambda name: current_name(name, config), strict)
    model.eval()
    return model


def save(model: GPT, folder: str | os.PathLike[str]) -> None:
    """Write the folder that `load` and transformers' `GPT2LMHeadModel.from_pretrained` read.

    Raises:
        ValueError: if positions are not learned, because the layout has no other kind.
    """
    if model.config.positions != "learned":
        raise ValueError(f'positions must be "learned" in GPT-2\'s layout, got {model.config.positions!r}')
    write_folder(folder, config_to(model.config), stored_weights(model, entries(model.config)))


def entries(config: GPTConfig) -> list[Entry]:
    """Every weight of the file, and the parameters that it holds."""
    table = [
        Entry("transformer.wte.weight", ("token_embedding.weight",)),
        Entry("transformer.wpe.weight", ("position_embedding.weight",)),
    ]
    for i in range(config.n_layers):
        theirs, ours = f"transformer.h.{i}", f"blocks.{i}"
        table += [
            *weight_and_bias(f"{theirs}.ln_1", f"{ours}.attention_norm"),
            *_linear(f"{theirs}.attn.c_attn", *(f"{ours}.attention.{name}" for name in "qkv")),
            *_linear(f"{theirs}.attn.c_proj", f"{ours}.attention.out"),
            *weight_and_bias(f"{theirs}.ln_2", f"{ours}.feed_forward_norm"),
            *_linear(f"{theirs}.mlp.c_fc", f"{ours}.feed_forward.up"),
            *_linear(f"{theirs}.mlp.c_proj", f"{ours}.feed_forward.down"),
        ]
    table += weight_and_bias("transformer.ln_f", "final_norm")
    return table if config.tied_head else [*table, Entry("lm_head.weight", ("head.weight",))]


def _linear(theirs: str, *ours: str) -> list[Entry]:
    weights, biases = (tuple(f"{name}.{kind}" for name in ours) for kind in ("weight", "bias"))
    return [Entry(f"{theirs}.weight", weights, transposed=True), Entry(f"{theirs}.bias", biases)]


def current_name(name: str, config: GPTConfig) -> str | None:
    """The current name of a tensor in the file, or None for a tensor to skip.

    The first checkpoints were written without the prefix `transformer.` and with the causal masks, which are not
    weights. Some store the tied output layer as a second copy.
    """
    if name == "lm_head.weight":
        return None if config.tied_head else name
    if name.endswith((".attn.bias", ".attn.masked_bias")):
        return None
    return name if name.startswith("transformer.") else f"transformer.{name}"


def config_from(theirs: dict[str, Any]) -> GPTConfig:
    """Our config from a `config.json`.

    Raises:
        CheckpointError: naming the field, if its value is invalid or `models.gpt` does not support it.
    """
    check_fields(
        theirs,
        sizes=("vocab_size", "n_positions", "n_embd", "n_layer", "n_head"),
        optional_sizes=("n_inner",),
        optional_ids=("bos_token_id", "eos_token_id"),
        rates=("resid_pdrop",),
        small_numbers=("layer_norm_epsilon",),
        booleans=("tie_word_embeddings",),
    )
    # Both names are tanh-GELU; transformers' "gelu_fast" is too, but no GPT-2 was trained with it.
    if theirs.get("activation_function", "gelu_new") not in ("gelu_new", "gelu_pytorch_tanh"):
        raise CheckpointError(
            f"activation_function must be gelu_new, GPT-2's own, got {theirs['activation_function']!r}"
        )
    expected = {
        "scale_attn_weights": True,
        "scale_attn_by_inverse_layer_idx": False,
        "add_cross_attention": False,
    }
    check_config(theirs, expected, "GPT-2")
    vocab_size = theirs.get("vocab_size", EOS_ID + 1)

    def id_of(role: str) -> int | None:
        """The id in a role. Small models of transformers keep GPT-2's id, which their vocabulary does not have."""
        id = theirs.get(role, EOS_ID)
        return None if id is None or id >= vocab_size else id

    try:
        return GPTConfig(
            vocab_size=vocab_size,
            n_positions=theirs.get("n_positions", 1024),
            d_model=theirs.get("n_embd", 768),
            n_layers=theirs.get("n_layer", 12),
            n_heads=theirs.get("n_head", 12),
            d_ff=theirs.get("n_inner"),
            dropout=theirs.get("resid_pdrop", 0.1),
            layer_norm_eps=theirs.get("layer_norm_epsilon", 1e-5),
            tied_head=theirs.get("tie_word_embeddings", True),
            bos_id=id_of("bos_token_id"),
            eos_id=id_of("eos_token_id"),
        )
    except (TypeError, ValueError) as error:
        raise CheckpointError(f"the config makes no sense: {error}") from error


def config_to(config: GPTConfig) -> dict[str, Any]:
    """The `config.json` of our config. `models.gpt` has no dropout on attention weights, so `attn_pdrop` is 0.

    A config without bos_id or eos_id has GPT-2's, if the vocabulary is as large as GPT-2's.
    """
    default_id = EOS_ID if config.vocab_size > EOS_ID else None
    return {
        "architectures": ["GPT2LMHeadModel"],
        "model_type": "gpt2",
        "vocab_size": config.vocab_size,
        "n_positions": config.n_positions,
        "n_embd": config.d_model,
        "n_layer": config.n_layers,
        "n_head": config.n_heads,
        "n_inner": config.d_ff,
        "activation_function": "gelu_new",
        "resid_pdrop": config.dropout,
        "embd_pdrop": config.dropout,
        "attn_pdrop": 0.0,
        "layer_norm_epsilon": config.layer_norm_eps,
        "tie_word_embeddings": config.tied_head,
        "bos_token_id": default_id if config.bos_id is None else config.bos_id,
        "eos_token_id": default_id if config.eos_id is None else config.eos_id,
    }
