"""`python -m experiments world --show`: every genre, statistics that are counted, and every task."""

import math
import re
from collections import Counter

import pytest

from experiments.__main__ import main
from experiments.text.document import Document
from experiments.text.toy_world import show as module
from experiments.text.toy_world.items import LABELLED, TASKS, Item
from experiments.text.toy_world.parts import is_held_out
from experiments.text.toy_world.recogniser import sentences
from experiments.text.toy_world.show import WIDTH, show
from experiments.text.toy_world.statistics import first_documents, statistics
from experiments.text.toy_world.tasks.blanks import CLUE_AFTER, CLUE_BEFORE, SKILLS
from experiments.text.toy_world.vocabulary import tokenizer
from experiments.text.toy_world.world import ALL_OF_IT, GENRES

from .written import accepted, world

N_TOKENS = 3000


@pytest.fixture(scope="module")
def shown() -> str:
    return show(1, N_TOKENS)


def blocks(text: str) -> list[list[str]]:
    """The lines of each paragraph."""
    return [block.splitlines() for block in text.split("\n\n")]


def number(text: str, name: str) -> float:
    """The number of a line of statistics."""
    return float(re.search(rf"^  {name} +([\d.,]+)", text, re.MULTILINE)[1].replace(",", ""))


@pytest.mark.parametrize("genre", GENRES)
def test_every_genre_has_two_samples_of_training_text_and_its_share(shown: str, genre: str):
    head, *lines = next(block for block in blocks(shown) if block[0].startswith(f"{genre}, "))
    samples = re.split(r"^  - ", "\n".join(lines), flags=re.MULTILINE)[1:]
    assert len(samples) == 2
    for sample in samples:
        text = " ".join(sample.split())
        assert accepted(genre, sentences(text), seed=1)
        assert genre in ALL_OF_IT or not is_held_out(sentences(text))
    documents = first_documents(world(1), 0, N_TOKENS)
    tokens = {name: sum(len(tokenizer().encode(d.text)) for d in documents if d.name == name) for name in GENRES}
    assert head == f"{genre}, {tokens[genre] / sum(tokens.values()):.1%}"


def test_the_statistics_are_counted(shown: str):
    documents = first_documents(world(1), 0, N_TOKENS)
    ids = [token for document in documents for token in tokenizer().encode(document.text)]
    shares = [count / len(ids) for count in Counter(ids).values()]
    assert number(shown, "documents") == len(documents)
    assert number(shown, "tokens") == len(ids) >= N_TOKENS
    assert number(shown, "tokens per document") == round(len(ids) / len(documents), 1)
    assert number(shown, "vocabulary") == tokenizer().vocab_size
    assert number(shown, "different words") == len(set(ids))
    assert number(shown, "unigram entropy") == round(-sum(share * math.log(share) for share in shares), 2)
    assert number(shown, "facts") == sum(map(len, world(1).facts.values()))


def test_another_world_has_other_samples_and_other_numbers(shown: str):
    assert show(2, N_TOKENS) != shown == show(1, N_TOKENS)
    assert number(show(1, 2 * N_TOKENS), "tokens") > number(shown, "tokens")


def test_facts_are_counted_by_what_they_are_about():
    person = "emma"
    facts = world(0).facts[person]
    texts = [
        f"{person} lives in {facts['city']}. she works as a {facts['job']}.",
        f"the home of {person} is {facts['city']}. {person} is a {facts['job']}.",
        f"in {facts['city']} you can meet {person}.",
    ]
    counted = statistics(world(0), [Document("encyclopedia", text) for text in texts])
    assert counted.stated == {(person, "city"): 3, (person, "job"): 2}
    assert counted.documents == {"encyclopedia": 3}


def test_documents_are_read_until_their_tokens_are_enough():
    documents = first_documents(world(0), 0, 200)
    lengths = [len(tokenizer().encode(document.text)) for document in documents]
    assert sum(lengths[:-1]) < 200 <= sum(lengths)


def test_every_task_is_shown_with_every_kind_of_its_items(shown: str):
    assert list(TASKS) == [block[0] for block in blocks(shown)[-len(TASKS) :]]
    for name, items in TASKS.items():
        lines = next(block for block in blocks(shown) if block[0] == name)[1:]
        text = " ".join(" ".join(lines).split())
        found = list(items(world(1)))
        for item in found:
            assert f"{item.kind} {item.given} → {item.gold}" in text
        assert text.count("→") == len(found) > 0


@pytest.mark.parametrize(
    ("task", "kinds"),
    [
        ("fill in the blank, the clue before it", CLUE_BEFORE),
        ("fill in the blank, the clue after it", CLUE_AFTER),
        ("fill in the blank, single skills", SKILLS),
    ],
)
def test_a_blank_of_each_kind_is_an_item(task, kinds):
    assert [item.kind for item in TASKS[task](world(1))] == list(kinds)


@pytest.mark.parametrize("name", LABELLED)
def test_a_task_with_labels_shows_each_with_its_name(name: str):
    task = LABELLED[name](1, 0, max(2, len(LABELLED[name](1, 0, 0, 0).labels)), 0)
    items = list(TASKS[name](world(1)))
    assert [item.gold for item in items] == list(task.labels or (f"{example.label:g}" for example in task.dev))
    assert [item.given for item in items] == [
        example.first if example.second is None else f"{example.first} | {example.second}" for example in task.dev
    ]


def test_every_other_task_shows_all_that_it_can_ask():
    kinds = {name: [item.kind for item in items(world(1))] for name, items in TASKS.items() if name not in LABELLED}
    assert kinds["reading, like SQuAD 1.1"] == ["answerable", "answerable"]
    assert kinds["reading, like SQuAD 2.0"] == ["answerable", "unanswerable"]
    assert kinds["summarisation"] == ["story", "review"]
    assert kinds["translation"] == ["norvish", "zamian", "ludic"]
    assert kinds["closed-book questions"] == ["one", "several", "paraphrased"]
    assert len(kinds["in-context learning"]) == 4
    assert [item.gold for item in TASKS["word senses"](world(1))] == ["noun", "verb"]


def test_a_task_in_the_list_is_shown(monkeypatch, shown: str):
    monkeypatch.setitem(module.TASKS, "counting", lambda world: iter([Item("up", "one two", "three")]))
    assert show(1, N_TOKENS) == f"{shown}\n\ncounting\n  up  one two\n      → three"


def test_lines_are_not_too_wide_and_have_no_spaces_at_their_ends(shown: str):
    lines = shown.splitlines()
    assert 60 <= max(map(len, lines)) <= WIDTH <= 120
    assert [line for line in lines if line != line.rstrip()] == []


def test_the_command_prints_it(capsys, monkeypatch):
    monkeypatch.setattr(module, "show", lambda seed: f"world {seed}")
    assert main(["world", "--show", "--seed", "3"]) == 0
    assert main(["world", "--show"]) == 0
    assert capsys.readouterr().out == "world 3\nworld 0\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["world"], "required: --show"),
        (["world", "--show", "--seed", "two"], "expected a whole number, got 'two'"),
        (["world", "--show", "--seed"], "expected one argument"),
    ],
)
def test_a_command_that_is_not_complete_is_refused(capsys, arguments: list[str], message: str):
    with pytest.raises(SystemExit, match="2"):
        main(arguments)
    assert message in capsys.readouterr().err


def test_no_world_has_a_negative_seed(capsys):
    assert main(["world", "--show", "--seed", "-1"]) == 2
    assert capsys.readouterr().err == "error: seed must be at least 0, got -1\n"
