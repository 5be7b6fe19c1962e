"""T5's decoder without an encoder: the language model and the prefix LM of the lecture's table.

It is the encoder of `t5.py` with a causal mask. A `prefix_mask` opens the mask for the prefix: every position attends
to the whole prefix, in both directions, as in an encoder, and only the tokens after it are predicted (prefix LM). The
three architectures of the table differ in which positions attend to which, and in nothing else:

    encoder-decoder    input ↔ input, output → input and earlier output, with separate weights
    prefix LM          input ↔ input, output → input and earlier output, with the same weights
    language model     every token → earlier tokens

Source: Raffel et al. 2020, section 3.2.1, figures 3 and 4; Liu et al. 2018, "Generating Wikipedia by
Summarizing Long Sequences", section 4.2.3 (the decoder alone).
"""

import numpy as np

from minigrad import Tensor, nn, ops, random
from minigrad.checks import zero_one_mask
from models import generation
from models.inputs import check_ids, check_mask
from models.position_bias import PositionBias
from models.sampling import PURE_SAMPLING, Sampling
from models.t5 import EncoderBlock, T5Config, initialise


class T5Decoder(nn.Module):
    """`model(ids)` gives logits of the next token at each position. The config's n_decoder_layers is not used."""

    def __init__(self, config: T5Config, generator: np.random.Generator | None = None) -> None:
        self.config = config
        self.token_embedding = nn.Embedding(config.vocab_size, config.d_model)
        # Both ways, because positions in a prefix attend to later ones, too.
        self.position_bias = PositionBias(config.n_heads, config.n_buckets, config.max_distance, both_ways=True)
        self.blocks = nn.ModuleList([EncoderBlock(config) for _ in range(config.n_layers)])
        self.final_norm = nn.RMSNorm(config.d_model, config.layer_norm_eps)
        self.head = None if config.tied_head else nn.Linear(config.d_model, config.vocab_size, bias=False)
        self.dropout = nn.Dropout(config.dropout)
        initialise(self, random.chosen(generator))

    def hidden_states(
        self,
        ids: np.ndarray,
        attention_mask: np.ndarray | None = None,
        cache: list[nn.KeyValueCache] | None = None,
        *,
        prefix_mask: np.ndarray | None = None,
    ) -> Tensor:
        """The output of the last norm: (B, T) ids → (B, T, D).

        Args:
            attention_mask: (B, T), 1 where there is a token. Padding may be on either side.
            cache: from `new_cache`. The ids continue those that the cache holds, and the attention_mask covers all
                of them, (B, S).
            prefix_mask: (B, T), 1 in the prefix, to which every position attends. With a cache, the prefix must be in
                the first part of the text.

        Raises:
            ValueError: if an id is not in the vocabulary, a shape does not fit, or a mask holds a number other than
                0 and 1.
            TypeError: if ids are not integers, or a mask holds neither integers nor booleans.
        """
        seen = cache[0].length if cache else 0  # how many positions came before, S - T
        ids = check_ids(ids)
        attention_mask = check_mask(attention_mask, ids, seen)
        mask = attention_mask if prefix_mask is None else self._visible(ids, attention_mask, prefix_mask, seen)
        bias = self.position_bias(ids.shape[1], seen + ids.shape[1])  # (1, H, T, S)
        x = self.dropout(self.token_embedding(ids))  # (B, T, D)
        causal = prefix_mask is None  # the mask of a prefix LM includes causality
        for i, block in enumerate(self.blocks):
            x = block(x, bias, mask, causal, cache[i] if cache else None)  # (B, T, D)
        return self.dropout(self.final_norm(x))

    @staticmethod
    def _visible(ids: np.ndarray, attention_mask: np.ndarray | None, prefix_mask: np.ndarray, seen: int) -> np.ndarray:
        """What each position attends to, (B, 1, T, T): earlier positions, itself, and the whole prefix."""
        prefix_mask = zero_one_mask("prefix_mask", prefix_mask, "the prefix is")
        if prefix_mask.shape != ids.shape or seen:
            raise ValueError(
                f"prefix_mask must have the shape of ids, {ids.shape}, and come with the first of them; "
                f"got {prefix_mask.shape} after {seen}"
            )
        # Query t attends to key s if s ≤ t or s is in the prefix; then only if s is a token.
        visible = np.tri(ids.shape[1], dtype=bool) | prefix_mask[:, None, None, :]  # (T, T) | (B, 1, 1, T)
        return visible if attention_mask is None else visible & attention_mask[:, None, None, :]

    def logits(self, hidden: Tensor) -> Tensor:
        """Logits of the next token: hidden states (..., D) → (..., V). As in `T5.logits`."""
        if self.head is not None:
            return self.head(hidden)
        return ops.linear(hidden * self.config.d_model**-0.5, self.token_embedding.weight)  # (..., V)

    def forward(
        self,
        ids: np.ndarray,
        attention_mask: np.ndarray | None = None,
        cache: list[nn.KeyValueCache] | None = None,
        *,
        prefix_mask: np.ndarray | None = None,
    ) -> Tensor:
        """Logits of the next token at each position: (B, T) ids → (B, T, V). Arguments as in `hidden_states`."""
        return self.logits(self.hidden_states(ids, attention_mask, cache, prefix_mask=prefix_mask))

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
        as_prefix: bool = False,
        use_cache: bool = True,
    ) -> np.ndarray:
        """Continue each sequence: (B, T) ids → (B, T + max_new_tokens), or shorter if all have ended with eos_id.

        See `generation.generate`.

        Args:
            as_prefix: whether the ids are a prefix, in which positions attend in both directions: for a prefix LM.
        """
        ids = check_ids(ids)
        text = PrefixText(self, ids.shape[1] if as_prefix else 0)
        next_logits = generation.WithCache(text) if use_cache else generation.WithoutCache(text)
        eos_id, pad_id = self.config.eos_id, self.config.pad_id
        return generation.generate(
            next_logits, ids, max_new_tokens, sampling, seed=seed, attention_mask=attention_mask, eos_id=eos_id,
            pad_id=pad_id,
        )  # fmt: skip


class PrefixText:
    """A `T5Decoder` as `generation.generate` needs it; the first `prefix_length` tokens of the text are a prefix."""

    def __init__(self, model: T5Decoder, prefix_length: int) -> None:
        self.model, self.prefix_length = model, prefix_length
        self.new_cache, self.logits = model.new_cache, model.logits

    def hidden_states(
        self, ids: np.ndarray, attention_mask: np.ndarray | None, cache: list[nn.KeyValueCache] | None
    ) -> Tensor:
        """As `T5Decoder.hidden_states`, with the prefix mask that belongs to these ids."""
        prefix_mask = None
        # Once the prefix is cached, later tokens are causal: they attend to all of the cache anyway.
        if self.prefix_length and not (cache and cache[0].length):
            prefix_mask = np.broadcast_to(np.arange(ids.shape[1]) < self.prefix_length, ids.shape)
        return self.model.hidden_states(ids, attention_mask, cache, prefix_mask=prefix_mask)

    def __call__(self, ids: np.ndarray, attention_mask: np.ndarray | None) -> Tensor:
        return self.model.logits(self.hidden_states(ids, attention_mask, None))
