"""Reviews: what somebody thought of a film or a play.

One sentence states the verdict, after the opening or at the end. Otherwise only the adjectives carry the sentiment:
a review praises one aspect after another or criticises each, with an occasional "but". From many reviews a model can
learn which adjectives occur together. Nothing is negated: with negation in a fifth of the sentences, a model of this
size had not begun to learn sentiment after 4 million tokens.
"""

from experiments.text.toy_world.dice import Dice
from experiments.text.toy_world.lexicon import ASPECTS, BAD, GOOD, PEOPLE, WORKS
from experiments.text.toy_world.templates import first_match

OPENINGS = ["{person} saw a {work}.", "we went to a {work}."]
VERDICTS = {
    "good": ["in short we loved it.", "i would gladly see it again.", "everyone should see it."],
    "bad": ["in short we loathed it.", "i would never see it again.", "nobody should see it."],
}
PLAIN = ["the {aspect} was {sentiment}.", "i found the {aspect} {sentiment}.", "it had a very {sentiment} {aspect}."]
PAIR = "the {aspect} was {sentiment} and the {aspect2} was {sentiment2}."
CONTRAST = "the {aspect} was {opposite_sentiment} but the {aspect2} was {sentiment}."
TEMPLATES = [*OPENINGS, *VERDICTS["good"], *VERDICTS["bad"], *PLAIN, PAIR, CONTRAST]


def write(facts: object, dice: Dice) -> list[str]:
    """A sentence with two aspects names them in the lexicon's order: the other order is a task's."""
    good = dice.happens(0.5)
    own, opposite = (GOOD, BAD) if good else (BAD, GOOD)
    opening = dice.one(OPENINGS).format(person=dice.one(PEOPLE), work=dice.one(WORKS))
    judgements = []
    for _ in range(1 + dice.below(3)):
        kind, (first, second) = dice.below(20), sorted(dice.some(range(len(ASPECTS)), 2))
        template = dice.one(PLAIN) if kind < 11 else PAIR if kind < 19 else CONTRAST
        judgements.append(
            template.format(
                aspect=ASPECTS[first],
                aspect2=ASPECTS[second],
                sentiment=dice.one(own),
                sentiment2=dice.one(own),
                opposite_sentiment=dice.one(opposite),
            )
        )
    verdict = dice.one(VERDICTS["good" if good else "bad"])
    return [opening, verdict, *judgements] if dice.happens(0.5) else [opening, *judgements, verdict]


def judge(sentences: list[str]) -> bool | None:
    """Whether all judgements and the verdict are of one polarity; None if these are not a review's sentences.

    In a sentence with "but" the first of two aspects is of the other polarity.
    """
    liked: set[bool] = set()
    for sentence in sentences:
        match = first_match(TEMPLATES, sentence)
        if match is None:
            return None
        template, words = match
        for polarity, verdicts in VERDICTS.items():
            if template in verdicts:
                liked.add(polarity == "good")
        for slot, word in words.items():
            if slot.startswith("sentiment"):
                liked.add(word in GOOD)
            elif slot == "opposite_sentiment":
                liked.add(word in BAD)
        if words.get("aspect") == words.get("aspect2", ""):
            return False
    return len(liked) == 1
