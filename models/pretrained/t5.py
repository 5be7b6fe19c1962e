"""T5 checkpoints of versions 1.0 and 1.1 in Hugging Face's layout: how their weights and config map to `models.t5`.

In this layout each block is a numbered list of layers, and a stack's position bias is stored in its first block.
"""

import os
from typing import Any

from minigrad.errors import CheckpointError
from models.pretrained.config import build_unallocated, check_fields, load_config
from models.pretrained.folder import Weights, write_folder
from models.pretrained.names import Entry, load_weights, stored_weights
from models.t5 import T5, T5Config


def load(folder: str | os.PathLike[str], strict: bool = True) -> T5:
    """The model in a folder, in evaluation mode.

    Args:
        strict: if True, weights that a T5 does not have are an error; if False, they cause a warning.

    Raises:
        CheckpointError: if a file is missing or damaged, is not a T5, or asks for what `models.t5` cannot do, or if
            weights are missing, unexpected or of the wrong shape, listing their names.
    """
    fields, config = load_config(folder, "t5", config_from)
    with Weights(folder) as weights:
        model = build_unallocated(lambda: T5(config), fields, ("num_layers", "num_decoder_layers"), weights)
        table = entries(config)
        if not config.tied_head and "lm_head.weight" not in weights.names:  # equal to the embedding, so stored once
            table[-1] = Entry("shared.weight", ("head.weight",))
        load_weights(model, table, weights, lambda name: current_name(name, config), strict)
    model.eval()
    return model


def save(model: T5, folder: str | os.PathLike[str]) -> None:
    """Write the folder that `load` and transformers' `T5ForConditionalGeneration` read.

    Raises:
        ValueError: if encoder and decoder share weights, which the layout cannot express.
    """
    if model.config.share_encoder_decoder:
        raise ValueError("share_encoder_decoder must be False: Hugging Face's layout has no shared encoder and decoder")
    write_folder(folder, config_to(model.config), stored_weights(model, entries(model.config)))


def entries(config: T5Config) -> list[Entry]:
    """Every weight of the file, and the parameter that it belongs to."""
    table = [Entry("shared.weight", ("token_embedding.weight",))]
    for stack, n_layers in (("encoder", config.n_layers), ("decoder", config.n_decoder_layers or config.n_layers)):
        bias = f"{stack}.block.0.layer.0.SelfAttention.relative_attention_bias.weight"
        table.append(Entry(bias, (f"{stack}_bias.table.weight",)))
        for i in range(n_layers):
            theirs, ours = f"{stack}.block.{i}.layer", f"{stack}.{i}"
            table += _attention(f"{theirs}.0", "SelfAttention", ours, "attention")
            if stack == "decoder":
                table += _attention(f"{theirs}.1", "EncDecAttention", ours, "cross_attention")
            table += _feed_forward(f"{theirs}.{2 if stack == 'decoder' else 1}", ours, config.gated_gelu)
        table.append(Entry(f"{stack}.final_layer_norm.weight", (f"{stack}_norm.weight",)))
    return table if config.tied_head else [*table, Entry("lm_head.weight", ("head.weight",))]


def _attention(layer: str, theirs: str, block: str, ours: str) -> list[Entry]:
    norm = Entry(f"{layer}.layer_norm.weight", (f"{block}.{ours}_norm.weight",))
    names = {"q": "q", "k": "k", "v": "v", "o": "out"}
    return [norm, *(Entry(f"{layer}.{theirs}.{a}.weight", (f"{block}.{ours}.{b}.weight",)) for a, b in names.items())]


def _feed_forward(layer: str, block: str, gated: bool) -> list[Entry]:
    norm = Entry(f"{layer}.layer_norm.weight", (f"{block}.feed_forward_norm.weight",))
    names = {"wi_0": "gate", "wi_1": "up", "wo": "down"} if gated else {"wi": "up", "wo": "down"}
    return [
        norm,
        *(Entry(f"{layer}.DenseReluDense.{a}.weight", (f"{block}.feed_forward.{b}.weight",)) for a, b in names.items()),
    ]


