"""Summarisation: one short sentence that says what a document of several comes to.

The summary of a story says where everybody is at its end, and with what: walks that were walked on from do not count,
and "he" and "she" become names. That of a review says what the reviewer thought, and which aspect the review is most
decided about ("very"); the verdict itself is not in the review, only adjectives are.

The rooms in which a person may end, and the adjectives, are dealt to the parts: a test summary has a person in a room
where no training summary has them, and a test review has only adjectives that no training review has. A document
belongs to the part of its last two sentences together, because the world's text is checked for these.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from experiments.text.toy_world.dice import Dice
from experiments.text.toy_world.genres.reviews import CONTRAST, OPENINGS, PLAIN
from experiments.text.toy_world.genres.stories import ENTERS, ENTERS_AGAIN, TAKES, TAKES_TOO
from experiments.text.toy_world.lexicon import ASPECTS, HE, PEOPLE, ROOMS, SHE, THINGS, WORKS, pronouns
from experiments.text.toy_world.parts import PARTS
from experiments.text.toy_world.tasks.drawing import deal, dice_for, draw, one_of
from experiments.text.toy_world.tasks.split import split

*PLAIN_ONES, VERY = PLAIN
WORDINGS = {"room": (ENTERS, ENTERS_AGAIN), "thing": (TAKES, TAKES_TOO)}
"""How to say that somebody enters a room or takes a thing: with a name, or with a pronoun."""

VERDICT = "{person} {loved} the {work}, especially the {aspect}."


@dataclass(frozen=True)
class Summary:
    """The sentences of a document, and one that sums them up."""

    sentences: tuple[str, ...]
    summary: str

    @property
    def document(self) -> str:
        """The sentences with spaces between them."""
        return " ".join(self.sentences)

    @property
    def ending(self) -> str:
        """The last two sentences: they decide the document's part."""
        return " ".join(self.sentences[-2:])


def stories(seed: int, part: str, n: int) -> list[Summary]:
    """`n` stories of a part with their summaries, all of them different.

    Raises:
        TypeError or ValueError: if an argument is not as described, or there are fewer stories.
    """
    rooms = dice_for(seed, "story summaries", "split")
    ends = {person: deal(ROOMS, rooms)[one_of("part", part, PARTS)] for person in PEOPLE}
    dice = dice_for(seed, "story summaries", part)
    return draw(n, part, lambda _: _story(ends, dice), lambda found: found.ending)


def reviews(seed: int, part: str, n: int) -> list[Summary]:
    """`n` reviews of a part with their summaries, all of them different; every other one is good.

    Raises:
        TypeError or ValueError: if an argument is not as described, or there are fewer reviews.
    """
    words = split(seed)[one_of("part", part, PARTS)]
    dice = dice_for(seed, "review summaries", part)

    def make(i: int) -> Summary:
        return (
            _review("loathed", words.bad, words.good, dice) if i % 2 else _review("loved", words.good, words.bad, dice)
        )

    return draw(n, part, make, lambda found: found.ending)


def _story(ends: dict[str, list[str]], dice: Dice) -> Summary | None:
    """A man's story, a woman's, or both at once; None if it is a single sentence."""
    people = dice.some([dice.one(HE), dice.one(SHE)], 1 + dice.below(2))
    things = dice.some(THINGS, 4)
    rooms = {person: _walk(dice.one(ends[person]), dice) for person in people}
    taken = {person: [things.pop() for _ in range(dice.below(3))] for person in people}
    sentences = _told(rooms, taken, dice)
    summary = " and ".join(_is_in(person, rooms[person][-1], taken[person]) for person in people)
    return Summary(tuple(sentences), f"{summary}.") if len(sentences) > 1 else None


def _walk(end: str, dice: Dice) -> list[str]:
    """One to three different rooms, the last one given."""
    return [*dice.some([room for room in ROOMS if room != end], dice.below(3)), end]


def _told(rooms: dict[str, list[str]], taken: dict[str, list[str]], dice: Dice) -> list[str]:
    """The sentences: everybody enters a room, then people walk on and take things in any order."""
    turns = [(person, "room") for person in rooms]
    later = [(person, "room") for person in rooms for _ in rooms[person][1:]]
    later += [(person, "thing") for person in taken for _ in taken[person]]
    words = {
        "room": {person: iter(walk) for person, walk in rooms.items()},
        "thing": {person: iter(things) for person, things in taken.items()},
    }
    sentences, before = [], ""
    for person, slot in turns + dice.some(later, len(later)):
        template = dice.one(WORDINGS[slot][person == before])
        sentences.append(template.format(person=person, he=pronouns(person)[0], **{slot: next(words[slot][person])}))
        before = person
    return sentences


def _is_in(person: str, room: str, things: list[str]) -> str:
    """`adam is in the hall with the key`."""
    return f"{person} is in the {room}" + "".join(
        f" {'and' if i else 'with'} the {thing}" for i, thing in enumerate(things)
    )


def _review(loved: str, own: Sequence[str], opposite: Sequence[str], dice: Dice) -> Summary:
    """Two or three judgements, one of them with "very"; after a "but" follows the reviewer's own opinion."""
    reviewer, opening = dice.one([(dice.one(PEOPLE), OPENINGS[0]), ("we", OPENINGS[1])])
    work, aspects = dice.one(WORKS), dice.some(ASPECTS, 5)
    best = aspects.pop()
    templates = [VERY, *(dice.one([*PLAIN_ONES, CONTRAST]) for _ in range(1 + dice.below(2)))]
    sentences = [opening.format(person=reviewer, work=work)]
    for template in dice.some(templates, len(templates)):
        sentences.append(
            template.format(
                aspect=best if template == VERY else aspects.pop(),
                aspect2=aspects.pop() if template == CONTRAST else "",
                sentiment=dice.one(own),
                opposite_sentiment=dice.one(opposite),
            )
        )
    return Summary(tuple(sentences), VERDICT.format(person=reviewer, loved=loved, work=work, aspect=best))
