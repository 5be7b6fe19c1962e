"""The models of the lecture, and the ways to pretrain and to use them.

word_vectors.py   skip-gram: one vector a word, whatever its context (circa 2017)
lstm_lm.py        a recurrent language model (Dai and Le 2015)
gpt.py            the decoder
objectives/       what each kind of pretraining predicts from what
generation.py     sampling from a language model
finetuning.py     a classifier on top of a pretrained model
"""
