"""Byte-pair encoding learns its merges from four words, and splits a word that it has never seen."""

from tokenizer import LectureBPE
from tokenizer.learn import recounting

text = "low " * 5 + "lower " * 2 + "newest " * 6 + "widest " * 3
# `recounting` is the simple learner: set a breakpoint in its loop. Without `learn=`, a faster one learns the same.
bpe = LectureBPE.train(text, vocab_size=22, on_merge=print, learn=recounting.learn_merges)

print()
for pieces in bpe.steps("lowest"):  # from characters to pieces, one merge at a time
    print(*pieces)

ids = bpe.encode("lowest")
print()
print(bpe.show("lowest"), ids, bpe.decode(ids))
