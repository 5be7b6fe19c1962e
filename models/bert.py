"""BERT: the encoder. Each position attends to the whole text, before it and after it.

    ids → token + position + segment embeddings → layer norm → n_layers blocks → hidden states

The differences from the decoder (`gpt.py`): attention is not causal. The model sees the next token and so cannot be
trained to predict it. It is trained to restore masked tokens, and to tell whether one text follows another. The norms
come after each half of a block (post-norm), and there are two segments, for the two texts of a pair. Three small
parts read the hidden states:

    pooler                 [CLS]'s hidden state → tanh layer, for the next-sentence head and for finetuning
    masked-LM head         hidden state → layer with GELU and norm → token embedding, transposed (tied), + bias
    next-sentence head     pooled state → two logits

Source: Devlin et al. 2018, "BERT: Pre-training of Deep Bidirectional Transformers for Language
Understanding", section 3.
"""

import os
from dataclasses import dataclass

import numpy as np

from minigrad import Tensor, nn, ops, random
from minigrad.nn import initial
from models.inputs import (
    check_ids,
    check_mask,
    check_optional_sizes,
    check_transformer,
    check_vocabulary,
    position_numbers,
)


@dataclass(frozen=True)
class BERTConfig:
    """The hyperparameters of a BERT.

    Attributes:
        vocab_size: number of tokens, V.
        n_positions: the longest sequence that the position embeddings cover.
        d_model: width of the hidden states, D.
        n_layers: number of blocks.
        n_heads: attention heads, each of size d_model / n_heads.
        d_ff: width of the feed-forward layer, F; None means 4 · d_model.
        n_segments: number of segments that token_type_ids tell apart.
        dropout: on the embeddings and on the output of each half of a block.
        layer_norm_eps: added to the variance in the norms.
    """

    vocab_size: int
    n_positions: int = 512
    d_model: int = 768
    n_layers: int = 12
    n_heads: int = 12
    d_ff: int | None = None
    n_segments: int = 2
    dropout: float = 0.0
    layer_norm_eps: float = 1e-12

    def __post_init__(self) -> None:
        check_transformer(self, "n_positions", "n_segments")
        check_optional_sizes(self, "d_ff")


class Block(nn.Module):
    """Attention, then feed-forward; each is added to its input, and the sum is normalised: (B, T, D) → (B, T, D)."""

    def __init__(self, config: BERTConfig) -> None:
        d_ff = config.d_ff or 4 * config.d_model
        self.attention = nn.MultiHeadAttention(config.d_model, config.n_heads)
        self.attention_norm = nn.LayerNorm(config.d_model, config.layer_norm_eps)
        self.up = nn.Linear(config.d_model, d_ff)
        self.down = nn.Linear(d_ff, config.d_model)
        self.feed_forward_norm = nn.LayerNorm(config.d_model, config.layer_norm_eps)
        self.dropout = nn.Dropout(config.dropout)

    def forward(self, x: Tensor, mask: np.ndarray | None) -> Tensor:
        # Post-norm: the residual stream itself is normalised, after each sum. (GPT normalises what each half reads.)
        attended = self.attention(x, mask=mask)  # (B, T, D); not causal
        x = self.attention_norm(x + self.dropout(attended))
        hidden = ops.gelu(self.up(x))  # (B, T, F)
        return self.feed_forward_norm(x + self.dropout(self.down(hidden)))  # (B, T, D)


class MaskedLMHead(nn.Module):
    """Hidden states (..., D) → logits (..., V), with the token embedding (V, D) as the output layer."""

    def __init__(self, config: BERTConfig) -> None:
        self.transform = nn.Linear(config.d_model, config.d_model)
        self.norm = nn.LayerNorm(config.d_model, config.layer_norm_eps)
        self.bias = nn.Parameter(initial.full((config.vocab_size,), 0))

    def forward(self, hidden: Tensor, token_embedding: Tensor) -> Tensor:
        # The extra layer lets a hidden state differ from the vector of the token that it predicts.
        transformed = self.norm(ops.gelu(self.transform(hidden)))  # (..., D)
        return ops.linear(transformed, token_embedding, self.bias)  # (..., V)


