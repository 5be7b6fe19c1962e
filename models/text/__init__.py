"""Text in, text out: a pretrained model together with the tokenizer from its folder.

    model, tokenizer = load("toy-bert")
    fill(model, tokenizer, "the dog is an [MASK] .")     # [[("animal", 0.4…), …]]

loading.py          the model and the tokenizer in a folder; t5_tokenizer.py reads T5's
special_tokens.py   the tokens that each family has before and after a text
writing.py          the text that a model generates
spacing.py          where WordPiece's words have a space between them
filling.py          the likeliest pieces for each [MASK]
embedding.py        a vector for each text

Models and tokenizers meet only here: models know ids, tokenizers know text.
"""

from models.text.embedding import TextError, embed
from models.text.filling import fill, filled
from models.text.loading import FAMILIES, Model, Tokenizer, load, load_tokenizer
from models.text.writing import write

__all__ = ["FAMILIES", "Model", "TextError", "Tokenizer", "embed", "fill", "filled", "load", "load_tokenizer", "write"]
