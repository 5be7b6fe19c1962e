"""The probability of a text under a language model: log-probabilities, perplexity, and the choice between answers.

    log p(w_1 … w_T) = Σ log p(w_t | w_1 … w_{t-1})

A model is any function from ids and attention_mask (B, T) to logits (B, T, V), such as `GPT`. Call its `eval()` first
if it has dropout. Log-probabilities are natural logarithms, so their unit is the nat.

Source: Brown et al. 2020, "Language Models are Few-Shot Learners", section 2.4, for the choice between answers.
"""

from collections.abc import Callable, Sequence

import numpy as np

from minigrad import IGNORE, Tensor, no_grad, ops
from minigrad.checks import integers, whole_number
from models.inputs import check_texts, pad_batch, token_mask
from models.objectives.causal_lm import causal_lm

Model = Callable[[np.ndarray, np.ndarray], Tensor]


@no_grad()
def token_log_probs(model: Model, ids: np.ndarray, attention_mask: np.ndarray | None = None) -> np.ndarray:
    """log p of each token but the first, given the tokens before it: (B, T) → (B, T - 1), 0 at padding.

    Args:
        attention_mask: (B, T), 1 where there is a token; None means everywhere. A row's first token has no
            probability, whichever side the padding is on.

    Raises:
        ValueError: if there is no second token, an id is not in the vocabulary, or the shapes differ.
        TypeError: if ids are not integers, or the mask holds neither integers nor booleans.
    """
    inputs, labels = causal_lm(ids, attention_mask)  # (B, T - 1), (B, T - 1)
    attention_mask = token_mask(attention_mask, integers("ids", ids))
    log_probs = ops.log_softmax(model(inputs, attention_mask[:, :-1])).numpy()  # (B, T - 1, V)
    # Pick each label's entry along V. IGNORE is no index, so look up token 0 there and set the result to 0, which
    # leaves a row's sum unchanged.
    is_token = labels != IGNORE
    tokens = ops.check_ids(np.where(is_token, labels, 0), log_probs.shape[-1])
    return np.where(is_token, np.take_along_axis(log_probs, tokens[..., None], axis=-1)[..., 0], 0)


def continuation_log_prob(
    model: Model, prompts: Sequence[Sequence[int]], continuations: Sequence[Sequence[int]]
) -> np.ndarray:
    """log p(continuation | prompt) of each pair, in one batch: two lists of B texts, which are lists of ids → (B,).

    Raises:
        ValueError: if a prompt is empty (nothing could predict the first token; begin it with the model's
            beginning-of-text token), or the numbers of prompts and continuations differ.
    """
    if len(prompts) != len(continuations):
        raise ValueError(f"continuations must be as many as prompts, {len(prompts)}, got {len(continuations)}")
    prompts, continuations = check_texts("prompts", prompts), check_texts("continuations", continuations)
    if any(len(prompt) == 0 for prompt in prompts):
        raise ValueError("prompts must have at least one token each, got an empty one")
    pairs = zip(prompts, continuations, strict=True)
    ids, attention_mask = pad_batch([[*prompt, *continuation] for prompt, continuation in pairs])  # (B, T)
    # Column t of the log-probabilities is of token t + 1, hence arange(1, T). Prompt of 3: tokens 3, 4, … count.
    # Padding counts too, with log p = 0.
    is_continuation = np.arange(1, ids.shape[1]) >= np.array([[len(prompt)] for prompt in prompts])
    log_probs = token_log_probs(model, ids, attention_mask)  # (B, T - 1)
    return np.where(is_continuation, log_probs, 0).sum(axis=1, dtype=np.float64)


def perplexity(model: Model, ids: np.ndarray, max_length: int, stride: int) -> float:
    """The exponential of the mean loss per token, for a text of any length: (N,) ids.

    A window of `max_length` tokens moves over the text in steps of `stride`. Each token but the first is predicted
    once: the first window predicts all of its tokens, and each later window only its last `stride`, which are new. So
    after the first window each token is predicted from at least max_length - stride + 1 tokens. A small stride takes
    more time and usually gives a lower perplexity: with stride = max_length, half of the tokens are predicted from less
    than half a window.

    Raises:
        ValueError: if there is no second token, or not 1 ≤ stride ≤ max_length.
        TypeError: if ids, max_length or stride are not integers.
    """
    ids = integers("ids", ids)
    max_length, stride = whole_number("max_length", max_length), whole_number("stride", stride)
    if ids.ndim != 1 or len(ids) < 2:
        raise ValueError(f"ids must have shape (N,) with N at least 2, got {ids.shape}")
    if not 1 <= stride <= max_length:
        raise ValueError(f"stride must lie in [1, max_length], got stride {stride} and max_length {max_length}")
    # A window reads max_length tokens and predicts one more. max_length 4, stride 2: it reads 0 … 3 and predicts 1 … 4,
    # then reads 2 … 5 and counts 5 and 6 only.
    total, start, predicted = 0.0, 0, 1  # the first token is not predicted, so it counts as done
    while predicted < len(ids):
        end = min(start + max_length + 1, len(ids))
        log_probs = token_log_probs(model, ids[None, start:end])[0]  # (end - start - 1,)
        total += log_probs[predicted - start - 1 :].sum(dtype=np.float64)
        start, predicted = start + stride, end
    # A model that always hesitates between k equally likely tokens has perplexity k; one that knows nothing has V.
    return float(np.exp(-total / (len(ids) - 1)))


def choice_scores(
    model: Model,
    prompt: Sequence[int],
    choices: Sequence[Sequence[int]],
    per_token: bool = False,
    unconditional_prompt: Sequence[int] | None = None,
) -> np.ndarray:
    """How well each choice continues the prompt: lists of ids → (n_choices,), larger is better.

    The score is log p(choice | prompt), which favours short choices and common words. Each bias has a correction:

    Args:
        per_token: divide by the number of the choice's tokens.
        unconditional_prompt: subtract log p(choice | unconditional_prompt), where the prompt does not mention the
            question, such as "Answer:". The score is then how much likelier the question makes the choice.

    Raises:
        ValueError: if there is no choice, a choice has no token, or a prompt is empty.
    """
    if len(choices) == 0 or any(len(choice) == 0 for choice in choices):
        raise ValueError("choices must be at least one, with at least one token each")
    scores = continuation_log_prob(model, [prompt] * len(choices), choices)
    # log p(choice | prompt) - log p(choice | nothing): "the" is likely after anything, so its gain is small.
    if unconditional_prompt is not None:
        scores = scores - continuation_log_prob(model, [unconditional_prompt] * len(choices), choices)
    # Each token multiplies p by at most 1, so longer choices score lower; means per token can be compared across
    # lengths.
    return scores / [len(choice) for choice in choices] if per_token else scores


def choose(
    model: Model,
    prompt: Sequence[int],
    choices: Sequence[Sequence[int]],
    per_token: bool = False,
    unconditional_prompt: Sequence[int] | None = None,
) -> int:
    """The index of the choice with the best score; ties go to the first. See `choice_scores`.

    Raises:
        ValueError: as for `choice_scores`, or if a score is NaN, which argmax would pick as the best.
    """
    scores = choice_scores(model, prompt, choices, per_token, unconditional_prompt)
    if np.isnan(scores).any():
        raise ValueError(
            f"scores must be numbers, got NaN for choice {np.isnan(scores).argmax()}: the model has diverged"
        )
    return int(scores.argmax())
