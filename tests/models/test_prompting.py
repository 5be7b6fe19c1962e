"""Prompts: the lecture's and the paper's, letter for letter, and the answers read back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.prompting import PromptFormat

FRENCH = [("thanks", "merci"), ("hello", "bonjour"), ("mint", "menthe")]


def test_the_lecture_s_prompt():
    assert PromptFormat().prompt("otter", FRENCH) == "thanks -> merci\nhello -> bonjour\nmint -> menthe\notter ->"


def test_the_paper_s_prompts_with_no_one_and_few_examples():
    form = PromptFormat(before_answer=" =>")
    task = "Translate English to French:"
    assert form.prompt("cheese", description=task) == "Translate English to French:\ncheese =>"
    assert form.prompt("cheese", [("sea otter", "loutre de mer")], task) == (
        "Translate English to French:\nsea otter => loutre de mer\ncheese =>"
    )
    assert form.prompt("cheese", [("sea otter", "loutre de mer"), ("peppermint", "menthe poivrée")], task) == (
        "Translate English to French:\nsea otter => loutre de mer\npeppermint => menthe poivrée\ncheese =>"
    )


def test_the_lecture_s_labels():
    form = PromptFormat(before_answer="\n", lead="")
    examples = [("Circulation revenue has increased by 5% in Finland.", "Neutral"), ("Sales fell.", "Negative")]
    assert form.prompt("The company anticipated its operating profit to improve.", examples) == (
        "Circulation revenue has increased by 5% in Finland.\nNeutral\n"
        "Sales fell.\nNegative\n"
        "The company anticipated its operating profit to improve.\n"
    )


def test_examples_of_several_lines():
    form = PromptFormat(before_answer="\nSentiment:", between="\n\n")
    assert form.prompt("Good,\nreally.", [("Bad.", "negative")], "Is the review positive?") == (
        "Is the review positive?\n\nBad.\nSentiment: negative\n\nGood,\nreally.\nSentiment:"
    )


def test_a_prompt_with_its_continuation_is_one_more_example():
    form = PromptFormat()
    shown = form.prompt("otter", FRENCH) + form.continuation("loutre")
    assert form.prompt("sea", [*FRENCH, ("otter", "loutre")]) == shown + "\nsea ->"


@pytest.mark.parametrize(
    ("written", "answer"), [(" loutre\nsea -> mer\n", "loutre"), (" loutre", "loutre"), ("\nsea -> mer", ""), ("", "")]
)
def test_the_answer_ends_where_the_model_begins_an_example_of_its_own(written, answer):
    assert PromptFormat().answer(written) == answer


words = st.text(st.characters(codec="utf-8", exclude_characters="\n"), min_size=1).filter(lambda x: x == x.strip())


@given(words, st.lists(st.tuples(words, words), max_size=3), words)
def test_a_written_answer_is_read_back(query, examples, answer):
    form = PromptFormat()
    prompt = form.prompt(query, examples)
    assert prompt.count("\n") == len(examples)
    assert prompt.endswith(query + " ->")
    assert form.answer(form.continuation(answer) + "\n" + prompt) == answer


@pytest.mark.parametrize(
    ("query", "examples"), [("sea\notter", []), ("otter", [("a\nb", "c")]), ("otter", [("a", "b"), ("c", "d\n")])]
)
def test_texts_that_would_run_into_each_other_are_refused(query, examples):
    with pytest.raises(ValueError, match=r"contains '\\n', which separates the examples"):
        PromptFormat().prompt(query, examples)
