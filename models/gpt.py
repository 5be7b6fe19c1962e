"""GPT: the decoder. Each position attends to itself and to earlier positions, and predicts the next token.

    ids → token + position embeddings → n_layers blocks → layer norm → logits

A block adds to the residual stream twice: first attention, which moves information between positions, then a
feed-forward network, which works at each position on its own. Each of the two reads the stream through a layer norm
(pre-norm). The output layer is the token embedding, transposed (tied).

Current models differ in two places, which are options here: rotary positions, which rotate the queries and keys of
every block instead of adding an embedding once; and an output layer of its own, which may start at zero.

Sources: Radford et al. 2018, "Improving Language Understanding by Generative Pre-Training";
Radford et al. 2019, "Language Models are Unsupervised Multitask Learners", section 2.3 (GPT-2);
Su et al. 2021, "RoFormer: Enhanced Transformer with Rotary Position Embedding" (rotary positions).
"""

import os
from dataclasses import dataclass
from typing import Literal

import numpy as np

from minigrad import Tensor, nn, ops, random
from minigrad.nn import initial
from models import generation
from models.inputs import (
    check_flags,
    check_ids,
    check_mask,
    check_optional_ids,
    check_optional_sizes,
    check_transformer,
    position_numbers,
)
from models.sampling import PURE_SAMPLING, Sampling


@dataclass(frozen=True)
class GPTConfig:
    """The hyperparameters of a GPT.

    Attributes:
        vocab_size: number of tokens, V.
        n_positions: the longest sequence that the model reads.
        d_model: width of the residual stream, D.
        n_layers: number of blocks.
        n_heads: attention heads, each of size d_model / n_heads.
        d_ff: width of the feed-forward layer, F; None means 4 · d_model.
        dropout: on the embeddings and on the output of each half of a block.
        layer_norm_eps: added to the variance in the norms.
        positions: "learned", an embedding of each position, or "rotary" (`ops.rotary`), which has no weights.
        tied_head: whether the output layer shares its weights with the token embedding.
        zero_init_head: whether an output layer that is not tied starts at zero. Every token is then equally likely at
            first, and the first loss is log V.
        bos_id: the token before the first one of a text, if training had such a token.
        eos_id: the token that ends a text, if there is one. The model treats both like any other token.
    """

    vocab_size: int
    n_positions: int = 1024
    d_model: int = 768
    n_layers: int = 12
    n_heads: int = 12
    d_ff: int | None = None
    dropout: float = 0.0
    layer_norm_eps: float = 1e-5
    positions: Literal["learned", "rotary"] = "learned"
    tied_head: bool = True
    zero_init_head: bool = False
    bos_id: int | None = None
    eos_id: int | None = None

    def __post_init__(self) -> None:
        check_transformer(self, "n_positions")
        check_optional_sizes(self, "d_ff")
        check_optional_ids(self, "bos_id", "eos_id")
        check_flags(self, "tied_head", "zero_init_head")
        if self.positions not in ("learned", "rotary"):
            raise ValueError(f'positions must be "learned" or "rotary", got {self.positions!r}')
        head_size = self.d_model // self.n_heads  # rotary positions rotate pairs of numbers
        if self.positions == "rotary" and head_size % 2:
            raise ValueError(f"rotary positions need heads of an even size, d_model / n_heads, got {head_size}")
        if self.zero_init_head and self.tied_head:
            raise ValueError("zero_init_head needs tied_head=False: a tied output layer is the token embedding")


class FeedForward(nn.Module):
    """Two linear layers with GELU in between, applied at each position: (B, T, D) → (B, T, D)."""

    def __init__(self, config: GPTConfig) -> None:
        d_ff = config.d_ff or 4 * config.d_model
        self.up = nn.Linear(config.d_model, d_ff)
        self.down = nn.Linear(d_ff, config.d_model)

    def forward(self, x: Tensor) -> Tensor:
        hidden = ops.gelu_tanh(self.up(x))  # (B, T, F)
        return self.down(hidden)  # (B, T, D)


