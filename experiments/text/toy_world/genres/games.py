"""Games: a statement, then guesses at its words, each with yes or no. "adam has a big poodle. dog yes, bird no."

A model learns to compare two words only if the answer follows the word directly. These documents come near the
tasks of natural language inference: they are yes-or-no supervision in the form of text. A table that depends on such a
task also reports what happens without this genre.
"""

from experiments.text.toy_world.claims import answer, together
from experiments.text.toy_world.dice import Dice
from experiments.text.toy_world.lexicon import CATEGORIES, KINDS, PEOPLE
from experiments.text.toy_world.scene import Scene, draw_scene
from experiments.text.toy_world.templates import first_match

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
ROWS = ["{guess} {yes}.", "{guess} {yes}, {guess2} {yes2}.", "{guess} {yes}, {guess2} {yes2}, {guess3} {yes3}."]
_SLOTS = {
    "person": "person",
    "category": "category",
    "kind": "kind",
    "quality": "adjective",
    "action": "verb",
    "member": "member",
}
ASKED = [template.replace("guess", slot) for word, slot in _SLOTS.items() for template in QUESTIONS[word]]
TEMPLATES = [*STATEMENTS, *ROWS, *ASKED]


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


def judge(sentences: list[str]) -> bool | None:
    """Whether every answer is right; None if these are not a statement and guesses."""
    statement = first_match(STATEMENTS, sentences[0])
    rounds = [first_match(ROWS + ASKED, sentence) for sentence in sentences[1:]]
    if statement is None or not rounds:
        return None
    scene = together({}, statement[1]) or {}
    guesses = set()
    for found in rounds:
        if found is None:
            return None
        for guess, yes in _guesses(found[1]):
            if guess in guesses or answer(scene, guess) is not (yes == "yes"):
                return False
            guesses.add(guess)
    return True


def _guesses(words: dict[str, str]) -> list[tuple[str, str]]:
    """The guesses in a sentence, each with its answer."""
    said = list(words.values())
    return list(zip(said[::2], said[1::2], strict=True))
