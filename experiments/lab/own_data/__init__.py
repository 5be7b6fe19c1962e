"""The user's own text and data in place of the toy world: what tables share that run on them.

corpus.py        the text for pretraining: read, its WordPiece vocabulary learnt, encoded
tasks.py         the data sets: the GLUE tasks and SNLI, their labels and their metrics
data.py          the examples of a folder: training, held-out and dev examples
pretraining.py   a language model, or word vectors, pretrained on the corpus
finetuning.py    one start finetuned with several learning rates, and the chosen one scored on dev

A table's part is its `own_data` module (`experiments/running/contract.py`).
"""