class Block(nn.Module):
    """Attention, then feed-forward, each added to the residual stream: (B, T, D) → (B, T, D)."""

    def __init__(self, config: GPTConfig) -> None:
        self.attention_norm = nn.LayerNorm(config.d_model, config.layer_norm_eps)
        self.attention = nn.MultiHeadAttention(config.d_model, config.n_heads)
        self.feed_forward_norm = nn.LayerNorm(config.d_model, config.layer_norm_eps)
        self.feed_forward = FeedForward(config)
        self.dropout = nn.Dropout(config.dropout)

    def forward(
        self,
        x: Tensor,
        mask: np.ndarray | None,
        positions: np.ndarray | None,
        cache: nn.KeyValueCache | None = None,
    ) -> Tensor:
        """positions: (B, T) or (1, T), by which queries and keys are rotated; None without rotary positions."""
        normed = self.attention_norm(x)  # (B, T, D)
        if cache is None:
            attended = self.attention(normed, causal=True, mask=mask, positions=positions)  # (B, T, D)
        else:
            attended = self.attention.forward_cached(normed, cache, causal=True, mask=mask, positions=positions)
        # The stream itself is never normalised: gradients reach every block through these two sums unchanged.
        x = x + self.dropout(attended)
        return x + self.dropout(self.feed_forward(self.feed_forward_norm(x)))


