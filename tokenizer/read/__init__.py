"""How a text becomes words and their counts. In reading order:

texts.py               strings, iterables and files, read in chunks
special_tokens.py      finds tokens such as <|endoftext|> that are never split
gpt2_pattern.py        GPT-2's regular expression for pre-tokens
pretokens.py           the pre-tokens of a text, for byte-level BPE
basic_tokenization.py  the words of a text, for WordPiece
counting.py            counts the words of a file, in several processes if wanted
processes.py           runs work in several processes
"""
