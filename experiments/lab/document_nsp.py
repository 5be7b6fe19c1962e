"""BERT's second task on documents: does the second segment follow the first, or is it from another document?

    [CLS] a a . [SEP] b b b . [SEP]      IS_NEXT, 0: a document, cut behind a sentence
    [CLS] a a . [SEP] d d d . [SEP]      IS_RANDOM, 1: the second segment of another document

The other document is in the same batch and is cut at the same place, so the second segments that follow and those that
do not have the same lengths. If it could be any document of the batch, lengths would give many labels away: the
documents of a batch are about equally long, so the length of a first segment tells that of its second one.

The label is one of a whole row. Its loss is a mean over the rows with a label, and is added to the mean over the hidden
tokens. A row has no label if its document has one sentence, and so no second segment, or if no other document of the
batch is cut at the same place. Tokens are hidden in all rows.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from experiments.lab.document_objectives import DocumentMLM, as_segments, choose_cuts
from experiments.lab.objectives import Batch, drawing, masked_lm_loss
from experiments.lab.probes import Probe
from minigrad import IGNORE, Tensor, ops
from models.bert import BERT
from models.objectives.next_sentence import IS_NEXT, IS_RANDOM


@dataclass(frozen=True)
class DocumentMLMWithNextSentence(DocumentMLM):
    """Both of BERT's tasks, their losses added. `n_targets` counts the hidden tokens, not the labels of the rows."""

    def batch(self, step: int) -> Batch:
        generator = drawing(self.seed, step)
        ids, attention_mask, token_type_ids, next_labels = self.pairs(step, generator)
        inputs, labels = self.hide(ids, attention_mask, generator)
        return inputs, attention_mask, token_type_ids, next_labels, labels

    def pairs(self, step: int, generator: np.random.Generator) -> Batch:
        """A step's pairs before any token is hidden: ids, attention_mask, token_type_ids (B, T), labels (B,)."""
        ids, attention_mask = self.documents.batch(step)
        cuts = choose_cuts(ids, attention_mask, self.sentence_ends, generator)
        ids, attention_mask, next_labels = exchange_second_segments(ids, attention_mask, cuts, generator)
        ids, token_type_ids, attention_mask = as_segments(ids, attention_mask, cuts, self.cls_id, self.sep_id)
        return ids, attention_mask, token_type_ids, next_labels

    def loss(self, model: BERT, *batch: np.ndarray) -> Tensor:
        inputs, attention_mask, token_type_ids, next_labels, labels = batch
        hidden = model(inputs, attention_mask, token_type_ids)
        next_sentence_loss = ops.cross_entropy(model.next_sentence_logits(hidden), next_labels)
        return masked_lm_loss(model, hidden, labels) + next_sentence_loss


def exchange_second_segments(
    ids: np.ndarray, attention_mask: np.ndarray, cuts: np.ndarray, generator: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Give half of the documents, drawn at random, the second segment of their partner.

    Shapes: ids, attention_mask (B, T), cuts (B,) from `choose_cuts` → ids, attention_mask (B, T), labels (B,): IS_NEXT,
    IS_RANDOM, or IGNORE for a document without a partner.

    The partner's second segment may be the same as the document's own. Then it does follow, and the label is IS_NEXT.
    """
    B, T = ids.shape
    partner = partners(cuts, T, generator)  # (B,)
    second = np.where(generator.random(B) < 0.5, partner, np.arange(B))  # (B,): whose second segment it is
    pairs = np.where(np.arange(T) <= cuts[:, None], ids, ids[second])  # (B, T)
    labels = np.where((pairs != ids).any(axis=1), IS_RANDOM, IS_NEXT)
    return pairs, attention_mask[second], np.where(partner == np.arange(B), IGNORE, labels)


def partners(cuts: np.ndarray, no_cut: int, generator: np.random.Generator) -> np.ndarray:
    """For each document another one that is cut at the same place, or itself if there is none: (B,) → (B,)."""
    shuffled, partner = generator.permutation(len(cuts)), np.arange(len(cuts))
    for cut in np.unique(cuts[cuts != no_cut]):
        alike = shuffled[cuts[shuffled] == cut]
        partner[alike] = np.roll(alike, 1)  # in a circle, so each is the partner of one
    return partner


def next_sentence_accuracy(objective: DocumentMLMWithNextSentence, steps: Sequence[int]) -> Probe:
    """A probe: the share of some steps' labelled pairs that a model classifies correctly, with no token hidden.

    Raises:
        ValueError: if no pair of these steps has a label.
    """
    batches = [objective.pairs(step, drawing(objective.seed, step)) for step in steps]
    if all((labels == IGNORE).all() for *_, labels in batches):
        raise ValueError(f"steps must hold a pair with a label, got none in {steps}")

    def accuracy(model: BERT) -> float:
        right = []
        for *inputs, labels in batches:
            answers = model.next_sentence_logits(model(*inputs)).numpy().argmax(axis=1)  # (B,)
            right.append((answers == labels)[labels != IGNORE])
        return float(np.concatenate(right).mean())

    return accuracy
