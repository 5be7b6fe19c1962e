"""Small programs to run and to step through, in seconds.

first.py       two layers learn eight labels: forward, backward, step
bpe.py         byte-pair encoding: its merges, and a new word in pieces
masked_lm.py   a tiny BERT learns four sentences by masked language modelling
"""
