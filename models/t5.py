"""T5: the encoder-decoder. The encoder reads the input both ways; the decoder writes the output, looking at both.

    ids → embedding → encoder blocks → norm ─┐
    decoder_ids → embedding → decoder blocks (self-attention, attention to the encoder) → norm → logits

What differs from `bert.py` and `gpt.py`: positions are no embeddings but a bias on the attention scores
that depends on the distance of two tokens; the norms divide by the root mean square, and stand before
each part of a block, as in GPT; no layer has a bias; attention scores are not scaled. Encoder and
decoder share one token embedding.

Version 1.0 has a ReLU feed-forward layer and a tied output layer, version 1.1 a gated GELU and an
output layer of its own. `share_encoder_decoder` and `n_decoder_layers` make the variants of the lecture's
table; its decoder-only rows are in `t5_decoder.py`.

Source: Raffel et al. 2020, "Exploring the Limits of Transfer Learning with a Unified Text-to-Text
Transformer", sections 2.1 and 3.2; Shazeer 2020, "GLU Variants Improve Transformer" (version 1.1).
"""

import os
from dataclasses import dataclass

import numpy as np

from minigrad import Tensor, nn, no_grad, ops, random
from minigrad.checks import number, whole_number
from minigrad.nn import initial
from models import generation
from models.inputs import check_flags, check_ids, check_mask, check_optional_sizes, check_sizes, check_vocabulary


@dataclass(frozen=True)
class T5Config:
    """The dials of a T5. The defaults are T5-small's, version 1.0.

    Attributes:
        vocab_size: number of tokens, V.
        d_model: width of the residual streams, D.
        d_ff: width of the feed-forward layers, F.
        n_layers: number of blocks of the encoder.
        n_decoder_layers: those of the decoder; None means as many.
        n_heads: attention heads.
        head_size: size of each head, K; None means d_model / n_heads.
        n_buckets: how many kinds of distance the position bias tells apart.
        max_distance: from here on all distances are one kind.
        gated_gelu: the feed-forward layer of version 1.1.
        tied_head: the output layer is the token embedding (version 1.0), or one of its own (1.1).
        share_encoder_decoder: whether the decoder's blocks use the encoder's weights.
        dropout: on the embeddings, on what each part of a block adds, inside feed-forward, on the output.
        layer_norm_eps: added to the mean square in the norms.
        pad_id: the padding token, with which the decoder starts too.
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
        check_sizes(self, "vocab_size", "d_model", "d_ff", "n_layers", "n_heads", "n_buckets", "max_distance")
        check_optional_sizes(self, "n_decoder_layers", "head_size")
        check_flags(self, "gated_gelu", "tied_head", "share_encoder_decoder")
        number("dropout", self.dropout, at_least=0, below=1)
        number("layer_norm_eps", self.layer_norm_eps, above=0)
        whole_number("pad_id", self.pad_id, at_least=0, at_most=self.vocab_size - 1)
        whole_number("eos_id", self.eos_id, at_least=0, at_most=self.vocab_size - 1)
        if self.head_size is None and self.d_model % self.n_heads:
            raise ValueError(f"n_heads must divide d_model, got {self.n_heads} heads for {self.d_model}")
        if self.n_buckets < 4 or self.n_buckets % 4:
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


def distance_buckets(distance: np.ndarray, both_ways: bool, n_buckets: int, max_distance: int) -> np.ndarray:
    """Sort distances (key position - query position) into kinds: small ones exactly, larger ones ever more coarsely.

    Half of the kinds are for the distances 0, 1, 2, …; the other half grows logarithmically up to
    max_distance, and what is farther falls into the last. An encoder's keys may come after the query: then
    each direction has half of the kinds. Shapes: any → the same, integers in [0, n_buckets).

    Source: Raffel et al. 2020, section 2.1.
    """
    if both_ways:
        n_buckets //= 2
        first = np.where(distance > 0, n_buckets, 0)
        distance = np.abs(distance)
    else:
        first = np.zeros_like(distance)
        distance = np.maximum(-distance, 0)
    n_exact = n_buckets // 2
    # In float32, as in the published models: on the border of two kinds rounding decides.
    ratio = np.maximum(distance, 1).astype(np.float32) / n_exact
    share = np.log(ratio) / np.float32(np.log(max_distance / n_exact))
    coarse = n_exact + (share * (n_buckets - n_exact)).astype(distance.dtype)
    return first + np.where(distance < n_exact, distance, np.minimum(coarse, n_buckets - 1))


class PositionBias(nn.Module):
    """What distance adds to the attention scores, for each head: n_queries, n_keys → (1, H, T, S).

    One for a whole stack: all its blocks use it. The queries are the last T of the S positions.
    """

    def __init__(self, config: T5Config, both_ways: bool) -> None:
        self.both_ways, self.max_distance = both_ways, config.max_distance
        self.table = nn.Embedding(config.n_buckets, config.n_heads)

    def forward(self, n_queries: int, n_keys: int) -> Tensor:
        keys = np.arange(n_keys)
        queries = keys[n_keys - n_queries :]
        n_buckets = self.table.weight.shape[0]
        buckets = distance_buckets(keys[None] - queries[:, None], self.both_ways, n_buckets, self.max_distance)
        return ops.expand_dims(self.table(buckets).transpose((2, 0, 1)), 0)


class FeedForward(nn.Module):
    """Version 1.0: two linear layers with ReLU between, (B, T, D) → (B, T, D)."""

    def __init__(self, config: T5Config) -> None:
        self.up = nn.Linear(config.d_model, config.d_ff, bias=False)
        self.down = nn.Linear(config.d_ff, config.d_model, bias=False)
        self.dropout = nn.Dropout(config.dropout)

    def forward(self, x: Tensor) -> Tensor:
        return self.down(self.dropout(ops.relu(self.up(x))))


class GatedFeedForward(nn.Module):
    """Version 1.1: one linear layer, through GELU, gates another: (B, T, D) → (B, T, D)."""

    def __init__(self, config: T5Config) -> None:
        self.gate = nn.Linear(config.d_model, config.d_ff, bias=False)
        self.up = nn.Linear(config.d_model, config.d_ff, bias=False)
        self.down = nn.Linear(config.d_ff, config.d_model, bias=False)
        self.dropout = nn.Dropout(config.dropout)

    def forward(self, x: Tensor) -> Tensor:
        return self.down(self.dropout(ops.gelu_tanh(self.gate(x)) * self.up(x)))


class EncoderBlock(nn.Module):
    """Self-attention, then feed-forward, each added to the residual stream: (B, T, D) → (B, T, D).

    With `causal=True` it is the block of a decoder that has no encoder (`t5_decoder.py`).
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
        attended = self.attention(self.attention_norm(x), causal=causal, mask=mask, bias=bias, scale=1.0, cache=cache)
        x = x + self.dropout(attended)
        return x + self.dropout(self.feed_forward(self.feed_forward_norm(x)))


