"""BERT checkpoints in Hugging Face's layout: how their weights and config map to `models.bert`.

A checkpoint holds the heads that it was saved with: those of pretraining, only that of masked LM, or none. The loaded
model has the same heads.
"""

import os
from typing import Any

from minigrad.errors import CheckpointError
from models.bert import BERT, BERTConfig
from models.pretrained.config import build_unallocated, check_fields, load_config
from models.pretrained.folder import Weights, check_config, write_folder
from models.pretrained.names import Entry, load_weights, stored_weights, weight_and_bias

POOLER, MASKED_LM, NEXT_SENTENCE = "bert.pooler.dense", "cls.predictions", "cls.seq_relationship"


def load(folder: str | os.PathLike[str], strict: bool = True) -> BERT:
    """The model in a folder, in evaluation mode, with the heads whose weights are there.

    Args:
        strict: if True, weights that a BERT does not have (such as a finetuned classifier's) are an error; if False,
            they cause a warning.

    Raises:
        CheckpointError: if a file is missing or damaged, is not a BERT, or asks for what `models.bert` cannot do, or if
            weights are missing, unexpected or of the wrong shape, listing their names.
    """
    fields, config = load_config(folder, "bert", config_from)
    with Weights(folder) as weights:
        names = [name for name in map(current_name, weights.names) if name is not None]

        def has(part: str) -> bool:
            return any(name.startswith(f"{part}.") for name in names)

        def build() -> BERT:
            return BERT(config, pooler=has(POOLER), masked_lm=has(MASKED_LM), next_sentence=has(NEXT_SENTENCE))

        model = build_unallocated(build, fields, ("num_hidden_layers",), weights)
        load_weights(model, entries(model), weights, current_name, strict)
    model.eval()
    return model


def save(model: BERT, folder: str | os.PathLike[str]) -> None:
    """Write the folder that `load` and transformers' BERT models read."""
    write_folder(folder, config_to(model), stored_weights(model, entries(model)))


def entries(model: BERT) -> list[Entry]:
    """Every weight of the file, and the parameter that it belongs to."""
    table = [
        Entry("bert.embeddings.word_embeddings.weight", ("token_embedding.weight",)),
        Entry("bert.embeddings.position_embeddings.weight", ("position_embedding.weight",)),
        Entry("bert.embeddings.token_type_embeddings.weight", ("segment_embedding.weight",)),
        *weight_and_bias("bert.embeddings.LayerNorm", "embedding_norm"),
    ]
    for i in range(model.config.n_layers):
        theirs, ours = f"bert.encoder.layer.{i}", f"blocks.{i}"
        table += [
            *weight_and_bias(f"{theirs}.attention.self.query", f"{ours}.attention.q"),
            *weight_and_bias(f"{theirs}.attention.self.key", f"{ours}.attention.k"),
            *weight_and_bias(f"{theirs}.attention.self.value", f"{ours}.attention.v"),
            *weight_and_bias(f"{theirs}.attention.output.dense", f"{ours}.attention.out"),
            *weight_and_bias(f"{theirs}.attention.output.LayerNorm", f"{ours}.attention_norm"),
            *weight_and_bias(f"{theirs}.intermediate.dense", f"{ours}.up"),
            *weight_and_bias(f"{theirs}.output.dense", f"{ours}.down"),
            *weight_and_bias(f"{theirs}.output.LayerNorm", f"{ours}.feed_forward_norm"),
        ]
    if model.pooler is not None:
        table += weight_and_bias(POOLER, "pooler")
    if model.masked_lm_head is not None:
        table += [
            Entry(f"{MASKED_LM}.bias", ("masked_lm_head.bias",)),
            *weight_and_bias(f"{MASKED_LM}.transform.dense", "masked_lm_head.transform"),
            *weight_and_bias(f"{MASKED_LM}.transform.LayerNorm", "masked_lm_head.norm"),
        ]
    if model.next_sentence_head is not None:
        table += weight_and_bias(NEXT_SENTENCE, "next_sentence_head")
    return table


def current_name(name: str) -> str | None:
    """The current name of a tensor in the file, or None for a tensor to skip.

    The first checkpoints called a norm's weights gamma and beta. A bare `BertModel` is saved without the prefix
    `bert.`. Position numbers are not weights, and the masked-LM head's output layer is tied to the embedding.
    """
    if name.endswith("position_ids") or name.startswith("cls.predictions.decoder."):
        return None
    name = name.replace("LayerNorm.gamma", "LayerNorm.weight").replace("LayerNorm.beta", "LayerNorm.bias")
    return f"bert.{name}" if name.startswith(("embeddings.", "encoder.", "pooler.")) else name


def config_from(theirs: dict[str, Any]) -> BERTConfig:
    """Our config from a `config.json`.

    Raises:
        CheckpointError: naming the field, if its value is invalid or `models.bert` does not support it.
    """
    sizes = (
        "vocab_size", "max_position_embeddings", "hidden_size", "num_hidden_layers", "num_attention_heads",
        "intermediate_size", "type_vocab_size",
    )  # fmt: skip
    check_fields(theirs, sizes=sizes, rates=("hidden_dropout_prob",), small_numbers=("layer_norm_eps",))
    expected = {
        "hidden_act": "gelu",
        "position_embedding_type": "absolute",
        "is_decoder": False,
        "add_cross_attention": False,
        "tie_word_embeddings": True,
    }
    check_config(theirs, expected, "BERT")
    try:
        return BERTConfig(
            vocab_size=theirs.get("vocab_size", 30522),
            n_positions=theirs.get("max_position_embeddings", 512),
            d_model=theirs.get("hidden_size", 768),
            n_layers=theirs.get("num_hidden_layers", 12),
            n_heads=theirs.get("num_attention_heads", 12),
            d_ff=theirs.get("intermediate_size", 3072),
            n_segments=theirs.get("type_vocab_size", 2),
            dropout=theirs.get("hidden_dropout_prob", 0.1),
            layer_norm_eps=theirs.get("layer_norm_eps", 1e-12),
        )
    except (TypeError, ValueError) as error:
        raise CheckpointError(f"the config makes no sense: {error}") from error


def config_to(model: BERT) -> dict[str, Any]:
    """The `config.json` of a model. `models.bert` has no dropout on attention weights, so that rate is 0."""
    config = model.config
    if model.next_sentence_head is not None:
        architecture = "BertForPreTraining"
    else:
        architecture = "BertModel" if model.masked_lm_head is None else "BertForMaskedLM"
    return {
        "architectures": [architecture],
        "model_type": "bert",
        "vocab_size": config.vocab_size,
        "max_position_embeddings": config.n_positions,
        "hidden_size": config.d_model,
        "num_hidden_layers": config.n_layers,
        "num_attention_heads": config.n_heads,
        "intermediate_size": config.d_ff or 4 * config.d_model,
        "type_vocab_size": config.n_segments,
        "hidden_act": "gelu",
        "hidden_dropout_prob": config.dropout,
        "attention_probs_dropout_prob": 0.0,
        "layer_norm_eps": config.layer_norm_eps,
        "tie_word_embeddings": True,
    }
