"""What an exercise is: the functions to write, the cases that check them, and the mistakes that it knows.

An exercise is a module of `lectures/assignments/NAME/`. Its cases are made from a seed, so that a student checks with
one seed and a course grades with another. A case calls a function of the student's `adapters_N.py` with plain values.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Stub:
    """A function that the handout empties.

    Attributes:
        symbol: its name as in `lectures/build/sources.py`: `minigrad.tape.topological_order`, or `FILE.cu: NAME`.
        keep: how many statements at its beginning stay, such as the checks of arguments.
    """

    symbol: str
    keep: int = 0


@dataclass(frozen=True)
class Mistake:
    """A typical wrong solution.

    Attributes:
        name: a few words for us.
        old: text of the solution, which occurs in `symbol` exactly once.
        new: the text of the wrong solution in its place.
        symptom: completes "This is what comes out if …". It says what is wrong, and never how to repair it.
        symbol: the function that `old` is in; by default the first one of the exercise.
    """

    name: str
    old: str
    new: str
    symptom: str
    symbol: str = ""


@dataclass(frozen=True)
class Variant:
    """A rule that a course may choose, so that the public solution does not solve its exercise.

    Attributes:
        name: one word.
        rule: the sentence in the handout.
        edits: (symbol, old, new) that turn the public solution into that of this variant; the docstring too.
    """

    name: str
    rule: str
    edits: tuple[tuple[str, str, str], ...] = ()


@dataclass(frozen=True)
class Case:
    """One call of the student's code.

    Attributes:
        group: what the cases of this name show together; the points are shared among the groups.
        shows: what this case shows, in words.
        function: the name of the function in `adapters_N.py`.
        arguments: numbers, texts, None, arrays, and lists, tuples and dicts (with names as keys) of them.
        expected: the right output. With `judge`, the verdict on a right output.
        judge: where several outputs are right: makes a verdict in words from an output.
        tolerance: how far a number may be off, relatively and absolutely.
        seconds: the time limit of this call.
    """

    group: str
    shows: str
    function: str
    arguments: tuple[Any, ...]
    expected: Any
    judge: Callable[[Any], str] | None = None
    tolerance: float = 1e-6
    seconds: float = 10.0


@dataclass(frozen=True)
class Exercise:
    """An exercise, as the handout and the grader need it.

    Attributes:
        number: such as "1.2": the second one of the first assignment.
        title: a few words.
        points: for all groups of cases together.
        minutes: how long a student takes, which the handout says.
        stubs: the functions to write.
        cases: makes the cases from a random generator and the name of the variant ("" if there are none).
        mistakes: the wrong solutions that the grader can name.
        page: the page of the course to read, from `lectures/`.
        walk: the walk or the stepper to look at, if there is one.
        variants: the rules that a course may choose among; the first is that of the public solution.
        jit: whether Numba compiles the student's kernels. Without, they run as Python.
        seconds: the time limit of all calls together.
        megabytes: the limit of memory.
    """

    number: str
    title: str
    points: int
    minutes: int
    stubs: tuple[Stub, ...]
    cases: Callable[[np.random.Generator, str], Iterable[Case]]
    mistakes: tuple[Mistake, ...]
    page: str
    walk: str = ""
    variants: tuple[Variant, ...] = ()
    jit: bool = False
    seconds: float = 60.0
    megabytes: int = 4000

    @property
    def public_variant(self) -> str:
        """The name of the variant that the public solution follows; "" if there are none."""
        return self.variants[0].name if self.variants else ""

    def variant(self, name: str) -> Variant | None:
        """The variant of this name; None for "" in an exercise without variants.

        Raises:
            ValueError: if there is no variant of this name.
        """
        if not name and not self.variants:
            return None
        for variant in self.variants:
            if variant.name == name:
                return variant
        known = ", ".join(variant.name for variant in self.variants) or "none"
        raise ValueError(f"exercise {self.number} has no variant {name!r}; its variants: {known}")


@dataclass(frozen=True)
class Assignment:
    """A week of the course.

    Attributes:
        number: 0 is the warm-up.
        name: its folder in `lectures/assignments/`.
        title: a few words.
        exercises: in order.
    """

    number: int
    name: str
    title: str
    exercises: tuple[Exercise, ...]

    @property
    def folder(self) -> str:
        """The folder of its files, from the project."""
        return f"lectures/assignments/{self.name}"

    @property
    def adapters(self) -> str:
        """The name of its module of adapters in the student's folder."""
        return f"adapters_{self.number}"

    def exercise(self, number: str) -> Exercise:
        """The exercise of this number.

        Raises:
            ValueError: if there is none.
        """
        for exercise in self.exercises:
            if exercise.number == number:
                return exercise
        known = ", ".join(exercise.number for exercise in self.exercises)
        raise ValueError(f"assignment {self.number} has no exercise {number!r}; its exercises: {known}")