class BERT(nn.Module):
    """The encoder-only Transformer. `model(ids)` gives hidden states; the heads turn them into predictions.

    Args:
        pooler, masked_lm, next_sentence: whether the model has these parts. A checkpoint may lack them; using a
            missing part is an error.
    """

    def __init__(
        self,
        config: BERTConfig,
        generator: np.random.Generator | None = None,
        *,
        pooler: bool = True,
        masked_lm: bool = True,
        next_sentence: bool = True,
    ) -> None:
        self.config = config
        self.token_embedding = nn.Embedding(config.vocab_size, config.d_model)
        self.position_embedding = nn.Embedding(config.n_positions, config.d_model)
        self.segment_embedding = nn.Embedding(config.n_segments, config.d_model)
        self.embedding_norm = nn.LayerNorm(config.d_model, config.layer_norm_eps)
        self.dropout = nn.Dropout(config.dropout)
        self.blocks = nn.ModuleList([Block(config) for _ in range(config.n_layers)])
        self.pooler = nn.Linear(config.d_model, config.d_model) if pooler else None
        self.masked_lm_head = MaskedLMHead(config) if masked_lm else None
        self.next_sentence_head = nn.Linear(config.d_model, 2) if next_sentence else None
        self.initialise(random.chosen(generator))

    def initialise(self, generator: np.random.Generator) -> None:
        """BERT's initialisation: normal weights of standard deviation 0.02 at its width of 768 (larger in narrower
        models, as in `gpt.py`), zero biases."""
        std = 0.02 * (768 / self.config.d_model) ** 0.5
        for name, parameter in self.named_parameters():
            if name.endswith("bias"):
                parameter.data = initial.full(parameter.shape, 0)
            elif not name.split(".")[-2].endswith("norm"):  # the weights of the norms keep their initial 1
                parameter.data = initial.normal(parameter.shape, std, generator)

    def layers(
        self, ids: np.ndarray, attention_mask: np.ndarray | None = None, token_type_ids: np.ndarray | None = None
    ) -> list[Tensor]:
        """The embeddings and each block's output: (B, T) ids → n_layers + 1 tensors (B, T, D).

        Args:
            attention_mask: (B, T), 1 where there is a token. Positions count tokens only, so a sequence gives the
                same result with padding on either side.
            token_type_ids: (B, T), the segment of each token, 0 or 1; None means 0 everywhere.

        Raises:
            ValueError: if the sequence is longer than n_positions, an id is not in the vocabulary, a segment is not
                in [0, n_segments), a shape differs, or the mask holds a number other than 0 and 1.
            TypeError: if ids or segments are not integers, or the mask neither integers nor booleans.
        """
        ids = check_ids(ids, self.config.n_positions)
        attention_mask = check_mask(attention_mask, ids)
        if token_type_ids is None:
            token_type_ids = np.zeros((1, 1), np.int64)  # broadcasts: segment 0 everywhere
        else:
            token_type_ids = check_segments(token_type_ids, ids, self.config.n_segments)
        positions = position_numbers(attention_mask, 0, ids.shape[1])  # (B, T) or (1, T)
        # Without these, attention would ignore the order of the tokens, and which of two texts they belong to.
        x = self.token_embedding(ids) + self.position_embedding(positions) + self.segment_embedding(token_type_ids)
        layers = [self.dropout(self.embedding_norm(x))]  # (B, T, D)
        for block in self.blocks:
            layers.append(block(layers[-1], attention_mask))  # (B, T, D)
        return layers

    def hidden_states(
        self, ids: np.ndarray, attention_mask: np.ndarray | None = None, token_type_ids: np.ndarray | None = None
    ) -> Tensor:
        """The last of `layers`, the last block's output: (B, T) ids → (B, T, D)."""
        return self.layers(ids, attention_mask, token_type_ids)[-1]

    def forward(
        self, ids: np.ndarray, attention_mask: np.ndarray | None = None, token_type_ids: np.ndarray | None = None
    ) -> Tensor:
        """The same as `hidden_states`."""
        return self.hidden_states(ids, attention_mask, token_type_ids)

    # -- the heads ----------------------------------------------------------------------------------

    def pooled(self, hidden: Tensor) -> Tensor:
        """One vector for the whole text, from the state of its first token, [CLS]: (B, T, D) → (B, D).

        The text must not be padded on the left, because [CLS] would not be the first token.
        """
        cls = hidden[:, 0]  # (B, D)
        return ops.tanh(_present(self.pooler, "pooler")(cls))

    def masked_lm_logits(self, hidden: Tensor) -> Tensor:
        """Logits of the original token at each position: (..., D) → (..., V).

        Pass only the states of the masked positions to save time, because the output layer is the largest layer.
        """
        return _present(self.masked_lm_head, "masked_lm")(hidden, self.token_embedding.weight)

    def next_sentence_logits(self, hidden: Tensor) -> Tensor:
        """Whether the second text follows the first (index 0) or is a random one (index 1): (B, T, D) → (B, 2)."""
        return _present(self.next_sentence_head, "next_sentence")(self.pooled(hidden))

    # -- checkpoints --------------------------------------------------------------------------------

    @classmethod
    def from_pretrained(cls, folder: str | os.PathLike[str], strict: bool = True) -> "BERT":
        """The model in a folder of Hugging Face's layout (`config.json`, `model.safetensors`), with the heads that
        the checkpoint has. See `models/pretrained/bert.py`."""
        from models.pretrained import bert

        return bert.load(folder, strict)

    def save_pretrained(self, folder: str | os.PathLike[str]) -> None:
        """Write the model as a folder that Hugging Face's BERT and `from_pretrained` read."""
        from models.pretrained import bert

        bert.save(self, folder)


def check_segments(token_type_ids: np.ndarray, ids: np.ndarray, n_segments: int) -> np.ndarray:
    """token_type_ids (B, T) as int64.

    Raises:
        TypeError: if they are not integers.
        ValueError: if their shape is not that of ids, or a segment is not in [0, n_segments).
    """
    token_type_ids = check_vocabulary("token_type_ids", token_type_ids)
    if token_type_ids.shape != ids.shape:
        raise ValueError(f"token_type_ids must have the shape of ids, {ids.shape}, got {token_type_ids.shape}")
    if token_type_ids.max() >= n_segments:
        raise ValueError(f"token_type_ids must lie in [0, {n_segments}), got {token_type_ids.max()}")
    return token_type_ids


def _present(part: nn.Module | None, name: str) -> nn.Module:
    """The part, or a ValueError if this model was built without it."""
    if part is None:
        raise ValueError(f"this BERT has no {name}: its checkpoint lacks one, or it was built with {name}=False")
    return part
