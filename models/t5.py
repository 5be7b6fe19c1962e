"""T5: the encoder-decoder. The encoder reads the input in both directions; the decoder writes the output, and attends
to the input and to what it has written.

    ids → embedding → encoder blocks → norm ─┐
    decoder_ids → embedding → decoder blocks (self-attention, attention to the encoder) → norm → logits

The differences from `bert.py` and `gpt.py`: positions are not embedded; instead, a bias on the attention scores
depends on the distance between two tokens. The norms divide by the root mean square, before each part of a block, as
in GPT. No layer has a bias. Attention scores are not scaled by 1 / √K. Encoder and decoder share one token embedding.

Version 1.0 has a ReLU feed-forward layer and a tied output layer; version 1.1 has a gated GELU and an output layer of
its own. `share_encoder_decoder` and `n_decoder_layers` give the variants of the lecture's table; its decoder-only rows
are in `t5_decoder.py`.

Source: Raffel et al. 2020, "Exploring the Limits of Transfer Learning with a Unified Text-to-Text
Transformer", sections 2.1 and 3.2; Shazeer 2020, "GLU Variants Improve Transformer" (version 1.1).
"""

import os
from dataclasses import dataclass

import numpy as np

from minigrad import Tensor, nn, no_grad, ops, random
from minigrad.checks import whole_number
from minigrad.nn import initial
from models import generation
from models.inputs import check_flags, check_ids, check_mask, check_optional_sizes, check_transformer, check_vocabulary
from models.position_bias import PositionBias
from models.sampling import PURE_SAMPLING, Sampling


@dataclass(frozen=True)
class T5Config:
    """The hyperparameters of a T5. The defaults are those of T5-small, version 1.0.

    Attributes:
        vocab_size: number of tokens, V.
        d_model: width of the residual streams, D.
        d_ff: width of the feed-forward layers, F.
        n_layers: number of blocks of the encoder.
        n_decoder_layers: number of blocks of the decoder; None means n_layers.
        n_heads: attention heads.
        head_size: size of each head, K; None means d_model / n_heads.
        n_buckets: number of buckets into which the position bias sorts distances.
        max_distance: all distances from here on are in the last bucket.
        gated_gelu: whether the feed-forward layer is that of version 1.1.
        tied_head: whether the output layer shares its weights with the token embedding (version 1.0; not 1.1).
        share_encoder_decoder: whether the decoder's blocks use the encoder's weights.
        dropout: on the embeddings, on the output of each part of a block, inside feed-forward, on the final states.
        layer_norm_eps: added to the mean square in the norms.
        pad_id: the padding token, which is also the first token that the decoder reads.
        eos_id: the token that ends an output.
    """

    vocab_size: int = 32128
    d_model: int = 512
    d_ff: int = 2048
    n_layers: int = 6
    n_decoder_layers: int | None = None
    n_heads: int = 8
    head_size: int | None = None
    n_buckets: int = 32
    max_distance: int = 128
    gated_gelu: bool = False
    tied_head: bool = True
    share_encoder_decoder: bool = False
    dropout: float = 0.0
    layer_norm_eps: float = 1e-6
    pad_id: int = 0
    eos_id: int = 1

    def __post_init__(self) -> None:
        check_transformer(self, "d_ff", "n_buckets", "max_distance")
        check_optional_sizes(self, "n_decoder_layers", "head_size")
        check_flags(self, "gated_gelu", "tied_head", "share_encoder_decoder")
        whole_number("pad_id", self.pad_id, at_least=0, at_most=self.vocab_size - 1)
        whole_number("eos_id", self.eos_id, at_least=0, at_most=self.vocab_size - 1)
        if self.n_buckets < 4 or self.n_buckets % 4:  # two directions, and half of the buckets for exact distances
            raise ValueError(f"n_buckets must be a multiple of 4, got {self.n_buckets}")
        if self.max_distance <= self.n_buckets // 2:
            raise ValueError(
                f"max_distance must be more than half of n_buckets = {self.n_buckets}, got {self.max_distance}"
            )
        if self.share_encoder_decoder and self.n_decoder_layers not in (None, self.n_layers):
            raise ValueError(
                f"share_encoder_decoder needs n_decoder_layers = n_layers = {self.n_layers}, "
                f"got {self.n_decoder_layers}"
            )


