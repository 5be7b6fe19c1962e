"""A training run that is small and has everything that a checkpoint must keep."""

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np

from minigrad import Tensor, load_checkpoint, manual_seed, nn, ops, optim, random, save_checkpoint
from minigrad.safetensors_file import read_header, write_tensors

VOCAB, WIDTH = 7, 8


class SmallModel(nn.Module):
    """A little of everything: tied embeddings, attention, dropout from the library's Generator and from its own."""

    def __init__(self, width: int = WIDTH, own_generator: np.random.Generator | None = None) -> None:
        self.embedding = nn.Embedding(VOCAB, width)
        self.norm = nn.LayerNorm(width)
        self.attention = nn.MultiHeadAttention(width, 2)
        self.dropouts = nn.Sequential(nn.Dropout(0.2), nn.Dropout(0.2, own_generator))
        self.output = nn.Linear(width, VOCAB, bias=False)
        self.output.weight = self.embedding.weight

    def forward(self, ids: np.ndarray) -> Tensor:
        x = self.embedding(ids)
        return self.output(x + self.dropouts(self.attention(self.norm(x), causal=True)))


class Run:
    """Everything that a training run consists of."""

    def __init__(self, seed: int) -> None:
        manual_seed(seed)
        self.masks, self.data = np.random.default_rng(seed), np.random.default_rng(seed + 1)
        self.model = SmallModel(own_generator=self.masks)
        self.optimizer = optim.AdamW(self.model.parameters(), weight_decay=0.1)
        self.step = 0
        self.losses: list[float] = []

    @property
    def generators(self) -> dict[str, np.random.Generator]:
        return {"masks": self.masks, "data": self.data}

    def train(self, steps: int) -> None:
        for _ in range(steps):
            self.optimizer.lr = 0.01 * optim.warmup_cosine(self.step, 3, 20)
            ids = self.data.integers(VOCAB, size=(4, 6))
            loss = ops.cross_entropy(self.model(ids[:, :-1]), ids[:, 1:])
            loss.backward()
            self.optimizer.step()
            self.optimizer.zero_grad()
            self.step += 1
            self.losses.append(loss.item())

    def save(self, path: Path) -> None:
        metadata = {"losses": self.losses}
        generators = self.generators
        save_checkpoint(path, self.model, self.optimizer, step=self.step, generators=generators, metadata=metadata)

    def load(self, path: Path) -> None:
        saved = load_checkpoint(path, self.model, self.optimizer, generators=self.generators)
        self.step, self.losses = saved.step, saved.metadata["losses"]

    def state(self) -> dict[str, object]:
        """All of it as bytes and numbers, to compare."""
        arrays = {**self.model.state_dict(), **self.optimizer.state_dict()}
        generators = [random.get_state(), random.get_state(self.masks), random.get_state(self.data)]
        return {name: array.tobytes() for name, array in arrays.items()} | {
            "generators": generators,
            "step": self.step,
            "losses": self.losses,
        }


def rewrite(path: Path, change: dict[str, Any], header: str | None = None) -> None:
    """Change fields of a checkpoint's header, or all of it, and give it the checksum that it then has."""
    with path.open("rb") as file:
        tensors, strings = read_header(file)
        arrays = {name: tensor.read_exactly() for name, tensor in tensors.items()}
    text = json.dumps(json.loads(strings["header"]) | change) if header is None else header
    checksum = hashlib.blake2b(text.encode(), digest_size=16)
    for name in sorted(arrays):
        checksum.update(f"\n{name} {arrays[name].dtype.name} {arrays[name].shape}\n".encode())
        checksum.update(arrays[name].tobytes())
    write_tensors(path, list(arrays.items()), strings | {"header": text, "checksum": checksum.hexdigest()})
