"""The genres of the toy world's text, a file each.

Each has its `TEMPLATES`, and `write(facts, dice)`, which returns sentences. A genre whose sentences are true or false
also has `is_true(facts, sentence)`. One in which a sentence depends on those before it has `judge(sentences)`.
"""
