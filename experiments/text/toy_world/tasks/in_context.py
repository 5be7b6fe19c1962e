"""In-context learning: prompts with 0 to 16 examples of a task, then a query, whose answer comes next. No training.

    translation   dog is hunka, bird is pilvo, tree is            → treku
    sentiment     the plot was superb: loved. the cast was dull:  → loathed

The mapping from inputs to answers is either known from pretraining, so that the examples only say which task it is
("infer the task": which of three languages), or it is new: drawn for the prompt ("learn the task"). In a new
translation, words of a language change their meanings; in a new sentiment task, two colours are the labels.

A translation prompt is about four words, and each example and the query is about one of them. So looking the query up
among k examples answers 1 - (3/4)^k of the prompts with a new mapping; the others can only be guessed. In a sentiment
prompt no adjective occurs twice.

The labels of the examples are right ("gold"), drawn at random from the same labels ("random"), or left out ("none").
The i-th prompt has the same query, and the same first examples, whatever their number and labels.

There are no parts: there is no training set, and the known mappings are in the text on purpose. Glossaries come near
the format of translation, but name their language first.

Sources: Brown et al. 2020, "Language models are few-shot learners"; Min et al. 2022, "Rethinking the role of
demonstrations: what makes in-context learning work?".
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from experiments.text.toy_world.dice import Dice
from experiments.text.toy_world.genres.reviews import PLAIN
from experiments.text.toy_world.lexicon import ASPECTS, BAD, COLOURS, GOOD, TRANSLATED, TRANSLATIONS
from experiments.text.toy_world.tasks.drawing import dice_for, one_of
from minigrad.checks import whole_number

MAPPINGS = ("known", "new")
LABELS = ("gold", "random", "none")
MOST_EXAMPLES = 16
WORDS_OF_A_PROMPT = 4
VERDICTS = ("loved", "loathed")


@dataclass(frozen=True)
class Prompt:
    """A text whose next word is asked for, and the words to choose from, the right one first."""

    text: str
    choices: tuple[str, ...]

    @property
    def answer(self) -> str:
        """The right word."""
        return self.choices[0]


@dataclass(frozen=True)
class _Item:
    """An example or a query: the input, its label, and a random label."""

    source: str
    gold: str
    random: str


def translation(seed: int, n: int, n_examples: int, mapping: str = "known", labels: str = "gold") -> list[Prompt]:
    """`n` prompts that ask for the translation of a word. The choices are the words of all languages.

    Raises:
        TypeError or ValueError: if an argument is not as described.
    """
    words = [word for language in TRANSLATIONS.values() for word in language.values()]

    def prompt(dice: Dice) -> Prompt:
        items = _words(mapping, dice)
        text = "".join(_example(item, labels, " is ", ", ") for item in items[:n_examples])
        return Prompt(f"{text}{items[-1].source} is", _first(items[-1].gold, words))

    return _prompts("translation", prompt, seed, n, n_examples, mapping, labels)


def sentiment(seed: int, n: int, n_examples: int, mapping: str = "known", labels: str = "gold") -> list[Prompt]:
    """`n` prompts that ask for the label of a judgement. The choices are the two labels.

    Raises:
        TypeError or ValueError: if an argument is not as described.
    """

    def prompt(dice: Dice) -> Prompt:
        names = VERDICTS if mapping == "known" else dice.some(COLOURS, 2)
        items = _judgements(names, dice)
        text = "".join(_example(item, labels, ": ", ". ") for item in items[:n_examples])
        return Prompt(f"{text}{items[-1].source}:", _first(items[-1].gold, names))

    return _prompts("sentiment", prompt, seed, n, n_examples, mapping, labels)


def _prompts(
    task: str, prompt: Callable[[Dice], Prompt], seed: int, n: int, n_examples: int, mapping: str, labels: str
) -> list[Prompt]:
    """`n` prompts, after a check of what was asked for."""
    whole_number("n", n, at_least=0)
    whole_number("n_examples", n_examples, at_least=0, at_most=MOST_EXAMPLES)
    one_of("labels", labels, LABELS)
    dice = dice_for(seed, f"in-context {task}", one_of("mapping", mapping, MAPPINGS))
    return [prompt(dice) for _ in range(n)]


def _words(mapping: str, dice: Dice) -> list[_Item]:
    """As many examples as there can be, and the query: each is one of four words."""
    meaning = TRANSLATIONS[dice.one(list(TRANSLATIONS))]
    english = dice.some(TRANSLATED, WORDS_OF_A_PROMPT)
    foreign = [meaning[word] for word in english]
    while mapping == "new" and any(meaning[word] == other for word, other in zip(english, foreign, strict=True)):
        foreign = dice.some(list(meaning.values()), WORDS_OF_A_PROMPT)
    pairs = list(zip(english, foreign, strict=True))
    return [_Item(*dice.one(pairs), dice.one(foreign)) for _ in range(MOST_EXAMPLES + 1)]


def _judgements(names: Sequence[str], dice: Dice) -> list[_Item]:
    """As many examples as there can be, and the query; `names` are the labels of good and of bad."""
    adjectives = dice.some(GOOD + BAD, MOST_EXAMPLES + 1)
    return [
        _Item(
            PLAIN[0].format(aspect=dice.one(ASPECTS), sentiment=adjective).removesuffix("."),
            names[adjective in BAD],
            dice.one(names),
        )
        for adjective in adjectives
    ]


def _example(item: _Item, labels: str, joint: str, end: str) -> str:
    """The input, with its label if examples have labels."""
    if labels == "none":
        return item.source + end
    return item.source + joint + (item.gold if labels == "gold" else item.random) + end


def _first(right: str, words: Sequence[str]) -> tuple[str, ...]:
    """The words, the right one first."""
    return (right, *(word for word in words if word != right))
