from tokenizer import LectureBPE
from tokenizer.learn import recounting

text = "low " * 5 + "lower " * 2 + "newest " * 6 + "widest " * 3
bpe = LectureBPE.train(text, 15, learn=recounting.learn_merges)
print(bpe.show("lowest"))
