"""Reading comprehension like SQuAD: a passage, a question about it, and the answer, which is a span of the passage.

A passage of two to four sentences says who did what with which thing, and where or when. The question uses other words:
a synonym of the verb, and the category of the thing. People, verbs and categories recur within a passage, so often only
several words of the question together tell which sentence it is about. In the style of version 2.0, two questions of
five are unanswerable: one of the question's words is replaced, mostly by a word for something else in the passage.

The verbs and the things are dealt to the parts: no training question or passage has one of the test's.

Sources: Rajpurkar et al. 2016, "SQuAD: 100,000+ questions for machine comprehension of text"; Rajpurkar et al. 2018,
"Know what you don't know: unanswerable questions for SQuAD".
"""

from dataclasses import dataclass
from typing import Any

from experiments.text.toy_world.dice import Dice
from experiments.text.toy_world.lexicon import ADJECTIVES, DAYS, PEOPLE, ROOMS, VERBS
from experiments.text.toy_world.parts import PARTS
from experiments.text.toy_world.tasks.drawing import dice_for, draw, one_of
from experiments.text.toy_world.tasks.split import split
from experiments.text.toy_world.templates import SLOT

IN_A_ROOM = ["{person} {verb} a {thing} in the {room}.", "in the {room} {person} {verb} a {thing}."]
ON_A_DAY = ["{person} {verb} a {thing} on {day}.", "on {day} {person} {verb} a {thing}."]
QUESTIONS = {
    "who": "who {verb} a {category}?",
    "what": "what is it that {person} {verb}?",
    "which": "which {category} is the one that {person} {verb}?",
    "where": "where was it that {person} {verb} a {category}?",
    "when": "when was it that {person} {verb} a {category}?",
}
"""None of these is a sentence of the world's text. Two answers have one or two words: "poodle" or "big poodle"."""

OPPOSITE = {pole: row.poles[1 - i] for row in VERBS for i, pole in enumerate(row.poles)}
_QUALITIES = [word for row in ADJECTIVES for pole in row.poles for word in pole]


@dataclass(frozen=True)
class Question:
    """A question about a passage.

    Attributes:
        answer: the words of the passage that answer it, or "" if none do.
        start: the place of the answer's first character in the passage, or -1.
    """

    passage: str
    question: str
    answer: str
    start: int

    @property
    def text(self) -> str:
        """The passage and the question."""
        return f"{self.passage} {self.question}"


@dataclass(frozen=True)
class _Fact:
    """What a sentence of a passage says. `verb` is a pair of synonyms; the sentence has a room or a day."""

    person: str
    verb: tuple[str, str]
    category: str
    member: str
    in_a_room: bool

    def candidate(self, kind: str) -> str | None:
        """Something for which the sentence could answer a kind of question; None if it cannot."""
        if kind == "who":
            return self.person
        return self.member if kind in ("what", "which") or self.in_a_room == (kind == "where") else None


@dataclass(frozen=True)
class _Plan:
    """What a passage and its question say. `asked` are the question's words, `target` the fact with the answer."""

    facts: list[_Fact]
    kind: str
    asked: dict[str, Any]
    target: _Fact | None


def questions(seed: int, part: str, n: int, unanswerable: bool = False) -> list[Question]:
    """`n` questions of a part, all of them different; with `unanswerable`, two of five have no answer.

    Neither the kind of a question nor the length of its passage tells whether it has an answer.

    Raises:
        TypeError or ValueError: if an argument is not as described, or there are fewer questions.
    """
    words = split(seed)[one_of("part", part, PARTS)]
    verbs = [pole for row in words.actions for pole in row.poles]
    dice = dice_for(seed, "reading", part)
    plans: list[_Plan] = []

    def make(i: int) -> Question:
        while len(plans) <= i:  # a plan stays until a wording of it belongs to the part
            kind, length = list(QUESTIONS)[i // 5 % 5], 2 + i // 25 % 3
            plan = _plan(kind, _facts(length, verbs, words.members, dice), unanswerable and i % 5 in (1, 3), dice)
            plans.extend([plan] if plan else [])
        return _question(plans[i], dice)

    return draw(n, part, make, lambda question: question.text)


def _facts(length: int, verbs: list[tuple[str, str]], members: dict[str, tuple[str, ...]], dice: Dice) -> list[_Fact]:
    """The facts of a passage, with few people, verbs and categories, so that some recur. No thing occurs twice."""
    people, categories = dice.some(PEOPLE, 2 + dice.below(2)), dice.some(list(members), 2 + dice.below(2))
    deeds = dice.some(verbs, 2)
    deeds.append(OPPOSITE[deeds[0]])
    things = [(category, member) for category in categories for member in members[category]]
    return [
        _Fact(dice.one(people), dice.one(deeds), category, member, dice.happens(0.5))
        for category, member in dice.some(things, length)
    ]


def _plan(kind: str, facts: list[_Fact], unanswerable: bool, dice: Dice) -> _Plan | None:
    """A question about one of the facts, or None if it would have no answer, several, or only one candidate."""
    target = dice.one(facts)
    if target.candidate(kind) is None or len({fact.candidate(kind) for fact in facts} - {None}) < 2:
        return None
    asked = {slot: getattr(target, slot) for slot, _ in SLOT.findall(QUESTIONS[kind])}
    if unanswerable:
        slot = dice.one(list(asked))
        asked[slot] = dice.one([*(getattr(fact, slot) for fact in facts), *[OPPOSITE[target.verb]] * (slot == "verb")])
    matching = [fact for fact in facts if all(getattr(fact, slot) == value for slot, value in asked.items())]
    if matching != ([] if unanswerable else [target]):
        return None
    return _Plan(facts, kind, asked, None if unanswerable else target)


def _question(plan: _Plan, dice: Dice) -> Question:
    """The plan in words: the passage uses one synonym of each verb, the question the other."""
    used = dice.below(2)
    question = QUESTIONS[plan.kind].format_map(plan.asked | {"verb": plan.asked["verb"][1 - used]})
    answer, start = "", -1
    sentences: list[str] = []
    rooms, days = dice.some(ROOMS, len(plan.facts)), dice.some(DAYS, len(plan.facts))
    for fact, room, day in zip(plan.facts, rooms, days, strict=True):
        thing = f"{dice.one(_QUALITIES)} {fact.member}" if dice.happens(0.5) else fact.member
        template = dice.one(IN_A_ROOM if fact.in_a_room else ON_A_DAY)
        sentence = template.format(person=fact.person, verb=fact.verb[used], thing=thing, room=room, day=day)
        if fact is plan.target:
            answer = {"who": fact.person, "what": thing, "which": thing, "where": room, "when": day}[plan.kind]
            start = sum(len(before) + 1 for before in sentences) + _place(answer, sentence)
        sentences.append(sentence)
    return Question(" ".join(sentences), question, answer, start)


def _place(answer: str, sentence: str) -> int:
    """Where the answer begins: as whole words, not as a part of another word."""
    return f" {sentence}".replace(".", " ").index(f" {answer} ")
