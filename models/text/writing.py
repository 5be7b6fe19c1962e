"""Writing: the text that a decoder or an encoder-decoder generates for a text."""

from collections.abc import Callable

import numpy as np

from minigrad import no_grad
from minigrad.checks import whole_number
from models.beam_search import beam_search
from models.generation import WithCache, generate
from models.gpt import GPT
from models.sampling import PURE_SAMPLING, Sampling, check_sampling
from models.t5 import T5, Output
from models.text.loading import Tokenizer
from models.text.spacing import continuation
from models.text.special_tokens import as_read, end_of_text
from tokenizer import WordPiece


def write(
    model: GPT | T5,
    tokenizer: Tokenizer,
    text: str,
    max_new_tokens: int,
    sampling: Sampling = PURE_SAMPLING,
    *,
    seed: int = 0,
    n_beams: int = 1,
    on_token: Callable[[str], object] | None = None,
) -> str:
    """The continuation of a text by a decoder, or the output of an encoder-decoder for it.

    Args:
        sampling: how each token is chosen; not used with several beams.
        seed: of the draws.
        n_beams: if more than 1, the result is the likeliest text that beam search finds.
        on_token: called with each new piece of text as it is written; not with several beams.

    Raises:
        ValueError: if an argument is out of range, the model has diverged, or the text has no token and the model none
            to start from.
        TypeError: if an argument is of the wrong type, or the model does not write.
    """
    if not isinstance(model, GPT | T5):
        raise TypeError(f"model must be one that writes, a GPT or a T5, got a {type(model).__name__}")
    whole_number("n_beams", n_beams, at_least=1)
    check_sampling(sampling)
    eos_id = end_of_text(model, tokenizer)
    ids = as_read(model, tokenizer, text)
    if isinstance(model, T5):
        with no_grad():
            output = Output(model, np.array([ids]), repeat=n_beams)
        start, next_logits = output.start()[:1], WithCache(output)
    else:
        if not ids and eos_id is not None:
            ids = [eos_id]  # an empty text begins after the end of another
        if not ids:
            raise ValueError("text is empty, and there is no token to start from")
        start, next_logits = np.array([ids]), WithCache(model, model.config.n_positions)

    def text_of(ids: np.ndarray) -> str:
        """The new text in some ids (T,), which include the beginning: up to eos_id."""
        new = ids[start.shape[1] :]
        ends = np.flatnonzero(new == eos_id)
        new_ids = new[: ends[0]].tolist() if len(ends) else new.tolist()
        if isinstance(tokenizer, WordPiece):
            return continuation(tokenizer, text, new_ids)
        return tokenizer.decode(new_ids)

    if n_beams > 1:
        best = beam_search(next_logits, start, max_new_tokens, n_beams, eos_id=eos_id)[0]
        return text_of(best.ids)

    shown = ""

    def show(so_far: np.ndarray) -> None:
        nonlocal shown
        if on_token is None:
            return
        written = text_of(so_far[0])
        if not written.endswith("\ufffd"):  # a token may end in the middle of a character: wait for the rest
            on_token(written[len(shown) :])
            shown = written

    written = generate(next_logits, start, max_new_tokens, sampling, seed=seed, eos_id=eos_id, on_token=show)
    return text_of(written[0])
