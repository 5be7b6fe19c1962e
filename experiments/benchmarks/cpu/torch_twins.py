"""The same three models in PyTorch, written in PyTorch's usual fast style, and their training step.

One projection computes queries, keys and values; `scaled_dot_product_attention` is PyTorch's fused attention; the
output layer is the token embedding. Parameters have our names, except for the joined projections: `qkv`, and `kv` in
the attention of T5's decoder to the encoder.
"""

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from experiments.benchmarks.cpu.sizes import Size, batch


class Attention(nn.Module):
    """Self-attention: (B, T, D) → (B, T, D)."""

    def __init__(self, size: Size, bias: bool = True) -> None:
        super().__init__()
        self.n_heads = size.n_heads
        self.qkv = nn.Linear(size.d_model, 3 * size.d_model, bias)
        self.out = nn.Linear(size.d_model, size.d_model, bias)

    def forward(
        self, x: Tensor, causal: bool = False, position_bias: Tensor | None = None, scale: float | None = None
    ) -> Tensor:
        q, k, v = (heads(part, self.n_heads) for part in self.qkv(x).chunk(3, dim=-1))
        attended = functional.scaled_dot_product_attention(
            q, k, v, attn_mask=position_bias, is_causal=causal, scale=scale
        )
        return self.out(attended.transpose(1, 2).flatten(2))


class CrossAttention(nn.Module):
    """T5's attention to the encoder's output: x (B, T, D), encoded (B, S, D) → (B, T, D)."""

    def __init__(self, size: Size) -> None:
        super().__init__()
        self.n_heads = size.n_heads
        self.q = nn.Linear(size.d_model, size.d_model, bias=False)
        self.kv = nn.Linear(size.d_model, 2 * size.d_model, bias=False)
        self.out = nn.Linear(size.d_model, size.d_model, bias=False)

    def forward(self, x: Tensor, encoded: Tensor) -> Tensor:
        q = heads(self.q(x), self.n_heads)
        k, v = (heads(part, self.n_heads) for part in self.kv(encoded).chunk(2, dim=-1))
        attended = functional.scaled_dot_product_attention(q, k, v, scale=1.0)
        return self.out(attended.transpose(1, 2).flatten(2))


def heads(x: Tensor, n_heads: int) -> Tensor:
    """(B, T, H · K) → (B, H, T, K)."""
    return x.unflatten(-1, (n_heads, -1)).transpose(1, 2)


# -- GPT --------------------------------------------------------------------------------------------


class FeedForward(nn.Module):
    """Two linear layers with a tanh-GELU in between."""

    def __init__(self, size: Size) -> None:
        super().__init__()
        self.up, self.down = nn.Linear(size.d_model, 4 * size.d_model), nn.Linear(4 * size.d_model, size.d_model)

    def forward(self, x: Tensor) -> Tensor:
        return self.down(functional.gelu(self.up(x), approximate="tanh"))


class GPTBlock(nn.Module):
    """Pre-norm."""

    def __init__(self, size: Size) -> None:
        super().__init__()
        self.attention_norm, self.attention = nn.LayerNorm(size.d_model), Attention(size)
        self.feed_forward_norm, self.feed_forward = nn.LayerNorm(size.d_model), FeedForward(size)

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.attention(self.attention_norm(x), causal=True)
        return x + self.feed_forward(self.feed_forward_norm(x))


class GPT(nn.Module):
    """`model(**batch)` gives the loss."""

    def __init__(self, size: Size) -> None:
        super().__init__()
        self.token_embedding = nn.Embedding(size.vocab_size, size.d_model)
        self.position_embedding = nn.Embedding(size.length, size.d_model)
        self.blocks = nn.ModuleList(GPTBlock(size) for _ in range(size.n_layers))
        self.final_norm = nn.LayerNorm(size.d_model)

    def forward(self, ids: Tensor, labels: Tensor) -> Tensor:
        x = self.token_embedding(ids) + self.position_embedding.weight[: ids.shape[1]]
        for block in self.blocks:
            x = block(x)
        logits = functional.linear(self.final_norm(x), self.token_embedding.weight)
        return functional.cross_entropy(logits.flatten(0, 1), labels.flatten())


# -- BERT -------------------------------------------------------------------------------------------

BERT_EPS = 1e-12


