"""Bad input to what writes text: sampling, beam search, the models' `generate`, and GPT's options."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from minigrad import Tensor, nn, ops
from models import (
    GPT,
    T5,
    GPTConfig,
    LSTMConfig,
    LSTMLanguageModel,
    T5Config,
    T5Decoder,
    generation,
    scoring,
    text,
)
from models.beam_search import beam_search
from models.generation import WithCache, WithoutCache
from models.pretrained import gpt2
from models.sampling import GREEDY, Sampling, next_token_distribution
from models.t5 import Output
from tests.bad_inputs.case import Case
from tokenizer import ByteLevelBPE

PROMPT = np.array([[1, 2, 3]])
DIVERGED = "the model has diverged"


def gpt(weight: float | None = None, **options: Any) -> GPT:
    """A small model; with a weight, one whose final norm has it, as a diverged model might."""
    model = GPT(GPTConfig(20, n_positions=8, d_model=8, n_layers=1, n_heads=2, **options), np.random.default_rng(0))
    if weight is not None:
        model.final_norm.weight.data[...] = weight
    return model


def t5(eos_id: int = 1) -> T5:
    return T5(T5Config(20, d_model=8, d_ff=8, n_layers=1, n_heads=2, eos_id=eos_id), np.random.default_rng(0))


def diverged_lstm() -> LSTMLanguageModel:
    model = LSTMLanguageModel(LSTMConfig(20, d_model=8))
    model.token_embedding.weight.data[...] = np.nan
    return model


def fixed(*logits: float) -> WithoutCache:
    """A model that gives these logits whatever it reads."""
    return WithoutCache(
        lambda ids, attention_mask: Tensor(np.broadcast_to(np.array(logits), (*ids.shape, len(logits))))
    )


def writes(**arguments: Any) -> Callable[[Path], object]:
    return lambda folder: gpt().generate(PROMPT, 4, **arguments)


def samples(**fields: Any) -> Callable[[Path], object]:
    return lambda folder: gpt().generate(PROMPT, 4, Sampling(**fields))


def searches(**arguments: Any) -> Callable[[Path], object]:
    return lambda folder: beam_search(WithCache(gpt()), PROMPT, 4, **arguments)


def writes_text(**arguments: Any) -> Callable[[Path], object]:
    """Text in, text out, with a tokenizer that fits the model."""

    def call(folder: Path) -> object:
        tokenizer = ByteLevelBPE.train("the cat sat on the mat " * 5, 270)
        model = GPT(GPTConfig(270, n_positions=8, d_model=8, n_layers=1, n_heads=2))
        return text.write(model, tokenizer, **{"text": "the cat", "max_new_tokens": 3} | arguments)

    return call


def turns(x: np.ndarray, positions: Any, **arguments: Any) -> Callable[[Path], object]:
    return lambda folder: ops.rotary(x, positions, **arguments)


X = np.ones((2, 1, 3, 4), np.float32)
FINITE = "must be a finite number"

CASES = [
    # -- how many, and from where
    Case("no token to start from", lambda _: gpt().generate(PROMPT[:, :0], 4), ValueError, ("ids", "(1, 0)")),
    Case("no sequence to continue", lambda _: gpt().generate(PROMPT[:0], 4), ValueError, ("ids", "(0, 3)")),
    Case("max_new_tokens -1", lambda _: gpt().generate(PROMPT, -1), ValueError, ("max_new_tokens", "at least 0", "-1")),
    Case("max_new_tokens 1.5", lambda _: gpt().generate(PROMPT, 1.5), TypeError, ("max_new_tokens", "integer", "1.5")),
    Case("max_new_tokens True", lambda _: gpt().generate(PROMPT, True), TypeError, ("max_new_tokens", "True", "bool")),
    Case("T5, max_new_tokens 2.0", lambda _: t5().generate(PROMPT, 2.0), TypeError, ("max_new_tokens", "2.0")),
    Case(
        "beams, max_new_tokens -1", lambda _: beam_search(fixed(0, 1), PROMPT * 0, -1), ValueError, ("max_new_tokens",)
    ),
    # -- sampling
    Case("temperature NaN", samples(temperature=np.nan), ValueError, ("temperature", FINITE, "nan")),
    Case("temperature -1", samples(temperature=-1.0), ValueError, ("temperature", "at least 0", "-1")),
    Case("temperature infinite", samples(temperature=np.inf), ValueError, ("temperature", FINITE, "inf")),
    Case("temperature a string", samples(temperature="1"), TypeError, ("temperature", "number", "'1'")),
    Case("top_k 0", samples(top_k=0), ValueError, ("top_k", "at least 1", "0")),
    Case("top_k -5", samples(top_k=-5), ValueError, ("top_k", "at least 1", "-5")),
    Case("top_k 2.5", samples(top_k=2.5), TypeError, ("top_k", "integer", "2.5")),
    Case("top_k of greedy decoding", samples(temperature=0, top_k=0), ValueError, ("top_k", "at least 1")),
    Case("top_p 0", samples(top_p=0), ValueError, ("top_p", "above 0", "at most 1", "0")),
    Case("top_p 1.5", samples(top_p=1.5), ValueError, ("top_p", "at most 1", "1.5")),
    Case("top_p NaN", samples(top_p=np.nan), ValueError, ("top_p", FINITE, "nan")),
    Case("repetition_penalty 0", samples(repetition_penalty=0), ValueError, ("repetition_penalty", "above 0", "0")),
    Case("repetition_penalty -2", samples(repetition_penalty=-2.0), ValueError, ("repetition_penalty", "-2")),
    Case("repetition_penalty NaN", samples(repetition_penalty=np.nan), ValueError, ("repetition_penalty", "nan")),
    Case("a distribution by a number", lambda _: next_token_distribution(X[0, 0], 0.8), TypeError, ("sampling", "0.8")),
    Case("sampling a number", writes(sampling=0.8), TypeError, ("sampling", "a Sampling", "0.8")),
    Case("seed -1", writes(seed=-1), ValueError, ("seed", "at least 0", "-1")),
    Case("seed 0.5", writes(seed=0.5), TypeError, ("seed", "integer", "0.5")),
    Case("eos_id one too large", writes(eos_id=20), ValueError, ("eos_id", "[0, 20)", "20")),
    Case("eos_id negative", writes(eos_id=-1), ValueError, ("eos_id", "vocabulary", "-1")),
    Case("eos_id a float", writes(eos_id=3.0), TypeError, ("eos_id", "integer", "3.0")),
    Case("T5's eos_id outside", lambda _: t5(eos_id=99).generate(PROMPT, 3), ValueError, ("eos_id", "99")),
    Case(
        "pad_id outside",
        lambda _: generation.generate(WithoutCache(gpt()), PROMPT, 3, eos_id=1, pad_id=20),
        ValueError,
        ("pad_id", "[0, 20)"),
    ),
    Case("max_length 0", lambda _: WithCache(gpt(), 0), ValueError, ("max_length", "at least 1", "0")),
    Case("max_length 2.5", lambda _: WithoutCache(gpt(), 2.5), TypeError, ("max_length", "integer", "2.5")),
    Case(
        "a penalty for an id that is none",
        lambda _: generation.penalise_repetition(np.zeros((1, 5)), np.array([[-1]]), 1.2),
        ValueError,
        ("ids", "[0, 5)", "-1"),
    ),
    # -- models that have diverged
    Case("NaN weights", lambda _: gpt(np.nan).generate(PROMPT, 3), ValueError, ("NaN", "row 0", "step 1", DIVERGED)),
    Case(
        "NaN weights, greedy",
        lambda _: gpt(np.nan).generate(PROMPT, 3, GREEDY),
        ValueError,
        ("NaN", "step 1", DIVERGED),
    ),
    Case(
        "an LSTM of NaN",
        lambda _: generation.generate(WithoutCache(diverged_lstm()), PROMPT, 3),
        ValueError,
        (DIVERGED,),
    ),
    Case(
        "+inf", lambda _: generation.generate(fixed(0, np.inf), PROMPT * 0, 3), ValueError, ("+inf", "row 0", DIVERGED)
    ),
    Case(
        "a row of -inf",
        lambda _: generation.generate(fixed(-np.inf, -np.inf), PROMPT * 0, 3, GREEDY),
        ValueError,
        ("nothing but -inf", "row 0", "step 1", DIVERGED),
    ),
    Case(
        "beams over NaN",
        lambda _: beam_search(WithCache(gpt(np.nan)), PROMPT, 3),
        ValueError,
        ("NaN", "step 1", DIVERGED),
    ),
    Case("beams over +inf", lambda _: beam_search(fixed(0, np.inf), PROMPT * 0, 3), ValueError, ("+inf", DIVERGED)),
    Case("a choice by NaN", lambda _: scoring.choose(gpt(np.nan), [1], [[2], [3]]), ValueError, ("choice 0", DIVERGED)),
    # -- beams
    Case("n_beams 0", searches(n_beams=0), ValueError, ("n_beams", "at least 1", "0")),
    Case("n_beams -3", searches(n_beams=-3), ValueError, ("n_beams", "at least 1", "-3")),
    Case("n_beams 2.0", searches(n_beams=2.0), TypeError, ("n_beams", "integer", "2.0")),
    Case("length_penalty NaN", searches(length_penalty=np.nan), ValueError, ("length_penalty", FINITE, "nan")),
    Case("length_penalty infinite", searches(length_penalty=-np.inf), ValueError, ("length_penalty", FINITE, "inf")),
    Case("length_penalty too large", searches(length_penalty=1000.0), ValueError, ("length_penalty", "4 ** 1000")),
    Case("eos_id of beams outside", searches(eos_id=20), ValueError, ("eos_id", "[0, 20)", "20")),
    Case(
        "two sequences for beams",
        lambda _: beam_search(WithoutCache(gpt()), np.ones((2, 3), int), 3),
        ValueError,
        ("(2, 3)",),
    ),
    Case("no output for an input", lambda _: Output(t5(), PROMPT, repeat=0), ValueError, ("repeat", "at least 1", "0")),
    # -- text
    Case("text, n_beams 0", writes_text(n_beams=0), ValueError, ("n_beams", "at least 1", "0")),
    Case("text, n_beams 1.5", writes_text(n_beams=1.5), TypeError, ("n_beams", "integer", "1.5")),
    Case("text, sampling a number", writes_text(sampling=0.8), TypeError, ("sampling", "a Sampling", "0.8")),
    Case("text, beams, sampling a number", writes_text(n_beams=2, sampling=0.8), TypeError, ("sampling", "0.8")),
    Case("text, a misspelt option", writes_text(n_beams=2, temprature=1.0), TypeError, ("temprature",)),
    Case("text, empty", writes_text(text=""), ValueError, ("text is empty",)),
    Case("text by a T5 decoder", lambda _: text.write(T5Decoder(t5().config), None, "x", 3), TypeError, ("T5Decoder",)),
    # -- rotary positions and the output layer
    Case("an odd head", turns(X[..., :3], np.arange(3)), ValueError, ("even", "(2, 1, 3, 3)")),
    Case("no heads", turns(X[0], np.arange(3)), ValueError, ("(B, H, T, K)", "(1, 3, 4)")),
    Case("positions of another length", turns(X, np.arange(4)), ValueError, ("positions", "(2, 3)", "(1, 4)")),
    Case("positions of another batch", turns(X, np.zeros((3, 3), int)), ValueError, ("positions", "(3, 3)")),
    Case("float positions", turns(X, np.arange(3.0)), TypeError, ("positions", "integers", "float64")),
    Case("integers to turn", turns(X.astype(int), np.arange(3)), TypeError, ("rotary", "floating-point", "int64")),
    Case("theta 0", turns(X, np.arange(3), theta=0), ValueError, ("theta", "above 0", "0")),
    Case(
        "positions with a context",
        lambda _: nn.MultiHeadAttention(4, 1)(Tensor(X[0]), Tensor(X[0]), positions=np.arange(3)[None]),
        ValueError,
        ("positions", "context"),
    ),
    Case(
        "positions of another kind",
        lambda _: gpt(positions="absolute"),
        ValueError,
        ("positions", "'absolute'", "rotary"),
    ),
    Case("a tied head of zeros", lambda _: gpt(zero_init_head=True), ValueError, ("zero_init_head", "tied_head=False")),
    Case(
        "rotary in GPT-2's layout",
        lambda f: gpt2.save(gpt(positions="rotary"), f),
        ValueError,
        ("positions", "rotary"),
    ),
]
