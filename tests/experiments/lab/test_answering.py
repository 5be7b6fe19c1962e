"""Questions about a passage: the places of answers, and SQuAD's metrics of places."""

import numpy as np
import pytest

from experiments.lab import answering
from experiments.text.toy_world.tasks.reading import Question, questions
from experiments.text.toy_world.vocabulary import CLS, SEP, tokenizer

PASSAGE = "adam purchased a big poodle in the garden. on friday adam found a boat."
FOUR = [
    Question(PASSAGE, "which dog is the one that adam bought?", "big poodle", PASSAGE.index("big")),
    Question(PASSAGE, "who discovered a boat?", "adam", PASSAGE.index("adam found")),
    Question(PASSAGE, "when was it that adam discovered a boat?", "friday", PASSAGE.index("friday")),
    Question(PASSAGE, "who discovered a dog?", "", -1),
]


def test_an_answer_is_at_its_place_behind_the_question():
    way = answering.for_span_extraction(FOUR)
    words = tokenizer()
    for row, question in enumerate(FOUR):
        ids = way.ids[row][way.attention_mask[row] == 1].tolist()
        assert ids == words.encode(f"{CLS} {question.question} {SEP} {PASSAGE} {SEP}")
    in_the_second_sentence = way.ids[1].tolist().index(words.ids["friday"]) + 1
    assert (way.starts[1], way.ends[1]) == (in_the_second_sentence, in_the_second_sentence)  # not the first "adam"
    assert way.ends[0] == way.starts[0] + 1
    assert (way.starts[3], way.ends[3]) == (0, 0)


def test_the_passage_alone_may_hold_an_answer_and_is_the_second_segment():
    way = answering.for_span_extraction(FOUR)
    words = tokenizer()
    for row, question in enumerate(FOUR):
        n_question, n_passage = len(words.encode(question.question)) + 2, len(words.encode(PASSAGE))
        assert way.context_mask[row].nonzero()[0].tolist() == list(range(n_question, n_question + n_passage))
        assert way.token_type_ids[row].nonzero()[0].tolist() == list(range(n_question, n_question + n_passage + 1))


def test_gold_places_give_back_every_answer():
    drawn = questions(100, "train", 60, unanswerable=True)
    way = answering.for_span_extraction(drawn)
    places = np.stack([way.starts, way.ends], axis=1)
    assert answering.texts_between(way.ids, places) == [question.answer for question in drawn]
    assert answering.scores(drawn, way.ids, places) == {"exact_match": 1.0, "f1": 1.0}


def test_the_same_text_elsewhere_is_right_and_half_of_an_answer_is_half_right():
    way = answering.for_span_extraction(FOUR)
    first_adam = way.ids[1].tolist().index(tokenizer().ids["adam"])
    assert first_adam != way.starts[1]
    places = np.array([(way.ends[0], way.ends[0]), (first_adam, first_adam), (0, 0), (0, 0)])
    # "poodle" of "big poodle": precision 1, recall 1/2; "adam" elsewhere; no answer where there is one; and none
    f1 = (2 / 3 + 1 + 0 + 1) / 4
    assert answering.scores(FOUR, way.ids, places) == {"exact_match": 0.5, "f1": pytest.approx(f1)}
    assert way.score(places) == pytest.approx(f1)