class BERTBlock(nn.Module):
    """Post-norm."""

    def __init__(self, size: Size) -> None:
        super().__init__()
        self.attention, self.attention_norm = Attention(size), nn.LayerNorm(size.d_model, BERT_EPS)
        self.up, self.down = nn.Linear(size.d_model, 4 * size.d_model), nn.Linear(4 * size.d_model, size.d_model)
        self.feed_forward_norm = nn.LayerNorm(size.d_model, BERT_EPS)

    def forward(self, x: Tensor) -> Tensor:
        x = self.attention_norm(x + self.attention(x))
        return self.feed_forward_norm(x + self.down(functional.gelu(self.up(x))))


class MaskedLMHead(nn.Module):
    """Hidden states → logits, with the token embedding as output layer."""

    def __init__(self, size: Size) -> None:
        super().__init__()
        self.transform, self.norm = nn.Linear(size.d_model, size.d_model), nn.LayerNorm(size.d_model, BERT_EPS)
        self.bias = nn.Parameter(torch.zeros(size.vocab_size))

    def forward(self, hidden: Tensor, token_embedding: Tensor) -> Tensor:
        return functional.linear(self.norm(functional.gelu(self.transform(hidden))), token_embedding, self.bias)


class BERT(nn.Module):
    """`model(**batch)` gives the sum of the two losses; only the hidden tokens get logits."""

    def __init__(self, size: Size) -> None:
        super().__init__()
        self.token_embedding = nn.Embedding(size.vocab_size, size.d_model)
        self.position_embedding = nn.Embedding(size.length, size.d_model)
        self.segment_embedding = nn.Embedding(2, size.d_model)
        self.embedding_norm = nn.LayerNorm(size.d_model, BERT_EPS)
        self.blocks = nn.ModuleList(BERTBlock(size) for _ in range(size.n_layers))
        self.pooler = nn.Linear(size.d_model, size.d_model)
        self.masked_lm_head = MaskedLMHead(size)
        self.next_sentence_head = nn.Linear(size.d_model, 2)

    def forward(
        self, ids: Tensor, token_type_ids: Tensor, masked_positions: Tensor, labels: Tensor, next_labels: Tensor
    ) -> Tensor:
        x = self.token_embedding(ids) + self.position_embedding.weight[: ids.shape[1]]
        x = self.embedding_norm(x + self.segment_embedding(token_type_ids))
        for block in self.blocks:
            x = block(x)
        masked = x[torch.arange(len(ids))[:, None], masked_positions]
        masked_lm = self.masked_lm_head(masked, self.token_embedding.weight)
        next_sentence = self.next_sentence_head(torch.tanh(self.pooler(x[:, 0])))
        return functional.cross_entropy(masked_lm.flatten(0, 1), labels.flatten()) + functional.cross_entropy(
            next_sentence, next_labels
        )


# -- T5 ---------------------------------------------------------------------------------------------

T5_EPS, N_BUCKETS, MAX_DISTANCE = 1e-6, 32, 128


class PositionBias(nn.Module):
    """The position bias, (1, H, T, T). The bucket of each distance, one of 32, is computed once."""

    def __init__(self, size: Size, length: int, both_ways: bool) -> None:
        super().__init__()
        self.table = nn.Embedding(N_BUCKETS, size.n_heads)
        distance = torch.arange(length)[None] - torch.arange(length)[:, None]
        n_buckets = N_BUCKETS // 2 if both_ways else N_BUCKETS
        n_exact = n_buckets // 2
        far = distance.abs() if both_ways else (-distance).clamp(min=0)
        coarse = (far.clamp(min=1).float() / n_exact).log() / math.log(MAX_DISTANCE / n_exact) * (n_buckets - n_exact)
        kinds = torch.where(far < n_exact, far, (n_exact + coarse.long()).clamp(max=n_buckets - 1))
        if both_ways:
            kinds = kinds + n_buckets * (distance > 0)
        self.register_buffer("kinds", kinds, persistent=False)

    def forward(self) -> Tensor:
        return self.table(self.kinds).permute(2, 0, 1)[None]


