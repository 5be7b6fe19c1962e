"""The silhouette of a grouping: how much closer vectors are to their own group than to the nearest other one.

    s(i) = (b(i) - a(i)) / max(a(i), b(i))

a(i) is the mean distance from vector i to the others of its group, and b(i) the smallest mean distance to the vectors
of another group. 1 means far apart, 0 means on the border, and less than 0 that another group is closer.

Source: Rousseeuw 1987, "Silhouettes: a graphical aid to the interpretation and validation of cluster analysis".
"""

import numpy as np


def silhouette(vectors: np.ndarray, labels: np.ndarray) -> float:
    """The mean of s(i) over all vectors, with Euclidean distances: (N, D) vectors, (N,) labels → a number in [-1, 1].

    s(i) is 0 for a vector that is alone in its group, as in the source, and where all distances are 0.

    Raises:
        ValueError: if shapes do not fit, or there are fewer than two groups.
    """
    if vectors.ndim != 2 or labels.shape != vectors.shape[:1]:
        raise ValueError(f"vectors and labels must be (N, D) and (N,), got {vectors.shape} and {labels.shape}")
    groups = np.unique(labels)
    if len(groups) < 2:
        raise ValueError(f"labels must name at least two groups, got {len(groups)}")
    own = labels[:, None] == groups  # (N, G)
    sizes = own.sum(axis=0)  # (G,)
    totals = distances(vectors) @ own  # (N, G): the sum of the distances to each group
    # The distance of a vector to itself is 0, and it is not one of the others.
    within = totals[own] / np.maximum(sizes[own.argmax(axis=1)] - 1, 1)  # (N,), a
    between = np.where(own, np.inf, totals / sizes).min(axis=1)  # (N,), b
    larger = np.maximum(within, between)
    counts = (sizes[own.argmax(axis=1)] > 1) & (larger > 0)
    values = np.where(counts, (between - within) / np.where(larger > 0, larger, 1), 0.0)
    return float(values.mean())


def distances(vectors: np.ndarray) -> np.ndarray:
    """Euclidean distances (N, N) between vectors (N, D). Those of equal vectors are exactly 0."""
    vectors = vectors.astype(np.float64)
    rows = [np.sqrt(((vectors - vector) ** 2).sum(axis=1)) for vector in vectors]  # N of (N,)
    return np.stack(rows)
