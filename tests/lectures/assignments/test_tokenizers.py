"""Assignment 2: mistakes that come together, a course's own rule, and how work is counted."""

from collections.abc import Callable
from pathlib import Path

import numpy as np

from lectures.assignments.tokenizers import ASSIGNMENT
from lectures.assignments.tokenizers.e4_incremental import learnt_from_arrays, many_words
from lectures.assignments.tokenizers.merging_by_hand import learnt
from lectures.grading.folder import chosen_variants, sources, write_code, write_handout
from lectures.grading.grade import Known, Verdict, grade, grade_exercise
from tests.lectures.assignments.conftest import Submission, symptoms_of
from tests.lectures.grading.conftest import PROJECT


def test_two_mistakes_at_once_are_both_named(submission: Submission):
    mistakes = ("counts not weighted", "from the right")
    verdict = grade_exercise(submission("2.1", *mistakes), "2.1")
    assert set(verdict.symptoms) == symptoms_of("2.1", *mistakes)


def test_a_loop_without_end_and_kept_accents_are_both_named(submission: Submission):
    mistakes = ("endless loop", "accents kept")
    verdict = grade_exercise(submission("2.5", *mistakes), "2.5")
    assert set(verdict.symptoms) == symptoms_of("2.5", *mistakes)
    assert verdict.groups == {"longest match": True, "inside a word": False, "words": False}
    assert verdict.points == 5


def test_the_public_solution_under_another_rule_is_named(tmp_path: Path):
    key = "autumn"
    assert chosen_variants(key, ASSIGNMENT) == {"2.1": "smallest"}
    write_handout(tmp_path, ASSIGNMENT, PROJECT, key=key)
    assert "`min(pairs)`" in (tmp_path / "handout_2.md").read_text(encoding="utf-8")
    write_code(tmp_path, ASSIGNMENT, PROJECT, sources(ASSIGNMENT, PROJECT, {}))
    (verdict,) = grade(tmp_path, ASSIGNMENT, key=key, numbers=["2.1"])
    assert "the public course's rule is followed" in verdict.message
    assert verdict.groups["ties"] is False


# Other ways to write exercise 2.4: the body of its loop that finds the next pair.
POP = "best = heapq.heappop(heap)"
MAX = """pair = max(counts, key=lambda pair: (counts[pair], pair))
        best = Candidate(pair, counts[pair])
        if not best.count:
            break"""
COUNTED_AGAIN = """
    from collections import Counter
    corpus = [(list(symbols), count) for symbols, count in words]
    learnt = []
    while len(learnt) < merges:
        counts = Counter()
        for symbols, count in corpus:
            for pair in pairwise(symbols):
                counts[pair] += count
        if not counts:
            break
        best = max(counts, key=lambda pair: (counts[pair], pair))
        learnt.append((*best, counts[best]))
        corpus = [(merged(symbols, best), count) for symbols, count in corpus]
    return learnt
"""


KNOWN: Known = {}  # what the known mistakes give, for all of these tests


def incremental_merges(folder: Path, change: Callable[[str], str]) -> Verdict:
    """The verdict on exercise 2.4 with a changed solution."""
    path = folder / "incremental_merges.py"
    path.write_text(change(path.read_text()))
    (verdict,) = grade(folder, ASSIGNMENT, numbers=["2.4"], known=KNOWN)
    return verdict


def test_counting_again_finds_the_merges_with_too_much_work(submission: Submission):
    def counted_again(text: str) -> str:
        start = "    corpus = [(list(symbols), count) for symbols, count in words]\n"
        before, rest = text.split(start)
        return before + COUNTED_AGAIN.lstrip("\n") + "\n\ndef merged(" + rest.split("\n\ndef merged(")[1]

    verdict = incremental_merges(submission("2.4"), counted_again)
    assert verdict.groups == {"counts": True, "ties": True, "overlaps": True, "work": False}
    assert "what changes is near the merge" in verdict.message


def test_the_heap_is_not_part_of_the_points(submission: Submission):
    verdict = incremental_merges(submission("2.4"), lambda text: text.replace(POP, MAX))
    assert verdict.points == 20, verdict.message


def test_looking_for_the_pair_in_all_words_is_too_much_work(submission: Submission):
    holders = "sorted(holders[best.pair])"
    every = "[n for n, (symbols, _) in enumerate(corpus) if best.pair in pairwise(symbols)]"
    verdict = incremental_merges(submission("2.4"), lambda text: text.replace(holders, every))
    assert verdict.groups == {"counts": True, "ties": True, "overlaps": True, "work": False}


def test_the_expected_merges_of_the_large_text_are_those_of_the_small_texts():
    words = many_words(np.random.default_rng(3))[:40]
    assert learnt_from_arrays(words, 25) == learnt([(list(word), count) for word, count in words], 25)
