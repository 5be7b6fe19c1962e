"""The models of the lecture, and the ways to pretrain and to use them.

word_vectors.py   skip-gram: one vector a word, whatever its context (circa 2017)
lstm_lm.py        a recurrent language model (Dai and Le 2015)
elmo.py           one that reads both ways; attention_classifier.py on top of it (2018)
gpt.py            the decoder
bert.py           the encoder
t5.py             the encoder-decoder; t5_decoder.py its decoder alone, and prefix LM
sizes.py          the published configurations

objectives/       what each kind of pretraining predicts from what
finetuning/       a pretrained model put to a task
prompting.py      a task shown in the prompt
generation.py     sampling from a language model; beam_search.py the likeliest text
scoring.py        how likely a text is, and which of several

pretrained/       checkpoints in Hugging Face's layout; download.py fetches public ones
text.py           models and tokenizers together: `python -m models`
inputs.py         what goes into a model: batches, checks, positions
"""
