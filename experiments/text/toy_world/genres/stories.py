"""Stories: people walk between rooms and carry things. The last sentence says where somebody or something is.

To predict it, a model must track who is where, to whom "he" and "she" refer, and that a thing moves with the person
who carries it.
"""

from experiments.text.toy_world.claims import gender_of
from experiments.text.toy_world.dice import Dice
from experiments.text.toy_world.lexicon import HE, ROOMS, SHE, THINGS, pronouns
from experiments.text.toy_world.templates import first_match

ENTERS = ["{person} went to the {room}.", "{person} walked into the {room}."]
ENTERS_AGAIN = ["{he} went to the {room}.", "{he} walked into the {room}."]
TAKES = ["{person} took the {thing}.", "{person} picked up the {thing}."]
TAKES_TOO = ["{he} took the {thing}.", "{he} picked up the {thing}."]
PERSON_IS = ["{person} is in the {room}.", "now {person} is in the {room}."]
PERSON_LEAVES = ["{person} left the {room}."]
THING_IS = ["the {thing} is in the {room}.", "now the {thing} is in the {room}."]
TEMPLATES = ENTERS + ENTERS_AGAIN + TAKES + TAKES_TOO + PERSON_IS + PERSON_LEAVES + THING_IS


def write(facts: object, dice: Dice) -> list[str]:
    """The sentences of a story about one person, or sometimes about a man and a woman, so that pronouns are clear."""
    people = [dice.one(HE), dice.one(SHE)]
    if not dice.happens(0.3):
        people = [dice.one(people)]
    rooms = dice.some(ROOMS, len(people))
    room = dict(zip(people, rooms, strict=True))
    carried: dict[str, str] = {}
    sentences = [dice.one(ENTERS).format(person=person, room=room[person]) for person in people]
    for _ in range(1 + dice.below(3)):
        person = dice.one(people)
        recent = sentences[-1].startswith(f"{person} ")  # then a pronoun is natural
        slots = {"person": person, "he": pronouns(person)[0]}
        if dice.happens(0.6):
            room[person] = dice.other(ROOMS, room[person])
            template = dice.one(ENTERS_AGAIN if recent else ENTERS)
            sentences.append(template.format(**slots, room=room[person]))
        else:
            thing = dice.one([thing for thing in THINGS if thing not in carried])
            carried[thing] = person
            sentences.append(dice.one(TAKES_TOO if recent else TAKES).format(**slots, thing=thing))
    person = dice.one(people)
    if carried and dice.happens(0.5):
        thing, person = dice.one(list(carried.items()))
        return [*sentences, dice.one(THING_IS).format(thing=thing, room=room[person])]
    return [*sentences, dice.one(PERSON_IS + PERSON_LEAVES).format(person=person, room=room[person])]


def judge(sentences: list[str]) -> bool | None:
    """Whether a story is right about where everybody and everything is; None if it is no story.

    "he" is the man who was named last. A thing is where the person is who carries it.
    """
    room: dict[str, str] = {}
    carrier: dict[str, str] = {}
    named: dict[str, str] = {}
    for sentence in sentences:
        match = first_match(TEMPLATES, sentence)
        if match is None:
            return None
        template, words = match
        if template in THING_IS:
            words["person"] = carrier.get(words["thing"], "")
        person = words.get("person") or named.get(words.get("he", ""), "")
        if person not in room and template not in ENTERS:
            return False  # somebody, or something, that is nowhere yet
        named[gender_of(person)] = person
        if template in ENTERS + ENTERS_AGAIN:
            room[person] = words["room"]
        elif template in TAKES + TAKES_TOO:
            if words["thing"] in carrier:
                return False
            carrier[words["thing"]] = person
        elif room[person] != words["room"]:
            return False
        elif template in PERSON_LEAVES:
            del room[person]
    return True