def current_name(name: str, config: T5Config) -> str | None:
    """The name of a weight in the file, or None for a tensor to skip.

    Some checkpoints hold a copy of the shared embedding for each stack, a copy as the tied output layer, or a position
    bias of the cross-attention, which the model never uses.
    """
    copies = ("encoder.embed_tokens.weight", "decoder.embed_tokens.weight")
    if name in copies or (name == "lm_head.weight" and config.tied_head):
        return None
    if name.endswith("EncDecAttention.relative_attention_bias.weight"):
        return None
    return name


def config_from(theirs: dict[str, Any]) -> T5Config:
    """Our config from a `config.json`.

    Raises:
        CheckpointError: naming the field, if its value is invalid or `models.t5` does not support it.
    """
    check_fields(
        theirs,
        sizes=(
            "vocab_size", "d_model", "d_ff", "num_layers", "num_heads", "d_kv", "relative_attention_num_buckets",
            "relative_attention_max_distance",
        ),
        optional_sizes=("num_decoder_layers",),
        ids=("pad_token_id", "decoder_start_token_id", "eos_token_id"),
        rates=("dropout_rate",),
        small_numbers=("layer_norm_epsilon",),
        booleans=("scale_decoder_outputs", "tie_word_embeddings"),
    )  # fmt: skip
    feed_forward = theirs.get("feed_forward_proj", "relu")
    if feed_forward not in ("relu", "gated-gelu"):
        raise CheckpointError(f"feed_forward_proj must be relu or gated-gelu, got {feed_forward!r}")
    # Version 1.0 scales the decoder's output and ties the head; 1.1 does neither. Older files name only the tying.
    tied_head = theirs.get("scale_decoder_outputs", theirs.get("tie_word_embeddings", True))
    pad_id = theirs.get("pad_token_id", 0)
    if theirs.get("decoder_start_token_id", pad_id) != pad_id:
        start = theirs["decoder_start_token_id"]
        raise CheckpointError(f"decoder_start_token_id must be pad_token_id = {pad_id}, got {start}")
    try:
        return T5Config(
            vocab_size=theirs.get("vocab_size", 32128),
            d_model=theirs.get("d_model", 512),
            d_ff=theirs.get("d_ff", 2048),
            n_layers=theirs.get("num_layers", 6),
            n_decoder_layers=theirs.get("num_decoder_layers"),
            n_heads=theirs.get("num_heads", 8),
            head_size=theirs.get("d_kv", 64),
            n_buckets=theirs.get("relative_attention_num_buckets", 32),
            max_distance=theirs.get("relative_attention_max_distance", 128),
            gated_gelu=feed_forward == "gated-gelu",
            tied_head=tied_head,
            dropout=theirs.get("dropout_rate", 0.1),
            layer_norm_eps=theirs.get("layer_norm_epsilon", 1e-6),
            pad_id=pad_id,
            eos_id=theirs.get("eos_token_id", 1),
        )
    except (TypeError, ValueError) as error:
        raise CheckpointError(f"the config makes no sense: {error}") from error


def config_to(config: T5Config) -> dict[str, Any]:
    """The `config.json` of our config."""
    return {
        "architectures": ["T5ForConditionalGeneration"],
        "model_type": "t5",
        "is_encoder_decoder": True,
        "vocab_size": config.vocab_size,
        "d_model": config.d_model,
        "d_ff": config.d_ff,
        "num_layers": config.n_layers,
        "num_decoder_layers": config.n_decoder_layers or config.n_layers,
        "num_heads": config.n_heads,
        "d_kv": config.head_size or config.d_model // config.n_heads,
        "relative_attention_num_buckets": config.n_buckets,
        "relative_attention_max_distance": config.max_distance,
        "feed_forward_proj": "gated-gelu" if config.gated_gelu else "relu",
        "tie_word_embeddings": config.tied_head,
        "dropout_rate": config.dropout,
        "layer_norm_epsilon": config.layer_norm_eps,
        "pad_token_id": config.pad_id,
        "decoder_start_token_id": config.pad_id,
        "eos_token_id": config.eos_id,
    }
