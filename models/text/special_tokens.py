"""The special tokens around a text, which differ between the families.

BERT     [CLS] text [SEP]
T5       text </s>
GPT      [START] text </s>     the toy models: bos_id before every text, eos_id at its end
GPT-2    text <|endoftext|>    one token is both: it separates texts, and only an empty text needs it in front
"""

from models.bert import BERT
from models.gpt import GPT
from models.t5 import T5
from models.text.loading import Model, Tokenizer
from tokenizer import ByteLevelBPE, WordPiece
from tokenizer.formats.bert_files import CLS, SEP
from tokenizer.formats.gpt2_files import END_OF_TEXT


def as_read(model: Model, tokenizer: Tokenizer, text: str) -> list[int]:
    """The ids of a text as the model reads it. A decoder's text is to be continued, so its last token is left out."""
    if isinstance(model, BERT) and isinstance(tokenizer, WordPiece):
        return tokenizer.encode(text, add_special_tokens=True)
    ids = tokenizer.encode(text)
    if isinstance(model, T5):
        return [*ids, model.config.eos_id]
    first = _first_id(model)
    return ids if first is None else [first, *ids]


def end_of_text(model: GPT | T5, tokenizer: Tokenizer) -> int | None:
    """The id that ends a text: the one in the model's config, or else that of the tokenizer's <|endoftext|>."""
    if model.config.eos_id is None and isinstance(tokenizer, ByteLevelBPE):
        return tokenizer.ids.get(END_OF_TEXT.encode())
    return model.config.eos_id


def limit(model: Model, tokenizer: Tokenizer) -> str:
    """The limit on the tokens of a text, for an error message."""
    if isinstance(model, T5):
        return "any number of tokens"
    special = [CLS, SEP] if isinstance(model, BERT) else []
    if (first := _first_id(model)) is not None and isinstance(tokenizer, WordPiece):
        special = [tokenizer.vocab[first]]
    return f"at most {model.config.n_positions} tokens{' with ' * bool(special)}{' and '.join(special)}"


def _first_id(model: Model) -> int | None:
    """The token before every text of a GPT, if there is one."""
    if not isinstance(model, GPT) or model.config.bos_id == model.config.eos_id:
        return None
    return model.config.bos_id
