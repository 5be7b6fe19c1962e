"""The models of the lecture, and how to pretrain and use them.

word_vectors.py   skip-gram: one vector for each word, the same in every context (circa 2017)
lstm_lm.py        a recurrent language model (Dai and Le 2015)
elmo.py           a language model in both directions; attention_classifier.py is trained on top of it (2018)
gpt.py            the decoder
bert.py           the encoder
t5.py             the encoder-decoder; t5_decoder.py is its decoder alone, also as a prefix LM
position_bias.py  the relative positions of T5
sizes.py          the published configurations

objectives/       pretraining: what a model reads, and what it must predict
finetuning/       training a pretrained model on a task
prompting.py      in-context learning: the prompt shows the task
sampling.py       from logits to the next token: greedy, temperature, top-k, top-p
generation.py     token by token, with or without a key/value cache; beam_search.py finds the likeliest text
scoring.py        the probability of a text, and the likeliest of several

pretrained/       checkpoints in Hugging Face's layout; download.py fetches public ones, partial_download.py one
                  file, http_requests.py one response
text/             models together with tokenizers; commands.py is the command line, `python -m models`
inputs.py         batches, checks and position numbers

The models, their configurations and `Sampling` can be imported from here, as in `from models import GPT, GPTConfig`.
A module is loaded when one of its names is first used (PEP 562), so `import models` alone loads none of them.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # the table below, for type checkers and editors
    from models.bert import BERT as BERT
    from models.bert import BERTConfig as BERTConfig
    from models.elmo import BiLSTMConfig as BiLSTMConfig
    from models.elmo import BiLSTMLanguageModel as BiLSTMLanguageModel
    from models.elmo import ELMo as ELMo
    from models.gpt import GPT as GPT
    from models.gpt import GPTConfig as GPTConfig
    from models.lstm_lm import LSTMConfig as LSTMConfig
    from models.lstm_lm import LSTMLanguageModel as LSTMLanguageModel
    from models.sampling import Sampling as Sampling
    from models.t5 import T5 as T5
    from models.t5 import T5Config as T5Config
    from models.t5_decoder import T5Decoder as T5Decoder
    from models.word_vectors import SkipGram as SkipGram

MODULES = {  # the module of each name
    "BERT": "bert",
    "BERTConfig": "bert",
    "BiLSTMConfig": "elmo",
    "BiLSTMLanguageModel": "elmo",
    "ELMo": "elmo",
    "GPT": "gpt",
    "GPTConfig": "gpt",
    "LSTMConfig": "lstm_lm",
    "LSTMLanguageModel": "lstm_lm",
    "Sampling": "sampling",
    "SkipGram": "word_vectors",
    "T5": "t5",
    "T5Config": "t5",
    "T5Decoder": "t5_decoder",
}

if not TYPE_CHECKING:  # or a type checker would accept any name as one of the package's

    def __getattr__(name: str) -> Any:
        if name not in MODULES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return getattr(importlib.import_module(f"models.{MODULES[name]}"), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *MODULES])