class DecoderBlock(nn.Module):
    """Causal self-attention, attention to the encoder's output, feed-forward: (B, T, D) → (B, T, D).

    Args:
        shared: an encoder's block whose weights this one uses; the attention to the encoder is its own.
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
        cache: list[nn.KeyValueCache] | None,
    ) -> Tensor:
        own, of_encoder = cache or (None, None)
        attended = self.attention(self.attention_norm(x), causal=True, bias=bias, scale=1.0, cache=own)
        x = x + self.dropout(attended)
        attended = self.cross_attention(
            self.cross_attention_norm(x), encoded, mask=encoded_mask, scale=1.0, cache=of_encoder
        )
        x = x + self.dropout(attended)
        return x + self.dropout(self.feed_forward(self.feed_forward_norm(x)))


def attention(config: T5Config) -> nn.MultiHeadAttention:
    """T5's attention layer: no biases, and heads whose size need not follow from d_model."""
    return nn.MultiHeadAttention(config.d_model, config.n_heads, bias=False, head_size=config.head_size)


class T5(nn.Module):
    """The encoder-decoder Transformer: `model(ids, decoder_ids)` gives logits of the tokens after the decoder_ids."""

    def __init__(self, config: T5Config, generator: np.random.Generator | None = None) -> None:
        self.config = config
        self.token_embedding = nn.Embedding(config.vocab_size, config.d_model)
        self.encoder_bias = PositionBias(config, both_ways=True)
        self.encoder = nn.ModuleList([EncoderBlock(config) for _ in range(config.n_layers)])
        self.encoder_norm = nn.RMSNorm(config.d_model, config.layer_norm_eps)
        self.decoder_bias = PositionBias(config, both_ways=False)
        n_decoder_layers = config.n_decoder_layers or config.n_layers
        shared = list(self.encoder) if config.share_encoder_decoder else [None] * n_decoder_layers
        self.decoder = nn.ModuleList([DecoderBlock(config, block) for block in shared])  # type: ignore[arg-type]
        self.decoder_norm = nn.RMSNorm(config.d_model, config.layer_norm_eps)
        self.head = None if config.tied_head else nn.Linear(config.d_model, config.vocab_size, bias=False)
        self.dropout = nn.Dropout(config.dropout)
        initialise(self, random.chosen(generator))

    def encode(self, ids: np.ndarray, attention_mask: np.ndarray | None = None) -> Tensor:
        """The encoder's output: (B, S) ids → (B, S, D). Padding may stand on either side.

        Raises:
            ValueError: if an id is not in the vocabulary, a shape does not fit, or the mask holds another number
                than 0 and 1.
            TypeError: if ids are not integers, or the mask holds neither integers nor booleans.
        """
        ids = check_ids(ids)
        attention_mask = check_mask(attention_mask, ids)
        x = self.dropout(self.token_embedding(ids))
        bias = self.encoder_bias(ids.shape[1], ids.shape[1])
        for block in self.encoder:
            x = block(x, bias, attention_mask)
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
            attention_mask: (B, S), that of the encoder's input. Padding of the decoder_ids stands on the right,
                where no token before it sees it.
            cache: from `new_cache`. The decoder_ids then go on from those that were read into it before.

        Raises:
            ValueError, TypeError: as for `encode`.
        """
        decoder_ids = check_ids(decoder_ids, name="decoder_ids")
        check_vocabulary("decoder_ids", decoder_ids, self.config.vocab_size)
        if encoded.ndim != 3 or len(encoded) != len(decoder_ids):
            raise ValueError(f"encoded must have shape (B, S, D) with B = {len(decoder_ids)}, got {encoded.shape}")
        attention_mask = check_mask(attention_mask, encoded)
        length = decoder_ids.shape[1]
        bias = self.decoder_bias(length, length + (cache[0].length if cache else 0))
        x = self.dropout(self.token_embedding(decoder_ids))
        for i, block in enumerate(self.decoder):
            x = block(x, bias, encoded, attention_mask, cache[2 * i : 2 * i + 2] if cache else None)
        return self.dropout(self.decoder_norm(x))

    def logits(self, hidden: Tensor) -> Tensor:
        """Logits of the next token: the decoder's hidden states (..., D) → (..., V).

        The tied layer's input is scaled down, since the embedding starts larger than an output layer would.
        """
        if self.head is not None:
            return self.head(hidden)
        return ops.linear(hidden * self.config.d_model**-0.5, self.token_embedding.weight)

    def forward(self, ids: np.ndarray, decoder_ids: np.ndarray, attention_mask: np.ndarray | None = None) -> Tensor:
        """ids (B, S), decoder_ids (B, T) → logits (B, T, V) of the token after each of the decoder_ids.

        Args:
            attention_mask: (B, S), 1 where ids has a token.
        """
        return self.logits(self.decode(decoder_ids, self.encode(ids, attention_mask), attention_mask))

    # -- writing text -------------------------------------------------------------------------------

    def new_cache(self) -> list[nn.KeyValueCache]:
        """Two empty caches for each block of the decoder: for its self-attention, for its attention to the encoder."""
        return [nn.KeyValueCache() for _ in range(2 * len(self.decoder))]

    def generate(
        self,
        ids: np.ndarray,
        max_new_tokens: int,
        temperature: float = 1.0,
        top_k: int | None = None,
        top_p: float | None = None,
        seed: int = 0,
        *,
        attention_mask: np.ndarray | None = None,
        repetition_penalty: float = 1.0,
        use_cache: bool = True,
    ) -> np.ndarray:
        """Write an output for each input: (B, S) ids → (B, 1 + max_new_tokens) decoder ids, or shorter if all ended.

        An output begins with pad_id and ends with eos_id, after which pad_id fills the row.
        """
        with no_grad():
            reader = Output(self, ids, attention_mask)
        next_logits = generation.Remembering(reader) if use_cache else generation.Rereading(reader)
        return generation.generate(
            next_logits, reader.start(), max_new_tokens, temperature, top_k, top_p, seed,
            repetition_penalty=repetition_penalty, eos_id=self.config.eos_id, pad_id=self.config.pad_id,
        )  # fmt: skip

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
    """The output of a T5 for certain inputs, as the language model that `generation.py` asks for."""

    def __init__(self, model: T5, ids: np.ndarray, attention_mask: np.ndarray | None = None, repeat: int = 1) -> None:
        """repeat: how many outputs to write for each input, one after the other in the batch, as beam search does."""
        ids = check_ids(ids)
        attention_mask = check_mask(attention_mask, ids)
        rows = np.repeat(np.arange(len(ids)), whole_number("repeat", repeat, at_least=1))
        self.model, self.attention_mask = model, None if attention_mask is None else attention_mask[rows]
        self.encoded = model.encode(ids, attention_mask)[rows]
        self.new_cache, self.logits = model.new_cache, model.logits

    def start(self) -> np.ndarray:
        """What every output begins with: (B, 1)."""
        return np.full((len(self.encoded), 1), self.model.config.pad_id)

    def hidden_states(
        self, ids: np.ndarray, attention_mask: np.ndarray | None, cache: list[nn.KeyValueCache] | None
    ) -> Tensor:
        """The decoder's hidden states of the next tokens of the outputs."""
        return self.model.decode(ids, self.encoded, self.attention_mask, cache)

    def __call__(self, ids: np.ndarray, attention_mask: np.ndarray | None) -> Tensor:
        return self.model.logits(self.hidden_states(ids, attention_mask, None))


def initialise(model: nn.Module, generator: np.random.Generator) -> None:
    """T5's start: normal weights whose variance is one over the number of inputs, so that a layer keeps the
    size of what it reads; queries smaller by sqrt(K), in place of the scaling that T5's attention does without.
    The token embedding has variance 1. A layer of the output's own is smaller than in the published code (by
    sqrt(D)), so that the first loss is near log V.
    """
    for name, parameter in model.named_parameters():
        kind = name.split(".")[-2]
        if kind.endswith("norm"):
            continue
        std = 1.0 if kind == "token_embedding" else parameter.shape[1] ** -0.5
        if kind == "q":
            std *= (parameter.shape[0] // model.config.n_heads) ** -0.5  # type: ignore[attr-defined]
        elif kind == "table":
            std = model.config.d_model**-0.5  # type: ignore[attr-defined]
        parameter.data = initial.normal(parameter.shape, std, generator)
