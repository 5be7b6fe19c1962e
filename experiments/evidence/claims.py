"""From numbers, one per seed, to a verdict on a claim.

A claim says that some *effect* is above zero: usually "A scores higher than B", where the effect is the
mean over seeds of A - B. Both systems of a pair share the seed (same data, same order), so that an effect of the
seed on both cancels in the difference. The verdict comes from the 95% interval of the mean:

    interval above 0 -> reproduced      interval contains 0 -> not separated      interval below 0 -> contradicted

Where lower is better (a loss), swap the two: `compare(..., b, a)`. For "A is at most 0.02 worse than B",
give `holds` the effect 0.02 - (B - A), seed by seed.

Two kinds of claim have no interval (`interval` is None), and say so in `note`:
*one seed* has no spread: the verdict is "not separated", and the note gives the sign;
*an exact fact* (a property of a table, checked case by case) involves no chance: `seeds` is 0.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from minigrad.checks import number, whole_number

Verdict = Literal["reproduced", "not separated", "contradicted"]


@dataclass(frozen=True)
class Claim:
    """One claim of the lecture, and the verdict. `effect` is in `unit`; an effect above 0 supports the claim."""

    id: str
    text: str
    verdict: Verdict
    effect: float
    interval: list[float] | None
    seeds: int
    unit: str = ""
    note: str = ""
    explanation: str = ""  # the best explanation the numbers support; shown where the claim did not come out
    parts: list["Claim"] = field(default_factory=list)  # the claims that `every` combined

    def __post_init__(self) -> None:
        whole_number(f"claim {self.id!r}: seeds", self.seeds, at_least=0)
        if self.interval is not None and (len(self.interval) != 2 or self.interval[0] > self.interval[1]):
            raise ValueError(f"claim {self.id!r}: interval must be two numbers, the lower first, got {self.interval}")


def compare(
    id: str, text: str, a: Sequence[float], b: Sequence[float], *, unit: str = "", explanation: str = ""
) -> Claim:
    """The claim that a is above b: paired, `a[i]` and `b[i]` come from the same seed.

    Raises:
        ValueError: if the lengths differ, no seed is given, or a value is not finite.
    """
    if len(a) != len(b):
        raise ValueError(f"claim {id!r}: a and b must be paired by seed, got {len(a)} and {len(b)} values")
    differences = [x - y for x, y in zip(_per_seed(id, a), _per_seed(id, b), strict=True)]
    return holds(id, text, differences, unit=unit, explanation=explanation)


def holds(id: str, text: str, effects: Sequence[float], *, unit: str = "", explanation: str = "") -> Claim:
    """The claim that the mean of `effects`, one value per seed, is above 0.

    Raises:
        ValueError: if no seed is given or a value is not finite.
    """
    values = np.array(_per_seed(id, effects))
    mean = float(values.mean())
    if values.size == 1:
        sign = "+" if mean > 0 else "-" if mean < 0 else "0"
        note = f"one seed has no interval; sign: {sign}"
        return Claim(id, text, "not separated", mean, None, 1, unit, note, explanation)
    low, high = interval(values)
    verdict: Verdict = "reproduced" if low > 0 else "contradicted" if high < 0 else "not separated"
    return Claim(id, text, verdict, mean, [low, high], values.size, unit, "", explanation)


def every(
    id: str, text: str, effects: Mapping[str, Sequence[float]], *, unit: str = "", explanation: str = ""
) -> Claim:
    """A claim with several parts ("at every label count"): `effects` maps each part's name to one value per seed.

    Reproduced if each part is, contradicted if any is, else not separated. Effect, interval and seeds are
    those of the part that decides: the lowest effect among the parts with the worst verdict. That all must
    hold makes the test stricter, not looser, so the parts' intervals need no correction for their number.

    Raises:
        ValueError: if there is no part, a part has no seed, or a value is not finite.
    """
    if not effects:
        raise ValueError(f"claim {id!r}: effects must name at least one part")
    parts = [holds(f"{id}/{name}", name, values, unit=unit) for name, values in effects.items()]
    order: list[Verdict] = ["contradicted", "not separated", "reproduced"]
    worst = min(parts, key=lambda part: (order.index(part.verdict), part.effect))
    note = f"decided by {worst.text}, one of {len(parts)}"
    if worst.note:
        note += f"; {worst.note}"
    return Claim(id, text, worst.verdict, worst.effect, worst.interval, worst.seeds, unit, note, explanation, parts)


def exact(id: str, text: str, true: bool, effect: float, note: str, *, unit: str = "", explanation: str = "") -> Claim:
    """A fact in which nothing is random: reproduced if `true`, else contradicted.

    `effect` is a number worth reading (the smallest margin, a share of cases), `note` says what was checked.

    Raises:
        ValueError: if effect is not finite.
    """
    if not isinstance(effect, int | float | np.number) or not math.isfinite(effect):
        raise ValueError(f"claim {id!r}: effect must be finite, got {effect!r}")
    verdict: Verdict = "reproduced" if true else "contradicted"
    return Claim(id, text, verdict, float(effect), None, 0, unit, f"exact, no seeds: {note}", explanation)


def _per_seed(id: str, values: Sequence[float]) -> list[float]:
    """The values as floats, one or more, each finite."""
    try:
        numbers = [number("effect", value) for value in values]
    except (TypeError, ValueError, OverflowError):  # integers may lie beyond all floats
        numbers = []
    if not numbers:
        raise ValueError(f"claim {id!r}: expected one finite number per seed, got {values!r:.200}")
    return numbers


def interval(values: np.ndarray) -> tuple[float, float]:
    """The 95% interval of a mean: mean ± t · s / √n, Student's t with n - 1 degrees of freedom, n ≥ 2.

    Raises:
        ValueError: if there are fewer than two values, which have no spread.
    """
    if values.size < 2:
        raise ValueError(f"values must be at least 2, for a spread, got {values.size}")
    mean, standard_error = values.mean(), values.std(ddof=1) / math.sqrt(values.size)
    half = student_t(values.size - 1) * standard_error
    return float(mean - half), float(mean + half)


def student_t(freedom: int, coverage: float = 0.95) -> float:
    """The t between whose negative and positive value Student's distribution has `coverage` of its mass.

    `freedom` is its number of degrees of freedom, at least 1.

    Raises:
        TypeError or ValueError: if freedom is not a whole number of at least 1, or coverage not between 0 and 1.

    Bisection on the angle θ = atan(t / √ν), in which the mass is a finite sum (Abramowitz and Stegun 26.7.3-4).
    """
    whole_number("freedom", freedom, at_least=1)
    number("coverage", coverage, above=0, below=1)
    low, high = 0.0, math.pi / 2
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if _mass_within(middle, freedom) < coverage else (low, middle)
    return math.sqrt(freedom) * math.tan(low)


def _mass_within(angle: float, freedom: int) -> float:
    """P(|t| < √ν tan(angle)) for ν = `freedom`: sums over even or odd powers of the cosine."""
    cosine, odd = math.cos(angle), freedom % 2
    term, total = (cosine if odd else 1.0), 0.0
    for power in range(2 + odd, freedom + 1, 2):
        total += term
        term *= cosine**2 * (power - 1) / power
    total *= math.sin(angle)
    return 2 / math.pi * (angle + total) if odd else total
