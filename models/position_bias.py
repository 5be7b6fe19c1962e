"""T5's relative positions: a bias on the attention scores that depends on the distance between query and key.

    score(t, s) = q_t · k_s + table[bucket(s - t)]      each head has a table of its own

Distances share weights in buckets, so that a model can read texts longer than those it was trained on.

Source: Raffel et al. 2020, "Exploring the Limits of Transfer Learning with a Unified Text-to-Text
Transformer", section 2.1; Shaw et al. 2018, "Self-Attention with Relative Position Representations".
"""

import numpy as np

from minigrad import Tensor, nn, ops


def distance_buckets(distance: np.ndarray, both_ways: bool, n_buckets: int, max_distance: int) -> np.ndarray:
    """Sort distances (key position - query position) into buckets: small ones exactly, larger ones ever more coarsely.

    Half of the buckets are for the distances 0, 1, 2, …. The others grow logarithmically up to max_distance, and the
    last one takes everything beyond. If keys may come after the query (both_ways, an encoder), each direction has half
    of the buckets. Shapes: any → the same, integers in [0, n_buckets).
    """
    if both_ways:
        n_buckets //= 2
        first = np.where(distance > 0, n_buckets, 0)  # later keys use the second half
        distance = np.abs(distance)
    else:
        first = np.zeros_like(distance)
        distance = np.maximum(-distance, 0)  # a decoder's keys never come after the query
    n_exact = n_buckets // 2
    # bucket = n_exact + log(distance / n_exact) / log(max_distance / n_exact) · (n_buckets - n_exact)
    # In float32, as in the published models: rounding decides on the border of two buckets.
    ratio = np.maximum(distance, 1).astype(np.float32) / n_exact
    share = np.log(ratio) / np.float32(np.log(max_distance / n_exact))
    coarse = n_exact + (share * (n_buckets - n_exact)).astype(distance.dtype)
    return first + np.where(distance < n_exact, distance, np.minimum(coarse, n_buckets - 1))


class PositionBias(nn.Module):
    """The bias that distance adds to the attention scores of each head: n_queries, n_keys → (1, H, T, S).

    All blocks of a stack share one. The queries are the last T of the S positions.
    """

    def __init__(self, n_heads: int, n_buckets: int, max_distance: int, both_ways: bool) -> None:
        self.both_ways, self.max_distance = both_ways, max_distance
        self.table = nn.Embedding(n_buckets, n_heads)  # a number for each bucket and head

    def forward(self, n_queries: int, n_keys: int) -> Tensor:
        keys = np.arange(n_keys)  # (S,)
        queries = keys[n_keys - n_queries :]  # (T,)
        n_buckets = self.table.weight.shape[0]
        distance = keys[None] - queries[:, None]  # (T, S)
        buckets = distance_buckets(distance, self.both_ways, n_buckets, self.max_distance)  # (T, S)
        bias = self.table(buckets).transpose((2, 0, 1))  # (T, S, H) → (H, T, S)
        return ops.expand_dims(bias, 0)  # (1, H, T, S), the same for every row of the batch
