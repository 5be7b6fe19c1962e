"""Games: a statement, then guesses at its words, each with yes or no. "adam has a big poodle. dog yes, bird no."

A model learns to compare two words only if the answer stands directly behind the word. These documents come near the
tasks of natural language inference: they are yes-or-no supervision in the form of text. A table that depends on such a
task also reports what happens without this genre.
"""

from experiments.text.toy_world.dice import Dice
from experiments.text.toy_world.lexicon import CATEGORIES, KINDS, PEOPLE
from experiments.text.toy_world.scene import Scene, draw_scene

STATEMENTS = ["{person} {verb} a {adjective} {member}.", "{person} has a {adjective} {member}."]
WORDS = ["person", "person", "category", "category", "kind", "quality", "quality", "action", "action", "member"]
"""What is guessed; the more often, the likelier. A name is the simplest: it is right if the statement has it."""
QUESTIONS = {
    "person": ["is it {guess}? {yes}."],
    "category": ["a {guess}? {yes}.", "is it a {guess}? {yes}."],
    "kind": ["a {guess}? {yes}.", "is it a {guess}? {yes}."],
    "quality": ["{guess}? {yes}.", "is it {guess}? {yes}."],
    "action": ["{guess}? {yes}.", "was it {guess}? {yes}."],
    "member": ["a {guess}? {yes}."],
}
TEMPLATES = [*STATEMENTS, *(template for group in QUESTIONS.values() for template in group)]


def write(facts: object, dice: Dice) -> list[str]:
    """A statement and its guesses: in one row, or as questions."""
    scene = draw_scene(dice)
    statement = STATEMENTS[0].format_map(scene.slots(dice))
    rounds = list(dict.fromkeys(_guess(scene, dice) for _ in range(1 + dice.below(3))))
    if dice.happens(0.75):
        return [statement, ", ".join(f"{guess} {yes}" for _, guess, yes in rounds) + "."]
    return [statement, *(dice.one(QUESTIONS[word]).format(guess=guess, yes=yes) for word, guess, yes in rounds)]


def _guess(scene: Scene, dice: Dice) -> tuple[str, str, str]:
    """What is guessed, the guess, and the answer, "yes" or "no"."""
    word, right = dice.one(WORDS), dice.happens(0.5)
    category = scene.category
    if word == "person":
        guess = scene.person if right else dice.other(PEOPLE, scene.person)
    elif word == "category":
        guess = category.name if right else dice.other(CATEGORIES, category).name
    elif word == "kind":
        guess = category.kind if right else dice.other(KINDS, category.kind)
    elif word == "member":
        guess = scene.member if right else dice.other(category.members, scene.member)
    elif word == "quality":
        guess = dice.one(scene.quality.poles[scene.quality_pole if right else 1 - scene.quality_pole])
    else:
        guess = dice.one(scene.action.poles[scene.action_pole if right else 1 - scene.action_pole])
    return word, guess, "yes" if right else "no"
