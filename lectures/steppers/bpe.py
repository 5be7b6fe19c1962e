"""Byte-pair encoding: two merges

The learner counts all pairs of neighbours, merges the most frequent, and counts again. Watch `pair_counts` grow: a word
that occurs 5 times counts each of its pairs 5 times. Three pairs occur equally often, and the greatest is chosen. In
`replace_pair`, watch `merged`: the two symbols become one wherever they are neighbours.
"""

from tokenizer.learn.recounting import learn_merges

words = [("low", 5), ("newest", 6), ("widest", 3)]
learning = learn_merges([([*word, "</w>"], count) for word, count in words])
first = next(learning)
print(first)
second = next(learning)
print(second)
