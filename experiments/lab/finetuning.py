"""Finetuning a classifier, and what the experiments measure about it.

There is one stopping rule for every start: a fixed number of steps. What is compared is the model at
the end of them, so that "how far did it travel" and "how well does it do" speak of the same model.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from experiments.lab.windows import END_OF_TEXT
from experiments.text.toy_world.sentiment import Example
from minigrad import Tensor, no_grad, ops, optim
from minigrad.checks import whole_number
from models.finetuning import LastTokenClassifier, pad_batch
from tokenizer import ByteLevelBPE


@dataclass(frozen=True)
class FinetuneSettings:
    """AdamW without decay, gradients clipped at norm 1, warm-up over a tenth of the steps and a line to 0."""

    steps: int
    batch_size: int = 16

    def __post_init__(self) -> None:
        whole_number("steps", self.steps, at_least=1)
        whole_number("batch_size", self.batch_size, at_least=1)


@dataclass(frozen=True)
class Encoded:
    """Examples as arrays: ids (N, T) padded on the right, attention_mask (N, T), labels (N,)."""

    ids: np.ndarray
    attention_mask: np.ndarray
    labels: np.ndarray

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, rows: np.ndarray | slice) -> "Encoded":
        """Some of the examples, with no more padding than these need."""
        attention_mask = self.attention_mask[rows]
        length = int(attention_mask.sum(axis=1).max())
        return Encoded(self.ids[rows, :length], attention_mask[:, :length], self.labels[rows])


def encode(tokenizer: ByteLevelBPE, examples: Sequence[Example]) -> Encoded:
    """Each text as pretraining would have written it, from its end-of-text token on."""
    ids, attention_mask = pad_batch([tokenizer.encode(f"{END_OF_TEXT} {example.text}") for example in examples])
    return Encoded(ids, attention_mask, np.array([example.label for example in examples]))


def finetune(
    classifier: LastTokenClassifier, examples: Encoded, settings: FinetuneSettings, lr: float, seed: int
) -> None:
    """Train all of the classifier, for `settings.steps` steps whatever happens."""
    optimizer = optim.AdamW(classifier.parameters(), lr=lr, weight_decay=0.0)
    generator = np.random.default_rng([seed, 2])
    order = np.empty(0, np.int64)
    for step in range(settings.steps):
        if len(order) < settings.batch_size:
            order = np.concatenate([order, generator.permutation(len(examples))])
        batch, order = examples[order[: settings.batch_size]], order[settings.batch_size :]
        loss = ops.cross_entropy(classifier(batch.ids, batch.attention_mask), batch.labels)
        loss.backward()
        optim.clip_grad_norm(optimizer.params, 1.0)
        optimizer.lr = lr * optim.warmup_linear(step + 1, max(settings.steps // 10, 1), settings.steps + 1)
        optimizer.step()
        optimizer.zero_grad()


@no_grad()
def evaluate(classifier: LastTokenClassifier, examples: Encoded, batch_size: int = 128) -> tuple[float, float]:
    """The mean loss in nats per example, and the accuracy."""
    loss, correct = 0.0, 0
    for start in range(0, len(examples), batch_size):
        batch = examples[slice(start, start + batch_size)]
        logits: Tensor = classifier(batch.ids, batch.attention_mask)
        loss += ops.cross_entropy(logits, batch.labels).item() * len(batch)
        correct += int((logits.numpy().argmax(axis=-1) == batch.labels).sum())
    return loss / len(examples), correct / len(examples)
