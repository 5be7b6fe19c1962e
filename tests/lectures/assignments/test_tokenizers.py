"""Assignment 2: the proof of each exercise, what the handout holds, and how work is counted."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from lectures.assignments.tokenizers import ASSIGNMENT
from lectures.assignments.tokenizers.e4_incremental import learnt_from_arrays, many_words
from lectures.assignments.tokenizers.merging_by_hand import learnt
from lectures.grading.exercise import Exercise
from lectures.grading.folder import chosen_variants, sources, with_mistake, write_code, write_handout
from lectures.grading.grade import Known, Verdict, grade, grade_exercise
from lectures.grading.leak import leaks
from lectures.grading.proof import prove
from tests.lectures.grading.conftest import PROJECT


@pytest.fixture(scope="module")
def handout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("handout")
    write_handout(folder, ASSIGNMENT, PROJECT)
    return folder


@pytest.mark.parametrize("exercise", ASSIGNMENT.exercises, ids=lambda exercise: exercise.number)
def test_the_stub_the_solution_and_the_mistakes_are_graded_as_they_should_be(exercise: Exercise):
    assert prove(ASSIGNMENT, exercise, PROJECT) == []


def test_the_points_add_up():
    assert sum(exercise.points for exercise in ASSIGNMENT.exercises) == 100


def test_the_handout_holds_no_answer(handout: Path):
    assert leaks(handout, ASSIGNMENT, PROJECT) == {}


def test_nothing_is_written_yet(handout: Path):
    verdicts = grade(handout, ASSIGNMENT)
    assert [verdict.points for verdict in verdicts] == [0] * 5
    assert all(verdict.message.startswith("not written yet") for verdict in verdicts)


def submission(folder: Path, number: str, *mistakes: str) -> Path:
    """The solution with these mistakes."""
    exercise = ASSIGNMENT.exercise(number)
    write_handout(folder, ASSIGNMENT, PROJECT)
    texts = sources(ASSIGNMENT, PROJECT, {})
    for mistake in exercise.mistakes:
        if mistake.name in mistakes:
            texts = with_mistake(texts, exercise, mistake, PROJECT)
    write_code(folder, ASSIGNMENT, PROJECT, texts)
    return folder


def test_two_mistakes_at_once_are_both_named(tmp_path: Path):
    verdict = grade_exercise(submission(tmp_path, "2.1", "counts not weighted", "from the right"), "2.1")
    assert verdict.symptoms == (
        "a pair is counted once for a distinct word, however often the word occurs",
        "pairs that overlap are merged from the right: a a a becomes a aa",
    )
    assert verdict.groups == {"counting": False, "ties": False, "until the end": False, "replacing": False}


def test_a_loop_without_end_and_kept_accents_are_both_named(tmp_path: Path):
    verdict = grade_exercise(submission(tmp_path, "2.5", "endless loop", "accents kept"), "2.5")
    assert set(verdict.symptoms) == {"a character without a piece is looked up for ever", "letters keep their accents"}
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
    path = submission(folder, "2.4") / "incremental_merges.py"
    path.write_text(change(path.read_text()))
    (verdict,) = grade(folder, ASSIGNMENT, numbers=["2.4"], known=KNOWN)
    return verdict


def test_counting_again_finds_the_merges_with_too_much_work(tmp_path: Path):
    def counted_again(text: str) -> str:
        start = "    corpus = [(list(symbols), count) for symbols, count in words]\n"
        before, rest = text.split(start)
        return before + COUNTED_AGAIN.lstrip("\n") + "\n\ndef merged(" + rest.split("\n\ndef merged(")[1]

    verdict = incremental_merges(tmp_path, counted_again)
    assert verdict.groups == {"counts": True, "ties": True, "overlaps": True, "work": False}
    assert "what changes is near the merge" in verdict.message


def test_the_heap_is_not_part_of_the_points(tmp_path: Path):
    verdict = incremental_merges(tmp_path, lambda text: text.replace(POP, MAX))
    assert verdict.points == 20, verdict.message


def test_looking_for_the_pair_in_all_words_is_too_much_work(tmp_path: Path):
    holders = "sorted(holders[best.pair])"
    every = "[n for n, (symbols, _) in enumerate(corpus) if best.pair in pairwise(symbols)]"
    verdict = incremental_merges(tmp_path, lambda text: text.replace(holders, every))
    assert verdict.groups == {"counts": True, "ties": True, "overlaps": True, "work": False}


def test_the_expected_merges_of_the_large_text_are_those_of_the_small_texts():
    words = many_words(np.random.default_rng(3))[:40]
    assert learnt_from_arrays(words, 25) == learnt([(list(word), count) for word, count in words], 25)
