"""Stories: people walk between rooms and carry things. The last sentences say where everybody and everything is.

To predict these, a model must track who is where, to whom "he" and "she" refer, and that a thing moves with the person
who carries it.
"""

import numpy as np

from experiments.text.toy_world.lexicon import CLASSES, HE, SHE, pronoun

ENTERS = ["{person} went to the {room}.", "{person} walked into the {room}."]
ENTERS_AGAIN = ["{he} went to the {room}.", "{he} walked into the {room}."]
TAKES = ["{person} took the {thing}.", "{person} picked up the {thing}."]
TAKES_TOO = ["{he} took the {thing}.", "{he} picked up the {thing}."]
PERSON_IS = ["{person} is in the {room}.", "now {person} is in the {room}."]
THING_IS = ["the {thing} is in the {room}.", "now the {thing} is in the {room}."]
TEMPLATES = ENTERS + ENTERS_AGAIN + TAKES + TAKES_TOO + PERSON_IS + THING_IS


def write(facts: object, generator: np.random.Generator) -> list[str]:
    """The sentences of a story about a man and a woman, so that pronouns are unambiguous."""

    def pick(words: list[str]) -> str:
        return words[generator.integers(len(words))]

    people = [pick(HE), pick(SHE)]
    free_things = [CLASSES["thing"][i] for i in generator.permutation(len(CLASSES["thing"]))]
    room: dict[str, str] = {}
    carrier: dict[str, str] = {}
    sentences = []
    for person in people:
        room[person] = pick(CLASSES["room"])
        sentences.append(pick(ENTERS).format(person=person, room=room[person]))
    for _ in range(generator.integers(2, 5)):
        person = pick(people)
        recent = sentences[-1].startswith(person + " ")  # then a pronoun is natural
        if generator.random() < 0.5:
            room[person] = pick([name for name in CLASSES["room"] if name != room[person]])
            template = pick(ENTERS_AGAIN if recent else ENTERS)
            sentences.append(template.format(person=person, he=pronoun(person), room=room[person]))
        else:
            thing = free_things.pop()
            carrier[thing] = person
            template = pick(TAKES_TOO if recent else TAKES)
            sentences.append(template.format(person=person, he=pronoun(person), thing=thing))
    for person in people:
        sentences.append(pick(PERSON_IS).format(person=person, room=room[person]))
    for thing, person in carrier.items():
        sentences.append(pick(THING_IS).format(thing=thing, room=room[person]))
    return sentences
