"""How likely does a language model find a text? Log-probabilities, perplexity, and the choice between answers.

    log p(w_1 … w_T) = Σ log p(w_t | w_1 … w_{t-1})

A model is anything that gives logits (B, T, V) for ids and attention_mask (B, T), such as `GPT`; call its `eval()`
first if it has dropout. All probabilities here are natural logarithms, so in nats.

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
    """log p of each token but the first, given those before it: (B, T) → (B, T - 1), 0 where there is padding.

    Args:
        attention_mask: (B, T), 1 where there is a token; None means everywhere. The first token of a row has no
            probability, whichever side the padding is on.

    Raises:
        ValueError: if there is no second token, an id is not in the vocabulary, or the shapes differ.
        TypeError: if ids are not integers, or the mask holds neither integers nor booleans.
    """
    inputs, labels = causal_lm(ids, attention_mask)
    attention_mask = token_mask(attention_mask, integers("ids", ids))
    log_probs = ops.log_softmax(model(inputs, attention_mask[:, :-1])).numpy()
    is_token = labels != IGNORE
    tokens = ops.check_ids(np.where(is_token, labels, 0), log_probs.shape[-1])
    return np.where(is_token, np.take_along_axis(log_probs, tokens[..., None], axis=-1)[..., 0], 0)


def continuation_log_prob(
    model: Model, prompts: Sequence[Sequence[int]], continuations: Sequence[Sequence[int]]
) -> np.ndarray:
    """log p(continuation | prompt) of each pair, read as one batch: B and B lists of ids → (B,).

    Raises:
        ValueError: if a prompt is empty, so that nothing could predict the first token (let it begin with the
            token that texts begin with), or there are not as many prompts as continuations.
    """
    if len(prompts) != len(continuations):
        raise ValueError(f"continuations must be as many as prompts, {len(prompts)}, got {len(continuations)}")
    prompts, continuations = check_texts("prompts", prompts), check_texts("continuations", continuations)
    if any(len(prompt) == 0 for prompt in prompts):
        raise ValueError("prompts must have at least one token each, got an empty one")
    pairs = zip(prompts, continuations, strict=True)
    ids, attention_mask = pad_batch([[*prompt, *continuation] for prompt, continuation in pairs])
    is_continuation = np.arange(1, ids.shape[1]) >= np.array([[len(prompt)] for prompt in prompts])
    log_probs = token_log_probs(model, ids, attention_mask)
    return np.where(is_continuation, log_probs, 0).sum(axis=1, dtype=np.float64)


def perplexity(model: Model, ids: np.ndarray, max_length: int, stride: int) -> float:
    """e to the mean loss per token of a text of any length, (N,) ids.

    A window of `max_length` tokens to read moves over the text by `stride`. Each token but the first is predicted
    once: all those in the first window, then in each window the last `stride`, those that are new in it. So behind
    the first window each token is predicted from at least max_length - stride + 1 tokens before it. A small stride
    costs time and is kinder to the model: with stride = max_length, half of the tokens see less than half a window.

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
    total, start, predicted = 0.0, 0, 1  # the first token is not predicted, so it counts as done
    while predicted < len(ids):
        end = min(start + max_length + 1, len(ids))
        log_probs = token_log_probs(model, ids[None, start:end])[0]
        total += log_probs[predicted - start - 1 :].sum(dtype=np.float64)
        start, predicted = start + stride, end
    return float(np.exp(-total / (len(ids) - 1)))


def choice_scores(
    model: Model,
    prompt: Sequence[int],
    choices: Sequence[Sequence[int]],
    per_token: bool = False,
    unconditional_prompt: Sequence[int] | None = None,
) -> np.ndarray:
    """How well each choice continues the prompt: lists of ids → (n_choices,), larger is better.

    It is log p(choice | prompt), which favours short choices and common words. Against either there is a remedy:

    Args:
        per_token: divide by the number of the choice's tokens.
        unconditional_prompt: subtract log p(choice | unconditional_prompt), a prompt that says nothing of the
            question, such as "Answer:". What counts then is how much likelier the question makes the choice.

    Raises:
        ValueError: if there is no choice, one has no token, or a prompt is empty.
    """
    if len(choices) == 0 or any(len(choice) == 0 for choice in choices):
        raise ValueError("choices must be at least one, with at least one token each")
    scores = continuation_log_prob(model, [prompt] * len(choices), choices)
    if unconditional_prompt is not None:
        scores = scores - continuation_log_prob(model, [unconditional_prompt] * len(choices), choices)
    return scores / [len(choice) for choice in choices] if per_token else scores


def choose(
    model: Model,
    prompt: Sequence[int],
    choices: Sequence[Sequence[int]],
    per_token: bool = False,
    unconditional_prompt: Sequence[int] | None = None,
) -> int:
    """The number of the choice with the best score (of several, the first). See `choice_scores`.

    Raises:
        ValueError: as `choice_scores` does, or if a score is NaN, which argmax would pick as the best.
    """
    scores = choice_scores(model, prompt, choices, per_token, unconditional_prompt)
    if np.isnan(scores).any():
        raise ValueError(
            f"scores must be numbers, got NaN for choice {np.isnan(scores).argmax()}: the model has diverged"
        )
    return int(scores.argmax())