class T5FeedForward(nn.Module):
    """Two linear layers with a ReLU in between."""

    def __init__(self, size: Size) -> None:
        super().__init__()
        self.up = nn.Linear(size.d_model, 4 * size.d_model, bias=False)
        self.down = nn.Linear(4 * size.d_model, size.d_model, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        return self.down(functional.relu(self.up(x)))


class T5Block(nn.Module):
    """Pre-norm; with attention to an encoder in the decoder."""

    def __init__(self, size: Size, decoder: bool) -> None:
        super().__init__()
        self.attention_norm, self.attention = nn.RMSNorm(size.d_model, T5_EPS), Attention(size, bias=False)
        if decoder:
            self.cross_attention_norm, self.cross_attention = nn.RMSNorm(size.d_model, T5_EPS), CrossAttention(size)
        self.feed_forward_norm, self.feed_forward = nn.RMSNorm(size.d_model, T5_EPS), T5FeedForward(size)

    def forward(self, x: Tensor, position_bias: Tensor, encoded: Tensor | None = None) -> Tensor:
        x = x + self.attention(self.attention_norm(x), position_bias=position_bias, scale=1.0)
        if encoded is not None:
            x = x + self.cross_attention(self.cross_attention_norm(x), encoded)
        return x + self.feed_forward(self.feed_forward_norm(x))


class T5(nn.Module):
    """`model(**batch)` gives the loss."""

    def __init__(self, size: Size) -> None:
        super().__init__()
        self.d_model = size.d_model
        self.token_embedding = nn.Embedding(size.vocab_size, size.d_model)
        self.encoder_bias = PositionBias(size, size.length, both_ways=True)
        self.encoder = nn.ModuleList(T5Block(size, decoder=False) for _ in range(size.n_layers))
        self.encoder_norm = nn.RMSNorm(size.d_model, T5_EPS)
        self.decoder_bias = PositionBias(size, size.decoder_length, both_ways=False)
        self.decoder = nn.ModuleList(T5Block(size, decoder=True) for _ in range(size.n_layers))
        self.decoder_norm = nn.RMSNorm(size.d_model, T5_EPS)
        future = torch.full((size.decoder_length, size.decoder_length), -torch.inf).triu(1)
        self.register_buffer("future", future, persistent=False)

    def forward(self, ids: Tensor, decoder_ids: Tensor, labels: Tensor) -> Tensor:
        encoded, bias = self.token_embedding(ids), self.encoder_bias()
        for block in self.encoder:
            encoded = block(encoded, bias)
        encoded = self.encoder_norm(encoded)
        x, bias = self.token_embedding(decoder_ids), self.decoder_bias() + self.future
        for block in self.decoder:
            x = block(x, bias, encoded)
        logits = functional.linear(self.decoder_norm(x) * self.d_model**-0.5, self.token_embedding.weight)
        return functional.cross_entropy(logits.flatten(0, 1), labels.flatten())


# -- the training step ------------------------------------------------------------------------------


def build(model: str, size: Size) -> nn.Module:
    """A model with random weights that are small enough to be stable."""
    classes: dict[str, type[nn.Module]] = {"gpt": GPT, "bert": BERT, "t5": T5}
    twin = classes[model](size)
    torch.manual_seed(0)
    for parameter in twin.parameters():
        if parameter.ndim == 2:
            nn.init.normal_(parameter, std=0.5 * size.d_model**-0.5)
    return twin


def prepare(model: str, size: dict[str, Any], compile: bool, threads: int) -> dict[str, Callable[[], Any]]:
    """The training step as a worker's work, and a description of the libraries."""
    torch.set_num_threads(threads)
    return {"step": training_step(model, Size(**size), compile), "about": lambda: about(threads)}


def training_step(model: str, size: Size, compile: bool, device: str = "cpu") -> Callable[[], float]:
    """Forward, loss, backward, clipping, AdamW, as PyTorch's own tutorials have it; it returns the loss."""
    arrays = {name: torch.from_numpy(array).to(device) for name, array in batch(model, size).items()}
    twin = build(model, size).to(device)
    optimizer = torch.optim.AdamW(twin.parameters(), lr=1e-4)
    loss_of: Callable[..., Tensor] = torch.compile(twin) if compile else twin

    def step() -> float:
        optimizer.zero_grad()
        loss = loss_of(**arrays)
        loss.backward()
        nn.utils.clip_grad_norm_(twin.parameters(), 1.0)
        optimizer.step()
        return loss.item()

    return step


def about(threads: int) -> dict[str, Any]:
    """Threads and libraries."""
    library = "MKL" if torch.backends.mkl.is_available() else "BLAS"
    return {"threads": threads, "blas": library, "instructions": torch.backends.cpu.get_cpu_capability()}
