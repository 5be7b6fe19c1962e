"""Pretraining objectives: pure functions from token ids and a generator to (inputs, labels, mask).

Each says what a model reads and what it must predict from that. Labels that carry no loss are `minigrad.IGNORE`.

decoders           causal_lm.py        each token from those before it (GPT)
                   prefix_lm.py        the same after a prefix that is given; also for encoder-decoders
encoders           masked_lm.py        hidden tokens from both sides (BERT)
                   span_masking.py     hidden spans of words (SpanBERT)
                   next_sentence.py    whether one chunk of text follows another (BERT)
encoder-decoders   span_corruption.py  removed spans, each after its placeholder (T5)
                   salient_spans.py    a removed name or date, which asks for a fact (REALM)

What they share, the checks of a batch and padding, is in batch.py.
"""
