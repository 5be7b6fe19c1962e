"""The models of the lecture, and the ways to pretrain and to use them.

word_vectors.py   skip-gram: one vector per word, whatever its context (Mikolov et al. 2013)
lstm_lm.py        a recurrent language model (Dai and Le 2015)
elmo.py           a bidirectional one, and vectors from it (2018); attention_classifier.py classifies texts by them
gpt.py            the decoder
bert.py           the encoder
t5.py             the encoder-decoder; t5_decoder.py its decoder alone, also as a prefix LM
sizes.py          the published configurations

objectives/       what each kind of pretraining reads and predicts
finetuning/       training a pretrained model on a task
prompting.py      showing a task in the prompt
generation.py     sampling from a language model; beam_search.py searches for the likeliest text
scoring.py        the probability of a text, and the likeliest of several

pretrained/       checkpoints in Hugging Face's layout
download.py       fetches public checkpoints, with http_requests.py and partial_download.py
text.py           models and tokenizers together
__main__.py       the command line, `python -m models`; commands.py has the commands
inputs.py         the inputs of models: batches, checks, positions

The models and their configurations can be imported from here, as in `from models import GPT, GPTConfig`. A module is
loaded when one of its names is first used (PEP 562), so `import models` alone loads none of them.
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
    from models.t5 import T5 as T5
    from models.t5 import T5Config as T5Config
    from models.t5_decoder import T5Decoder as T5Decoder
    from models.word_vectors import SkipGram as SkipGram

MODULES = {  # the module that defines each name
    "BERT": "bert",
    "BERTConfig": "bert",
    "BiLSTMConfig": "elmo",
    "BiLSTMLanguageModel": "elmo",
    "ELMo": "elmo",
    "GPT": "gpt",
    "GPTConfig": "gpt",
    "LSTMConfig": "lstm_lm",
    "LSTMLanguageModel": "lstm_lm",
    "SkipGram": "word_vectors",
    "T5": "t5",
    "T5Config": "t5",
    "T5Decoder": "t5_decoder",
}

if not TYPE_CHECKING:  # a type checker that saw this would accept any name

    def __getattr__(name: str) -> Any:
        if name not in MODULES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return getattr(importlib.import_module(f"models.{MODULES[name]}"), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *MODULES])
