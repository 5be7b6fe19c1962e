"""A seed's world as models read it: a tokenizer, the unlabelled text as ids, and the tasks as arrays."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

from experiments.lab.ways import LastToken
from experiments.lab.windows import Windows, token_stream
from experiments.text.toy_world import sentiment
from experiments.text.toy_world.world import World
from minigrad.checks import whole_number
from models.finetuning import pad_batch
from tokenizer import ByteLevelBPE
from tokenizer.formats.gpt2_files import END_OF_TEXT

TOKENIZER_TEXTS = 5000
"""The tokenizer learns from so many documents, the first ones."""


@dataclass(frozen=True)
class Reading:
    """What pretraining reads of a world: the first tokens of its text, in rows of `context` tokens.

    Attributes:
        n_tokens: of the text. A run of `n_tokens / (batch_size · context)` steps reads each token once.
        vocab_size: of the tokenizer, which is trained on the same text; a short text yields fewer tokens.
    """

    n_tokens: int
    batch_size: int = 16
    context: int = 64
    vocab_size: int = 1024

    def __post_init__(self) -> None:
        for name in ("n_tokens", "batch_size", "context", "vocab_size"):
            whole_number(name, getattr(self, name), at_least=1)

    def of(self, seed: int) -> "Text":
        """The text of a seed's world."""
        return text_of(self.n_tokens, self.vocab_size, seed)

    def windows(self, seed: int) -> Windows:
        """The same text in rows of context + 1 tokens, `batch_size` rows a step."""
        return Windows(self.of(seed).ids, self.context, self.batch_size, seed)


@dataclass(frozen=True)
class Text:
    """A tokenizer, and unlabelled text as ids."""

    tokenizer: ByteLevelBPE
    ids: np.ndarray


@cache
def text_of(n_tokens: int, vocab_size: int, seed: int) -> Text:
    """The text of a seed's world: `n_tokens` tokens to predict, and one before them to predict the first from."""
    texts = World(seed).text(seed=0, n_words=n_tokens)  # a word is a token or more: this is enough
    tokenizer = ByteLevelBPE.train(texts[:TOKENIZER_TEXTS], vocab_size, special_tokens=[END_OF_TEXT])
    return Text(tokenizer, token_stream(tokenizer, texts)[: n_tokens + 1])


@dataclass(frozen=True)
class Sentiment:
    """The sentiment task of a seed's world (`experiments/text/toy_world/sentiment.py`)."""

    train: LastToken
    dev: LastToken
    test: LastToken
    n_new: np.ndarray  # for each test example, how many of its adjectives no training example has


@cache
def sentiment_of(reading: Reading, n_train: int, n_dev: int, n_test: int, seed: int) -> Sentiment:
    """The task's examples, encoded with the tokenizer of the pretraining text."""
    task, tokenizer = sentiment.task(seed, n_train, n_dev, n_test), reading.of(seed).tokenizer
    train, dev, test = (encode(tokenizer, part) for part in (task.train, task.dev, task.test))
    return Sentiment(train, dev, test, np.array([example.n_new for example in task.test]))


def encode(tokenizer: ByteLevelBPE, examples: Sequence[sentiment.Example]) -> LastToken:
    """Each text as pretraining would have written it, from its end-of-text token on."""
    ids, attention_mask = pad_batch([tokenizer.encode(f"{END_OF_TEXT} {example.text}") for example in examples])
    return LastToken(ids, attention_mask, np.array([example.label for example in examples]))
