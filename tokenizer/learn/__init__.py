"""How the pieces of a tokenizer are learnt. In reading order:

recounting.py              BPE as the lecture states it: count all pairs, merge the most frequent, repeat
incremental.py             the same merges, fast: only the counts that a merge changes are updated
likelihood.py              WordPiece as stated: the same loop with a score in place of the count
incremental_likelihood.py  the same merges, fast
training.py                stops at a vocabulary size, reports each merge, and resumes after an interruption
"""
