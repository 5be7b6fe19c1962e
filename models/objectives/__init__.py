"""Pretraining objectives: pure functions from token ids and a generator to (inputs, labels, mask).

Each objective decides what a model reads and what it must predict. Labels without loss are `minigrad.IGNORE`.

decoders           causal_lm.py        each token from those before it (GPT)
                   prefix_lm.py        each token after a given prefix; also for encoder-decoders
encoders           masked_lm.py        hidden tokens from their context on both sides (BERT)
                   span_masking.py     hidden spans of words (SpanBERT)
                   next_sentence.py    whether one chunk of text follows another (BERT)
encoder-decoders   span_corruption.py  removed spans, each after its sentinel (T5)
                   salient_spans.py    a removed name or date, which asks for a fact (REALM)

batch.py holds the checks that they share; `models.inputs.pad_batch` pads.
"""
