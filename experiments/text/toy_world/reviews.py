"""Reviews: several sentences by someone who liked, or did not like, what they saw.

One sentence, after the opening or at the end, states the verdict. Otherwise only the adjectives carry the sentiment: a
review praises one aspect after another or criticises each, with an occasional "but". From many reviews a model can
learn which adjectives occur together.

Nothing is negated ("not dull"). With negation in a fifth of the judgements, a model of the size used in the experiments
had not begun to learn sentiment after 4 million tokens; without it, 1 million is enough.
"""

import numpy as np

from experiments.text.toy_world.lexicon import CLASSES, OPPOSITE

OPENINGS = [
    "{person} saw a {work} about {topic}.",
    "we went to a {work} about {topic}.",
    "this was a {work} about {topic}.",
]
VERDICTS = {
    "good": ["in short we loved it.", "i would gladly see it again.", "everyone should go and see it."],
    "bad": ["in short we hated it.", "i would never see it again.", "nobody should go and see it."],
}
PLAIN = [
    "the {aspect} was {adjective}.",
    "i found the {aspect} {adjective}.",
    "everyone called the {aspect} {adjective}.",
    "it had a very {adjective} {aspect}.",
]
PAIR = "the {aspect} was {adjective} and the {aspect2} was {adjective2}."
CONTRAST = "the {aspect} was {opposite} but the {aspect2} was {adjective}."
KINDS = ("plain", "pair", "contrast")
SHARES = (0.7, 0.25, 0.05)
"""How often each kind of sentence is written."""


def _polar(template: str) -> list[str]:
    """The template for each polarity: `{adjective}` becomes `{good}` and `{opposite}` `{bad}`, and the reverse."""
    return [
        template.replace("{adjective", f"{{{polarity}").replace("{opposite", f"{{{opposite}")
        for polarity, opposite in OPPOSITE.items()
    ]


TEMPLATES = (
    OPENINGS
    + VERDICTS["good"]
    + VERDICTS["bad"]
    + [polar for template in [*PLAIN, PAIR, CONTRAST] for polar in _polar(template)]
)


def write(facts: object, generator: np.random.Generator) -> list[str]:
    """The sentences of a review. A sentence with two aspects names them in the lexicon's order: the other order is
    reserved for the downstream task, whose texts therefore occur in no document."""
    polarity = "good" if generator.random() < 0.5 else "bad"

    def pick(words: list[str]) -> str:
        return words[generator.integers(len(words))]

    opening = pick(OPENINGS).format(
        person=pick(CLASSES["person"]), work=pick(CLASSES["work"]), topic=pick(CLASSES["topic"])
    )
    judgements = []
    for kind in generator.choice(KINDS, size=generator.integers(4, 8), p=SHARES):
        first, second = np.sort(generator.choice(len(CLASSES["aspect"]), size=2, replace=False))
        template = {"plain": pick(PLAIN), "pair": PAIR, "contrast": CONTRAST}[kind]
        judgements.append(
            template.format(
                aspect=CLASSES["aspect"][first],
                aspect2=CLASSES["aspect"][second],
                adjective=pick(CLASSES[polarity]),
                adjective2=pick(CLASSES[polarity]),
                opposite=pick(CLASSES[OPPOSITE[polarity]]),
            )
        )
    verdict = pick(VERDICTS[polarity])
    if generator.random() < 0.5:
        return [opening, verdict, *judgements]
    return [opening, *judgements, verdict]
