"""The vocabulary: every word of the toy world is one token, in all worlds and for all models.

It is a WordPiece vocabulary: special tokens, words, and single letters, with which any other word can be spelt. The
special tokens of all model families are there from the start, so that a model can be finetuned for any task.
"""

# ruff: noqa: SIM905  # a text split into words is easier to read and to extend than a list of quotes

from functools import cache

from experiments.text.toy_world import lexicon, world
from experiments.text.toy_world.lexicon import ADJECTIVES, AGREEMENT, CATEGORIES, VERBS, plural
from experiments.text.toy_world.templates import SLOT
from tokenizer import WordPiece

PAD, EOS, UNK, CLS, SEP, MASK = "[PAD]", "</s>", "[UNK]", "[CLS]", "[SEP]", "[MASK]"
START, DELIM, EXTRACT = "[START]", "[DELIM]", "[EXTRACT]"
SENTINELS = [f"<extra_id_{i}>" for i in range(20)]
SPECIAL_TOKENS = [PAD, EOS, UNK, CLS, SEP, MASK, START, DELIM, EXTRACT, *SENTINELS]

OF_TASKS = (
    "acceptable anyone answer bad belong can context contradiction country day different does english entailment "
    "equal equivalent especially false good grammatical how hypothesis i instrument live negative neutral passage "
    "play positive premise question room same score sentence should similarity summarize to translate true "
    "unacceptable unknown wear which with work"
).split()
"""Words of downstream tasks' formats. No document has to contain them."""


@cache
def tokenizer() -> WordPiece:
    """The tokenizer of the toy world. The ids of SPECIAL_TOKENS are their places."""
    letters = "abcdefghijklmnopqrstuvwxyz0123456789"
    spelling = [*letters, *(f"##{letter}" for letter in letters)]
    return WordPiece(list(dict.fromkeys([*SPECIAL_TOKENS, *words(), *spelling])), special_tokens=SPECIAL_TOKENS)


@cache
def words() -> list[str]:
    """Every word and punctuation mark that documents and tasks can contain, in alphabetical order."""
    nouns = [*lexicon.MEMBERS, *(category.name for category in CATEGORIES)]
    related = [word for pair in ADJECTIVES + VERBS for word in (*pair.poles[0], *pair.poles[1], *pair.company)]
    found = {
        *lexicon.PEOPLE,
        *nouns,
        *map(plural, nouns),
        *lexicon.KINDS,
        *(category.did for category in CATEGORIES),
        *related,
        *(verb for pair in AGREEMENT for verb in pair),
        *lexicon.HOMOGRAPHS,
        *lexicon.ROOMS,
        *lexicon.THINGS,
        *lexicon.DAYS,
        *lexicon.NUMBERS,
        *lexicon.GOOD,
        *lexicon.BAD,
        *lexicon.WORKS,
        *lexicon.ASPECTS,
        *lexicon.CITIES,
        *lexicon.COUNTRIES,
        *lexicon.RIVERS,
        *lexicon.JOBS,
        *lexicon.INSTRUMENTS,
        *lexicon.COLOURS,
        *lexicon.TRANSLATIONS,
        *(word for language in lexicon.TRANSLATIONS.values() for word in language.values()),
        *OF_TASKS,
        *("yes", "no", "he", "his", "him", "himself", "she", "her", "herself"),
    }
    for genre in world.GENRES.values():
        for template in genre.TEMPLATES:
            found.update(WordPiece([UNK]).words(SLOT.sub(" ", template)))
    return sorted(found)
