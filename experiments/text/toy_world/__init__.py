"""The toy world: a seeded generator of English-looking text that knows what it writes about.

lexicon.py       the words, by class
templates.py     sentences with slots, for writing and for reading
encyclopedia.py  facts about people and cities
stories.py       people and things that move between rooms
reviews.py       opinions, in which sentiment shows only through adjectives and "not"
world.py         a world: its facts, and documents of all genres
recogniser.py    the judge of grammar and truth
sentiment.py     a downstream task with gold labels
"""
