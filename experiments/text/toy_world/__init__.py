"""The toy world: a seeded generator of English-looking text with known facts, grammar and labels.

lexicon.py       the words, by class
templates.py     sentences with slots, for writing and for reading
encyclopedia.py  facts about people and cities
stories.py       people and things that move between rooms
reviews.py       opinions, in which adjectives carry the sentiment; nothing is negated
world.py         a world: its facts, and documents of all genres
recogniser.py    whether a sentence is grammatical, and whether it is true
sentiment.py     a downstream task with gold labels
"""
