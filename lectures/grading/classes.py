"""A class: the points of every submission, and how often each symptom occurs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from statistics import mean

from lectures.grading.grade import Verdict


def statistics(graded: Mapping[str, Sequence[Verdict]], refused: Mapping[str, str]) -> str:
    """The text of `python -m lectures class`.

    Args:
        graded: the verdicts of each submission, by its name.
        refused: why a submission could not be graded, by its name.
    """
    lines = []
    width = max(map(len, [*graded, *refused]), default=0)
    for name, verdicts in graded.items():
        points = "  ".join(f"{verdict.number}: {verdict.points}/{verdict.max_points}" for verdict in verdicts)
        lines.append(f"{name:<{width}}  {sum(verdict.points for verdict in verdicts):3} points   {points}")
    lines += [f"{name:<{width}}  not graded: {why}" for name, why in refused.items()]
    by_exercise: dict[str, list[Verdict]] = {}
    for verdicts in graded.values():
        for verdict in verdicts:
            by_exercise.setdefault(verdict.number, []).append(verdict)
    for number, verdicts in by_exercise.items():
        full = sum(verdict.points == verdict.max_points for verdict in verdicts)
        average = mean(verdict.points for verdict in verdicts)
        lines += [
            "",
            f"{number}  {verdicts[0].title}: {average:.1f} of {verdicts[0].max_points} points on average, "
            f"{full} of {len(verdicts)} complete",
        ]
        lines += [f"    {count} × {symptom}" for symptom, count in symptom_counts(verdicts).most_common()]
    return "\n".join(lines)


def symptom_counts(verdicts: Sequence[Verdict]) -> Counter[str]:
    """How often each symptom occurs; what is not written or not known has names of its own."""
    counts: Counter[str] = Counter()
    for verdict in verdicts:
        if verdict.points == verdict.max_points:
            continue
        if verdict.symptoms:
            counts.update(verdict.symptoms)
        elif verdict.message.startswith("not written yet"):
            counts["not written yet"] += 1
        else:
            counts["a mistake that the grader does not know"] += 1
    return counts
