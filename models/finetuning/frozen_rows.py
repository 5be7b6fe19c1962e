"""Freezing a part of a table: the pretrained embeddings stay as they are, and only those of some tokens learn.

A whole parameter is frozen by `parameter.requires_grad = False`. That is too much for a table of embeddings with new
rows, such as those of [START], [DELIM] and [EXTRACT], which pretraining did not train.
"""

from collections.abc import Sequence

from minigrad import nn
from models.inputs import check_vocabulary


def zero_grad_except(table: nn.Parameter, rows: Sequence[int] | int) -> None:
    """Set the gradient of a table (V, D) to zero outside `rows`, which go on learning; the other rows are frozen.

    Call it in every step, after `loss.backward()` and before clipping, so that the norm does not count frozen rows:

        loss.backward()
        zero_grad_except(model.token_embedding.weight, [start_id, delimiter_id, extract_id])
        optim.clip_grad_norm(optimizer.params, 1.0)
        optimizer.step()

    Frozen rows then keep their bits, if the optimizer's weight decay for the table is 0, and if the optimizer has never
    seen another gradient of these rows: running averages of past gradients would still move them.

    The output layer of GPT and BERT is tied to the embeddings: it is the same matrix. So its frozen rows, from which
    the logits of these tokens come, do not learn either.

    A table without a gradient, because it is frozen or took no part in the loss, stays without one.

    Raises:
        TypeError: if rows are not integers.
        ValueError: if a row is not one of the table's.
    """
    rows = check_vocabulary("rows", rows, len(table)).ravel().tolist()
    if table.grad is None:
        return
    learning = table.grad[rows]  # (number of rows, D), a copy
    table.grad[...] = 0
    table.grad[rows] = learning
