"""Closed-book questions on the world's facts: the model has read about them, and has to answer from its parameters.

Finetuning asks about half of the people and cities, so it can teach how questions are asked and answered, but not what
the answers about the other half are: these come from pretraining. Dev and test have people and cities of their own.

There are three question sets. "one" asks for each attribute in one way. "several" asks in three ways. "paraphrased"
trains on these three; dev and test ask in ways that no training question has. Their words occur in the text.

Source: Roberts et al. 2020, "How much knowledge can you pack into the parameters of a language model?".
"""

from dataclasses import dataclass

from experiments.text.toy_world.lexicon import CITIES, PEOPLE
from experiments.text.toy_world.parts import PARTS
from experiments.text.toy_world.tasks.drawing import deal, dice_for, one_of
from experiments.text.toy_world.world import World

QUESTION_SETS = ("one", "several", "paraphrased")
QUESTIONS = {
    "city": [
        "where does {subject} live?",
        "what is the home of {subject}?",
        "{subject} lives in which city?",
        "which city is the home of {subject}?",
        "in which city can you meet {subject}?",
        "what city is it that {subject} lives in?",
    ],
    "job": [
        "what is the job of {subject}?",
        "what does {subject} work as?",
        "{subject} works as a what?",
        "which job is that of {subject}?",
        "the job of {subject} is which?",
        "what is it that {subject} works as?",
    ],
    "instrument": [
        "what does {subject} play?",
        "which instrument does {subject} play?",
        "{subject} plays the what?",
        "what is the instrument of {subject}?",
        "what is it that {subject} plays?",
        "the instrument of {subject} is which?",
    ],
    "colour": [
        "what does {subject} always wear?",
        "what is the best colour for {subject}?",
        "{subject} wears which colour?",
        "which is the best colour for {subject}?",
        "what colour is it that {subject} wears?",
        "the best colour for {subject} is which?",
    ],
    "country": [
        "which country is {subject} in?",
        "what country does {subject} belong to?",
        "{subject} is a city in which country?",
        "in which country is {subject}?",
        "which country is proud of {subject}?",
        "what country is it that {subject} belongs to?",
    ],
    "river": [
        "what is the river of {subject}?",
        "which river flows through {subject}?",
        "{subject} lies on which river?",
        "on which river is {subject}?",
        "what river is it that flows through {subject}?",
        "the river of {subject} is which?",
    ],
}
"""Ways to ask for each attribute: three for training, a paraphrase for dev, and two for the test."""


@dataclass(frozen=True)
class Question:
    """A question about an attribute of a person or a city. Its answer is one word."""

    subject: str
    attribute: str
    text: str
    answer: str


def questions(world: World, question_set: str, part: str) -> list[Question]:
    """All questions of a set about the people and cities of a part: half of them train, a sixth dev, a third test.

    Raises:
        ValueError: if question_set is not one of QUESTION_SETS, or part none of PARTS.
    """
    templates = _templates(one_of("question_set", question_set, QUESTION_SETS), one_of("part", part, PARTS))
    split = dice_for(world.seed, "closed book", "split")
    subjects = [subject for group in (PEOPLE, CITIES) for subject in deal(group, split, (3, 1, 2))[part]]
    return [
        Question(subject, attribute, template.format(subject=subject), answer)
        for subject in subjects
        for attribute, answer in world.facts[subject].items()
        for template in QUESTIONS[attribute][templates]
    ]


def _templates(question_set: str, part: str) -> slice:
    """Which of an attribute's ways to ask a part of a question set uses."""
    if question_set == "one":
        return slice(0, 1)
    if question_set == "several" or part == "train":
        return slice(0, 3)
    return slice(3, 4) if part == "dev" else slice(4, 6)
