"""The toy world: a seeded generator of English-looking text whose facts, grammar and relations between words are known.

lexicon.py     the words: what is a kind of what, what means the same, what the opposite, translations
dice.py        random choices, fast
scene.py       who did what with a thing of some quality: what most genres write about
templates.py   sentences with slots, for writing and for reading
claims.py      what a sentence claims about a scene, and whether its claims fit together
genres/        fifteen kinds of text, a file each: templates, how it is written, and what is true or consistent in it
parts.py       what belongs to train, dev and test: a hash decides
world.py       a world: its facts, the shares of the genres, and documents without what is held out
vocabulary.py  one vocabulary for all worlds and models: special tokens, words, letters
recogniser.py  is a sentence grammatical, a statement true, a document consistent?
tasks/         downstream tasks with gold labels, a file each
statistics.py  what a text holds: tokens by genre, words and their entropy, how often facts are stated
show.py        samples, statistics and items of the tasks: `python -m experiments world --show`

Each of these imports only from those above it.
"""
