"""In-context learning: the prompt shows the task, and the model continues it. No weight changes.

    translation = PromptFormat(before_answer=" ->")
    translation.prompt("otter", [("thanks", "merci"), ("hello", "bonjour"), ("mint", "menthe")])

is the lecture's prompt,

    thanks -> merci
    hello -> bonjour
    mint -> menthe
    otter ->

Without examples this is called zero-shot, with one example one-shot, with more few-shot. The prompt has the same form
if the answer is one of a few labels; `models/scoring.py` finds the label that is likeliest after the prompt.

Sources: the lecture, "GPT-3, In-context learning, and very large models";
Brown et al. 2020, "Language Models are Few-Shot Learners", section 2 and figure 2.1.
"""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class PromptFormat:
    """The layout of questions and answers in a prompt.

    Attributes:
        before_answer: ends each question, and the prompt.
        lead: separates before_answer from the answer. It belongs to the answer, because tokenizers such as GPT-2's join
            a space to the word after it: pretraining has rarely seen a space token before a word.
        between: ends the description and each example.

    Raises:
        ValueError: if `between` is empty, because nothing would separate the examples.
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
            description: states the task; the prompt begins with it.

        Raises:
            ValueError: if a question or an answer contains `between`, which would hide where it ends, or an example is
                not a pair.
            TypeError: if a question, an answer or the description is not text.
        """
        check_text("description", description)
        for example in examples:
            if isinstance(example, str) or len(example) != 2:
                raise ValueError(f"examples must be pairs of a question and its answer, got {example!r}")
        for text in (query, *(text for example in examples for text in example)):
            check_text("query and examples", text)
            if self.between in text:
                raise ValueError(f"{text!r} contains {self.between!r}, which separates the examples")
        # The examples give the pattern, and the prompt breaks it off: the likeliest next token is an answer. This is
        # the objective of pretraining, so nothing has to be trained.
        parts = [description] if description else []
        parts += [question + self.before_answer + self.continuation(answer) for question, answer in examples]
        return self.between.join([*parts, query + self.before_answer])

    def continuation(self, answer: str) -> str:
        """The text that the model would have to write after the prompt to give this answer."""
        # GPT-2 has " merci" as its own tokens, so the space opens the answer and never closes the prompt.
        return self.lead + answer

    def answer(self, written: str) -> str:
        """The answer in the text that the model has written after the prompt: everything before the first `between`.
        After it, the model has begun another example of its own."""
        return written.split(self.between)[0].strip()


def check_text(name: str, value: object) -> None:
    """Raise TypeError unless a value is a string."""
    if not isinstance(value, str):
        raise TypeError(f"{name} must be text, got {value!r} of type {type(value).__name__}")