class GPT(nn.Module):
    """The decoder-only Transformer. `model(ids)` gives logits, `model.hidden_states(ids)` the states below them."""

    def __init__(self, config: GPTConfig, generator: np.random.Generator | None = None) -> None:
        self.config = config
        self.token_embedding = nn.Embedding(config.vocab_size, config.d_model)
        is_learned = config.positions == "learned"  # rotary positions have no weights
        self.position_embedding = nn.Embedding(config.n_positions, config.d_model) if is_learned else None
        self.dropout = nn.Dropout(config.dropout)
        self.blocks = nn.ModuleList([Block(config) for _ in range(config.n_layers)])
        self.final_norm = nn.LayerNorm(config.d_model, config.layer_norm_eps)
        self.head = None if config.tied_head else nn.Linear(config.d_model, config.vocab_size, bias=False)
        self.initialise(random.chosen(generator))

    def initialise(self, generator: np.random.Generator) -> None:
        """GPT-2's initialisation: normal weights of standard deviation 0.02 at its width of 768, zero biases.

        Layers that write to the residual stream start smaller by sqrt(2 · n_layers). Narrower models start with larger
        weights, so that a layer's output has the same variance at every width. With `zero_init_head` the output layer
        starts at zero.
        """
        standard = 0.02 * (768 / self.config.d_model) ** 0.5
        for name, parameter in self.named_parameters():
            if name.endswith("bias") or (name == "head.weight" and self.config.zero_init_head):
                parameter.data = initial.full(parameter.shape, 0)
            # The weights of the norms keep their initial 1.
            elif not name.split(".")[-2].endswith("norm"):
                # The stream is a sum of 2 · n_layers outputs, so its variance would otherwise grow with depth.
                writes_to_stream = name.endswith(("attention.out.weight", "down.weight"))
                std = standard / (2 * self.config.n_layers) ** 0.5 if writes_to_stream else standard
                parameter.data = initial.normal(parameter.shape, std, generator)

    def layers(
        self, ids: np.ndarray, attention_mask: np.ndarray | None = None, cache: list[nn.KeyValueCache] | None = None
    ) -> list[Tensor]:
        """The embeddings and each block's output, the last after the final norm: (B, T) ids → n_layers + 1 (B, T, D).

        Args:
            attention_mask: (B, T), 1 where there is a token. Positions count tokens only, so a sequence gives the
                same result with padding on either side.
            cache: from `new_cache`. The ids continue those that the cache holds, and the attention_mask covers all
                of them, (B, S).

        Raises:
            ValueError: if the sequence is longer than n_positions, an id is not in the vocabulary, the
                mask's shape differs, or it holds a number other than 0 and 1.
            TypeError: if ids are not integers, or the mask holds neither integers nor booleans.
        """
        seen = cache[0].length if cache else 0  # how many positions came before, S - T
        ids = check_ids(ids, self.config.n_positions, seen)
        attention_mask = check_mask(attention_mask, ids, seen)
        positions = position_numbers(attention_mask, seen, ids.shape[1])  # (B, T) or (1, T)
        x = self.token_embedding(ids)  # (B, T, D)
        if self.position_embedding is not None:
            x = x + self.position_embedding(positions)  # learned positions are added once, here
        layers = [self.dropout(x)]
        rotary_positions = positions if self.config.positions == "rotary" else None
        for i, block in enumerate(self.blocks):
            layers.append(block(layers[-1], attention_mask, rotary_positions, cache[i] if cache else None))
        # In pre-norm blocks nothing has normalised the sum of all outputs yet.
        return [*layers[:-1], self.final_norm(layers[-1])]

    def hidden_states(
        self, ids: np.ndarray, attention_mask: np.ndarray | None = None, cache: list[nn.KeyValueCache] | None = None
    ) -> Tensor:
        """The last of `layers`: (B, T) ids → (B, T, D)."""
        return self.layers(ids, attention_mask, cache)[-1]

    def logits(self, hidden: Tensor) -> Tensor:
        """Logits of the next token: hidden states (..., D) → (..., V)."""
        output_layer = self.token_embedding if self.head is None else self.head  # weight (V, D)
        return ops.linear(hidden, output_layer.weight)  # a token's logit is its vector · the hidden state

    def forward(
        self, ids: np.ndarray, attention_mask: np.ndarray | None = None, cache: list[nn.KeyValueCache] | None = None
    ) -> Tensor:
        """Logits of the next token at each position: (B, T) ids → (B, T, V). Arguments as in `layers`."""
        return self.logits(self.hidden_states(ids, attention_mask, cache))

    # -- generating text ----------------------------------------------------------------------------

    def new_cache(self) -> list[nn.KeyValueCache]:
        """An empty key/value cache for each block, to read a text in parts under `no_grad`."""
        return [nn.KeyValueCache() for _ in self.blocks]

    def generate(
        self,
        ids: np.ndarray,
        max_new_tokens: int,
        sampling: Sampling = PURE_SAMPLING,
        *,
        seed: int = 0,
        attention_mask: np.ndarray | None = None,
        eos_id: int | None = None,
        use_cache: bool = True,
    ) -> np.ndarray:
        """Continue each sequence: (B, T) ids → (B, T + max_new_tokens). See `generation.generate`.

        Past n_positions the model reads only the last n_positions tokens. With `use_cache=False` it reads the whole
        text again for each token, which gives the same text more slowly.
        """
        with_or_without = generation.WithCache if use_cache else generation.WithoutCache
        next_logits = with_or_without(self, self.config.n_positions)
        return generation.generate(
            next_logits, ids, max_new_tokens, sampling, seed=seed, attention_mask=attention_mask, eos_id=eos_id
        )

    # -- checkpoints --------------------------------------------------------------------------------

    @classmethod
    def from_pretrained(cls, folder: str | os.PathLike[str], strict: bool = True) -> "GPT":
        """The model in a folder of Hugging Face's layout (`config.json`, `model.safetensors`). See
        `models/pretrained/gpt2.py`, and `gpt_neox.py` for rotary positions."""
        from models.pretrained import gpt2, gpt_neox
        from models.pretrained.folder import read_model_type

        return (gpt_neox if read_model_type(folder) == "gpt_neox" else gpt2).load(folder, strict)

    def save_pretrained(self, folder: str | os.PathLike[str]) -> None:
        """Write the folder that `from_pretrained` reads, as does Hugging Face's GPT-2, or GPT-NeoX if it is rotary."""
        from models.pretrained import gpt2, gpt_neox

        (gpt_neox if self.config.positions == "rotary" else gpt2).save(self, folder)
