"""All tasks in small sizes, drawn once; their sets; and sentences in which each word of the lexicon is replaced by its
class, so that a test sees the frame."""

import re
from functools import cache

from experiments.text.toy_world import lexicon
from experiments.text.toy_world.lexicon import ADJECTIVES, CATEGORIES, MEMBERS, VERBS, plural
from experiments.text.toy_world.tasks import glue, superglue
from experiments.text.toy_world.tasks.answers import scitail
from experiments.text.toy_world.tasks.example import Example, Task
from experiments.text.toy_world.tasks.inference import snli

SEED = 100
TASKS = {**glue.TASKS, "SNLI": snli, "SciTail": scitail, **superglue.TASKS}
PAIRS = [name for name in TASKS if name not in ("CoLA", "SST-2")]

CLASSES = {
    "PERSON": lexicon.PEOPLE,
    "MEMBER": MEMBERS,
    "MEMBERS": [plural(member) for member in MEMBERS],
    "CATEGORY": [category.name for category in CATEGORIES],
    "CATEGORIES": [plural(category.name) for category in CATEGORIES],
    "KIND": lexicon.KINDS,
    "ADJECTIVE": [word for row in ADJECTIVES for pole in row.poles for word in pole],
    "VERB": [word for row in VERBS for pole in row.poles for word in pole],
    "COMPANY": [word for row in ADJECTIVES for word in row.company],
    "REACTION": [word for row in VERBS for word in row.company],
    "HOMOGRAPH": lexicon.HOMOGRAPHS,
    "ROOM": lexicon.ROOMS,
    "THING": lexicon.THINGS,
    "DAY": lexicon.DAYS,
    "GOOD": lexicon.GOOD,
    "BAD": lexicon.BAD,
    "WORK": lexicon.WORKS,
    "ASPECT": lexicon.ASPECTS,
}
CLASS_OF = {word: name for name, words in CLASSES.items() for word in words}


@cache
def task(name: str, n_train: int = 300, n_dev: int = 60, n_test: int = 120) -> Task:
    """A task of seed 100."""
    return TASKS[name](SEED, n_train, n_dev, n_test)


def sets(of: Task) -> dict[str, list[Example]]:
    """All sets of a task by name."""
    return {"train": of.train, "dev": of.dev, "test": of.test, **of.further}


@cache
def words(text: str) -> list[str]:
    """The words and punctuation marks of a text."""
    return re.findall(r"\w+|[^\w\s]", text)


def only(text: str, *classes: str) -> list[str]:
    """The words of a text that are of one of the classes."""
    return [word for word in words(text) if CLASS_OF.get(word) in classes]


def frame(text: str) -> str:
    """A text with classes in place of words. Equal people and rooms stay equal: PERSON1, PERSON2, …"""
    numbers: dict[str, str] = {}
    found = []
    for word in words(text):
        name = CLASS_OF.get(word, word)
        if name in ("PERSON", "ROOM", "DAY"):
            name = numbers.setdefault(word, f"{name}{len(numbers)}")
        found.append({"GOOD": "SENTIMENT", "BAD": "SENTIMENT"}.get(name, name))
    return " ".join(found)


def sentences(text: str) -> list[str]:
    """The sentences of a text."""
    marked = text.replace(". ", ".\n").replace("? ", "?\n")
    return marked.split("\n")


def runs(text: str, longest: int) -> set[str]:
    """Every run of 2 to `longest` sentences in a row."""
    found = sentences(text)
    return {" ".join(found[i:j]) for i in range(len(found)) for j in range(i + 2, min(i + longest, len(found)) + 1)}