class FeedForward(nn.Module):
    """Version 1.0: two linear layers with ReLU in between, (B, T, D) → (B, T, D)."""

    def __init__(self, config: T5Config) -> None:
        self.up = nn.Linear(config.d_model, config.d_ff, bias=False)
        self.down = nn.Linear(config.d_ff, config.d_model, bias=False)
        self.dropout = nn.Dropout(config.dropout)

    def forward(self, x: Tensor) -> Tensor:
        hidden = ops.relu(self.up(x))  # (B, T, F)
        return self.down(self.dropout(hidden))  # (B, T, D)


class GatedFeedForward(nn.Module):
    """Version 1.1: the hidden layer is the product of two, one of them through GELU: (B, T, D) → (B, T, D)."""

    def __init__(self, config: T5Config) -> None:
        self.gate = nn.Linear(config.d_model, config.d_ff, bias=False)
        self.up = nn.Linear(config.d_model, config.d_ff, bias=False)
        self.down = nn.Linear(config.d_ff, config.d_model, bias=False)
        self.dropout = nn.Dropout(config.dropout)

    def forward(self, x: Tensor) -> Tensor:
        hidden = ops.gelu_tanh(self.gate(x)) * self.up(x)  # (B, T, F): near 0 the gate closes a unit, else it scales it
        return self.down(self.dropout(hidden))  # (B, T, D)


class EncoderBlock(nn.Module):
    """Self-attention, then feed-forward, each added to the residual stream: (B, T, D) → (B, T, D).

    With `causal=True` it is a block of a decoder without an encoder (`t5_decoder.py`), which may use a cache.
    """

    def __init__(self, config: T5Config) -> None:
        self.attention_norm = nn.RMSNorm(config.d_model, config.layer_norm_eps)
        self.attention = attention(config)
        self.feed_forward_norm = nn.RMSNorm(config.d_model, config.layer_norm_eps)
        self.feed_forward = GatedFeedForward(config) if config.gated_gelu else FeedForward(config)
        self.dropout = nn.Dropout(config.dropout)

    def forward(
        self,
        x: Tensor,
        bias: Tensor,
        mask: np.ndarray | None,
        causal: bool = False,
        cache: nn.KeyValueCache | None = None,
    ) -> Tensor:
        normed = self.attention_norm(x)  # (B, T, D)
        if cache is None:
            attended = self.attention(normed, causal=causal, mask=mask, bias=bias, scale=1.0)  # (B, T, D)
        else:
            attended = self.attention.forward_cached(normed, cache, causal=causal, mask=mask, bias=bias, scale=1.0)
        x = x + self.dropout(attended)
        return x + self.dropout(self.feed_forward(self.feed_forward_norm(x)))


class DecoderBlock(nn.Module):
    """Causal self-attention, attention to the encoder's output, feed-forward: (B, T, D) → (B, T, D).

    Args:
        shared: an encoder block whose weights this block uses; the attention to the encoder has its own.
    """

    def __init__(self, config: T5Config, shared: EncoderBlock | None = None) -> None:
        own = shared or EncoderBlock(config)
        self.attention_norm, self.attention = own.attention_norm, own.attention
        self.cross_attention_norm = nn.RMSNorm(config.d_model, config.layer_norm_eps)
        self.cross_attention = attention(config)
        self.feed_forward_norm, self.feed_forward = own.feed_forward_norm, own.feed_forward
        self.dropout = nn.Dropout(config.dropout)

    def forward(
        self,
        x: Tensor,
        bias: Tensor,
        encoded: Tensor,
        encoded_mask: np.ndarray | None,
        cache: list[nn.KeyValueCache] | None = None,
    ) -> Tensor:
        """encoded: (B, S, D), its mask (B, S). cache: for the self-attention, and for the attention to the encoder."""
        normed = self.attention_norm(x)  # (B, T, D)
        if cache is None:
            attended = self.attention(normed, causal=True, bias=bias, scale=1.0)  # (B, T, D)
        else:
            attended = self.attention.forward_cached(normed, cache[0], causal=True, bias=bias, scale=1.0)
        x = x + self.dropout(attended)
        # Queries from the decoder, keys and values from the encoder: no position bias, since T and S count two texts.
        normed = self.cross_attention_norm(x)  # (B, T, D)
        if cache is None:
            attended = self.cross_attention(normed, encoded, mask=encoded_mask, scale=1.0)  # (B, T, D)
        else:
            attended = self.cross_attention.forward_cached(normed, cache[1], encoded, mask=encoded_mask, scale=1.0)
        x = x + self.dropout(attended)
        return x + self.dropout(self.feed_forward(self.feed_forward_norm(x)))


def attention(config: T5Config) -> nn.MultiHeadAttention:
    """T5's attention layer: no biases, and heads that may have any size."""
    return nn.MultiHeadAttention(config.d_model, config.n_heads, bias=False, head_size=config.head_size)


