"""In-context learning: the task is shown in the prompt, and the model goes on writing. No weight changes.

    translation = PromptFormat(before_answer=" ->")
    translation.prompt("otter", [("thanks", "merci"), ("hello", "bonjour"), ("mint", "menthe")])

is the lecture's prompt,

    thanks -> merci
    hello -> bonjour
    mint -> menthe
    otter ->

Without examples it is zero-shot, with one one-shot, with more few-shot. A task whose answer is one of a few labels
looks the same; `models/scoring.py` says which label the model finds likeliest after the prompt.

Sources: the lecture, "GPT-3, In-context learning, and very large models";
Brown et al. 2020, "Language Models are Few-Shot Learners", section 2 and figure 2.1.
"""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class PromptFormat:
    """How questions and answers are set in a prompt.

    Attributes:
        before_answer: ends each question, and the prompt.
        lead: between that and the answer. It belongs to the answer, because tokenizers such as GPT-2's join a
            space to the word behind it: a prompt that ends in a space is not what pretraining has seen.
        between: ends the description and each example.

    Raises:
        ValueError: if `between` is empty, so that nothing would separate the examples.
        TypeError: if one of the three is not text.
    """

    before_answer: str = " ->"
    lead: str = " "
    between: str = "\n"

    def __post_init__(self) -> None:
        for name in ("before_answer", "lead", "between"):
            check_text(name, getattr(self, name))
        if not self.between:
            raise ValueError("between must not be empty, since it ends each example")

    def prompt(self, query: str, examples: Sequence[tuple[str, str]] = (), description: str = "") -> str:
        """A prompt that ends where the answer to the query begins.

        Args:
            examples: pairs of a question and its answer.
            description: says what the task is, before everything else.

        Raises:
            ValueError: if a question or an answer contains `between`, so that one could not tell where it ends, or
                an example is not a pair.
            TypeError: if a question, an answer or the description is not text.
        """
        check_text("description", description)
        for example in examples:
            if isinstance(example, str) or len(example) != 2:
                raise ValueError(f"examples must be pairs of a question and its answer, got {example!r}")
        for text in (query, *(text for example in examples for text in example)):
            check_text("query and examples", text)
            if self.between in text:
                raise ValueError(f"{text!r} contains {self.between!r}, which stands between the examples")
        parts = [description] if description else []
        parts += [question + self.before_answer + self.continuation(answer) for question, answer in examples]
        return self.between.join([*parts, query + self.before_answer])

    def continuation(self, answer: str) -> str:
        """What the model would have to write behind the prompt to give this answer."""
        return self.lead + answer

    def answer(self, written: str) -> str:
        """The answer in what the model has written behind the prompt: all up to `between`, where it has begun
        another example of its own."""
        return written.split(self.between)[0].strip()


def check_text(name: str, value: object) -> None:
    """Raise TypeError unless a value is a string."""
    if not isinstance(value, str):
        raise TypeError(f"{name} must be text, got {value!r} of type {type(value).__name__}")
