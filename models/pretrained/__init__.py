"""Checkpoints in Hugging Face's layout, read and written.

folder.py                 a folder: config.json, and the weights in one file or in shards
config.py                 checks the fields of config.json and builds a model from them
names.py                  maps the names in a file to a model's parameters, for loading and saving
toy.py                    the small models that are installed with the package
gpt2.py, bert.py, t5.py   each family's table of names and its config; gpt_neox.py is a GPT with rotary positions
"""