class T5(nn.Module):
    """The encoder-decoder Transformer: `model(ids, decoder_ids)` gives logits of the tokens after the decoder_ids."""

    def __init__(self, config: T5Config, generator: np.random.Generator | None = None) -> None:
        self.config = config
        self.token_embedding = nn.Embedding(config.vocab_size, config.d_model)
        distances = config.n_heads, config.n_buckets, config.max_distance
        self.encoder_bias = PositionBias(*distances, both_ways=True)
        self.encoder = nn.ModuleList([EncoderBlock(config) for _ in range(config.n_layers)])
        self.encoder_norm = nn.RMSNorm(config.d_model, config.layer_norm_eps)
        self.decoder_bias = PositionBias(*distances, both_ways=False)
        n_decoder_layers = config.n_decoder_layers or config.n_layers
        shared = list(self.encoder) if config.share_encoder_decoder else [None] * n_decoder_layers
        self.decoder = nn.ModuleList([DecoderBlock(config, block) for block in shared])  # type: ignore[arg-type]
        self.decoder_norm = nn.RMSNorm(config.d_model, config.layer_norm_eps)
        self.head = None if config.tied_head else nn.Linear(config.d_model, config.vocab_size, bias=False)
        self.dropout = nn.Dropout(config.dropout)
        initialise(self, random.chosen(generator))

    def encode(self, ids: np.ndarray, attention_mask: np.ndarray | None = None) -> Tensor:
        """The encoder's output: (B, S) ids → (B, S, D). Padding may be on either side.

        Raises:
            ValueError: if an id is not in the vocabulary, a shape does not fit, or the mask holds a number other than
                0 and 1.
            TypeError: if ids are not integers, or the mask holds neither integers nor booleans.
        """
        ids = check_ids(ids)
        attention_mask = check_mask(attention_mask, ids)
        x = self.dropout(self.token_embedding(ids))  # (B, S, D)
        bias = self.encoder_bias(ids.shape[1], ids.shape[1])  # (1, H, S, S)
        for block in self.encoder:
            x = block(x, bias, attention_mask)  # (B, S, D)
        return self.dropout(self.encoder_norm(x))

    def decode(
        self,
        decoder_ids: np.ndarray,
        encoded: Tensor,
        attention_mask: np.ndarray | None = None,
        cache: list[nn.KeyValueCache] | None = None,
    ) -> Tensor:
        """The decoder's hidden states: (B, T) decoder_ids, (B, S, D) encoded → (B, T, D).

        Args:
            attention_mask: (B, S), that of the encoder's input. The decoder_ids need none: they are padded on the
                right, and causal attention never reaches padding behind a token.
            cache: from `new_cache`. The decoder_ids continue those that the cache holds.

        Raises:
            ValueError, TypeError: as for `encode`.
        """
        decoder_ids = check_ids(decoder_ids, name="decoder_ids")
        check_vocabulary("decoder_ids", decoder_ids, self.config.vocab_size)
        if encoded.ndim != 3 or len(encoded) != len(decoder_ids):
            raise ValueError(f"encoded must have shape (B, S, D) with B = {len(decoder_ids)}, got {encoded.shape}")
        attention_mask = check_mask(attention_mask, encoded)
        length = decoder_ids.shape[1]
        seen = cache[0].length if cache else 0  # how many positions of the output came before
        bias = self.decoder_bias(length, seen + length)  # (1, H, T, seen + T)
        x = self.dropout(self.token_embedding(decoder_ids))  # (B, T, D)
        for i, block in enumerate(self.decoder):
            x = block(x, bias, encoded, attention_mask, cache[2 * i : 2 * i + 2] if cache else None)  # (B, T, D)
        return self.dropout(self.decoder_norm(x))

    def logits(self, hidden: Tensor) -> Tensor:
        """Logits of the next token: the decoder's hidden states (..., D) → (..., V).

        The input of the tied layer is scaled by 1 / √D, because the embedding starts with variance 1 and an output
        layer would start with 1 / D.
        """
        if self.head is not None:
            return self.head(hidden)  # (..., V)
        return ops.linear(hidden * self.config.d_model**-0.5, self.token_embedding.weight)  # (..., V)

    def forward(self, ids: np.ndarray, decoder_ids: np.ndarray, attention_mask: np.ndarray | None = None) -> Tensor:
        """ids (B, S), decoder_ids (B, T) → logits (B, T, V) of the token after each of the decoder_ids.

        Args:
            attention_mask: (B, S), 1 where ids has a token.
        """
        encoded = self.encode(ids, attention_mask)  # (B, S, D)
        return self.logits(self.decode(decoder_ids, encoded, attention_mask))  # (B, T, V)

    # -- generating text ----------------------------------------------------------------------------

    def new_cache(self) -> list[nn.KeyValueCache]:
        """Two empty caches for each decoder block, for its self-attention and for its attention to the encoder."""
        return [nn.KeyValueCache() for _ in range(2 * len(self.decoder))]

    def generate(
        self,
        ids: np.ndarray,
        max_new_tokens: int,
        sampling: Sampling = PURE_SAMPLING,
        *,
        seed: int = 0,
        attention_mask: np.ndarray | None = None,
        use_cache: bool = True,
    ) -> np.ndarray:
        """Write an output for each input: (B, S) ids → (B, 1 + max_new_tokens) decoder ids, or shorter if all ended.

        An output begins with pad_id and ends with eos_id, after which pad_id fills the row. See `generation.generate`.
        """
        with no_grad():
            output = Output(self, ids, attention_mask)
        next_logits = generation.WithCache(output) if use_cache else generation.WithoutCache(output)
        eos_id, pad_id = self.config.eos_id, self.config.pad_id
        return generation.generate(
            next_logits, output.start(), max_new_tokens, sampling, seed=seed, eos_id=eos_id, pad_id=pad_id
        )

    # -- checkpoints --------------------------------------------------------------------------------

    @classmethod
    def from_pretrained(cls, folder: str | os.PathLike[str], strict: bool = True) -> "T5":
        """The model in a folder of Hugging Face's layout (`config.json`, `model.safetensors`), of version 1.0 or 1.1.
        See `models/pretrained/t5.py`."""
        from models.pretrained import t5

        return t5.load(folder, strict)

    def save_pretrained(self, folder: str | os.PathLike[str]) -> None:
        """Write the model as a folder that Hugging Face's T5 and `from_pretrained` read."""
        from models.pretrained import t5

        t5.save(self, folder)


