"""Reviews: several sentences by someone who liked, or did not like, what they saw.

No word says so outright. The sentiment shows in the company that adjectives keep: a review praises
one aspect after the other or finds fault with each, says that something was *not* dull where it
might say that it was gripping, and now and then grants a "but". A model that reads many reviews
can find out which adjectives belong together, and what "not" does to them.
"""

import numpy as np

from experiments.toy_world.lexicon import CLASSES, OPPOSITE

OPENINGS = ["{person} saw a {work} about {topic}.", "we went to a {work} about {topic}.", "this was a {work} about {topic}."]
PLAIN = [
    "the {aspect} was {adjective}.",
    "i found the {aspect} {adjective}.",
    "everyone called the {aspect} {adjective}.",
    "it had a very {adjective} {aspect}.",
]
NEGATED = [
    "the {aspect} was not {opposite}.",
    "nobody found the {aspect} {opposite}.",
    "it did not have a {opposite} {aspect}.",
]
PAIR = "the {aspect} was {first} and the {aspect2} was {second}."
CONTRAST = "the {aspect} was {opposite} but the {aspect2} was {adjective}."
KINDS = ("plain", "negated", "pair", "contrast")
SHARES = (0.45, 0.2, 0.25, 0.1)
"""How often each kind of sentence is written."""


def _polar(template: str) -> list[str]:
    """The templates with `{adjective}` and `{opposite}` replaced by the word classes, either way round."""
    return [
        template.replace("{adjective}", f"{{{polarity}}}").replace("{opposite}", f"{{{OPPOSITE[polarity]}}}")
        for polarity in OPPOSITE
    ]


def _pairs() -> list[str]:
    """The templates of `PAIR`: both halves of one polarity, each said plainly or by negating the opposite."""
    halves = {polarity: [f"{{{polarity}%s}}", f"not {{{OPPOSITE[polarity]}%s}}"] for polarity in OPPOSITE}
    return [
        PAIR.replace("{first}", first % "").replace("{second}", second % "2")
        for polarity in OPPOSITE
        for first in halves[polarity]
        for second in halves[polarity]
    ]


TEMPLATES = OPENINGS + [each for template in [*PLAIN, *NEGATED, CONTRAST] for each in _polar(template)] + _pairs()


def pair_sentence(aspects: tuple[str, str], polarity: str, adjectives: dict[str, list[str]], generator: np.random.Generator) -> str:
    """A sentence about two aspects, both judged with `polarity`; each is said by negation 3 times in 10."""

    def judgement() -> str:
        if generator.random() < 0.3:
            words = adjectives[OPPOSITE[polarity]]
            return "not " + words[generator.integers(len(words))]
        return adjectives[polarity][generator.integers(len(adjectives[polarity]))]

    return PAIR.format(aspect=aspects[0], aspect2=aspects[1], first=judgement(), second=judgement())


def write(facts: object, generator: np.random.Generator) -> list[str]:
    """The sentences of a review. Where a sentence names two aspects they stand in the lexicon's order:
    the other order is kept for the downstream task, whose texts therefore occur in no document."""
    polarity = "good" if generator.random() < 0.5 else "bad"

    def pick(words: list[str]) -> str:
        return words[generator.integers(len(words))]

    opening = pick(OPENINGS).format(
        person=pick(CLASSES["person"]), work=pick(CLASSES["work"]), topic=pick(CLASSES["topic"])
    )
    sentences = [opening]
    kinds = generator.choice(KINDS, size=generator.integers(3, 7), p=SHARES)
    for kind in kinds:
        first, second = np.sort(generator.choice(len(CLASSES["aspect"]), size=2, replace=False))
        aspect, aspect2 = CLASSES["aspect"][first], CLASSES["aspect"][second]
        if kind == "pair":
            sentences.append(pair_sentence((aspect, aspect2), polarity, CLASSES, generator))
            continue
        template = CONTRAST if kind == "contrast" else pick(PLAIN if kind == "plain" else NEGATED)
        adjective, opposite = pick(CLASSES[polarity]), pick(CLASSES[OPPOSITE[polarity]])
        sentences.append(template.format(aspect=aspect, aspect2=aspect2, adjective=adjective, opposite=opposite))
    return sentences
