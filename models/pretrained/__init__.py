"""Checkpoints in Hugging Face's layout, read and written.

folder.py                 a folder: config.json, and the weights in one file or in shards
config.py                 the checks of config.json, and how a model is built from it
names.py                  the table of names between a file and a model, for both directions
gpt2.py, bert.py, t5.py   each family's table of names and config
"""