class Output:
    """The decoder of a T5 for given inputs, as a language model of the output: what `generation.py` needs.

    The inputs are encoded once, here.
    """

    def __init__(self, model: T5, ids: np.ndarray, attention_mask: np.ndarray | None = None, repeat: int = 1) -> None:
        """repeat: how many outputs to write for each input, in consecutive rows; for beam search, n_beams."""
        ids = check_ids(ids)
        attention_mask = check_mask(attention_mask, ids)
        rows = np.repeat(np.arange(len(ids)), whole_number("repeat", repeat, at_least=1))  # 0 0 … 1 1 …
        self.model, self.attention_mask = model, None if attention_mask is None else attention_mask[rows]
        self.encoded = model.encode(ids, attention_mask)[rows]  # (B · repeat, S, D)
        self.new_cache, self.logits = model.new_cache, model.logits

    def start(self) -> np.ndarray:
        """The token that every output begins with: (B · repeat, 1)."""
        return np.full((len(self.encoded), 1), self.model.config.pad_id)

    def hidden_states(
        self, ids: np.ndarray, attention_mask: np.ndarray | None, cache: list[nn.KeyValueCache] | None
    ) -> Tensor:
        """The decoder's hidden states at these ids of the outputs. (Outputs have no padding, so no attention_mask.)"""
        return self.model.decode(ids, self.encoded, self.attention_mask, cache)

    def __call__(self, ids: np.ndarray, attention_mask: np.ndarray | None) -> Tensor:
        return self.model.logits(self.hidden_states(ids, attention_mask, None))


def initialise(model: nn.Module, generator: np.random.Generator) -> None:
    """T5's initialisation: normal weights with variance 1 / (number of inputs), so that a layer keeps the variance of
    its input. The token embedding has variance 1. An output layer of its own is smaller than in the published code (by
    √D), so that the first loss is near log V.
    """
    for name, parameter in model.named_parameters():
        kind = name.split(".")[-2]
        if kind.endswith("norm"):
            continue
        std = 1.0 if kind == "token_embedding" else parameter.shape[1] ** -0.5
        if kind == "q":
            # The scores are not scaled by 1 / √K, so the queries start smaller by that factor.
            std *= (parameter.shape[0] // model.config.n_heads) ** -0.5  # type: ignore[attr-defined]
        elif kind == "table":
            std = model.config.d_model**-0.5  # type: ignore[attr-defined]
        parameter.data = initial.normal(parameter.shape, std, generator)
