"""The files of a tokenizer, our own and those of others. In reading order:

files.py           reads and writes text and JSON, and checks what was read
gpt2_files.py      vocab.json and merges.txt
bert_files.py      vocab.txt
config_files.py    tokenizer_config.json and what else transformers writes beside a vocabulary
tokenizer_json.py  Hugging Face's tokenizer.json, a whole tokenizer in one file
"""
