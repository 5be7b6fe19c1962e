"""The recogniser: what every genre writes is grammatical, and true or consistent; what is damaged is not."""

from collections import Counter

import pytest

from experiments.text.toy_world import lexicon
from experiments.text.toy_world.genres import games
from experiments.text.toy_world.recogniser import is_consistent, is_grammatical, is_true, sentences
from experiments.text.toy_world.templates import read
from experiments.text.toy_world.world import GENRES

from .written import CONSISTENT, SEEDS, TRUE, accepted, world, written

# -- what is written ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("genre", GENRES)
def test_every_document_is_grammatical_and_true_or_consistent(genre: str, seed: int):
    assert [texts for texts in written(genre, seed) if not accepted(genre, texts, seed)] == []


@pytest.mark.parametrize("genre", GENRES)
def test_a_document_is_split_into_the_sentences_that_were_written(genre: str):
    assert [texts for texts in written(genre, 0) if sentences(" ".join(texts)) != texts] == []


@pytest.mark.parametrize("genre", GENRES)
def test_truth_and_consistency_are_decided_for_the_genres_that_have_them(genre: str):
    for texts in written(genre, 0):
        text = " ".join(texts)
        assert is_true(world(0), text) is (True if genre in TRUE else None)
        assert is_consistent(text) is (True if genre in CONSISTENT else None)


def test_every_genre_is_judged_or_only_grammatical():
    assert set(GENRES) - TRUE - CONSISTENT == {"grammar", "homographs"}


@pytest.mark.parametrize("genre", GENRES)
def test_every_template_of_a_genre_is_written(genre: str):
    texts = {sentence for seed in SEEDS for texts in written(genre, seed) for sentence in texts}
    unwritten = {games.STATEMENTS[1]}  # the tasks use it
    templates = [template for template in GENRES[genre].TEMPLATES if template not in unwritten]
    assert [template for template in templates if all(read(template, text) is None for text in texts)] == []


# -- single cases -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("adam went to the hall. he took the key.", ["adam went to the hall.", "he took the key."]),
        ("who found the dog? adam. when was it?", ["who found the dog? adam.", "when was it?"]),
        ("adam: i found a pug. emma: where is the dog? adam: in the hall.",
         ["adam: i found a pug.", "emma: where is the dog?", "adam: in the hall."]),
        (" the dog is big. the dog", ["the dog is big.", "the dog"]),
        ("", []),
    ],
)  # fmt: skip
def test_a_text_is_split_into_sentences(text: str, expected: list[str]):
    assert sentences(text) == expected


@pytest.mark.parametrize(
    ("sentence", "grammatical"),
    [
        ("adam lives in arden.", True),
        ("adam lives in arden", False),  # no full stop
        ("adam lives in poodle.", False),
        ("adam lives in arden. ", False),
        ("adam called his mother.", True),
        ("adam called her mother.", False),
        ("emma asked us to help her.", True),
        ("emma asked us to help his.", False),
        ("adam bought it, that is, he purchased it.", True),
        ("adam bought it, that is, she purchased it.", False),
        ("the poodles near the pug are big.", True),
        ("the poodles near the pug is big.", False),
        ("the poodle near the pugs is big.", True),
        ("it was big, that is, small.", True),  # but false
        ("this poodles are big.", False),
        ("dog yes, big no, found yes.", True),
        ("a dog? yes.", True),
        ("a big? yes.", False),
        ("was it dog? yes.", False),
        ("", False),
    ],
)
def test_grammar_is_word_classes_and_agreement(sentence: str, grammatical: bool):
    assert is_grammatical(sentence) is grammatical


@pytest.mark.parametrize(
    ("statement", "true"),
    [
        ("a poodle is a dog.", True),
        ("a poodle is a bird.", False),
        ("a poodle is a creature.", True),
        ("every dog is a creature.", True),
        ("every dog is a plant.", False),
        ("poodles, pugs and other dogs are common.", True),
        ("poodles, poodles and other dogs are common.", False),
        ("poodles, swans and other dogs are common.", False),
        ("we have poodles, pugs and boxers.", True),
        ("we have poodles, pugs and swans.", False),
        ("it was big, that is, large.", True),
        ("it was big, that is, big.", False),
        ("it was big, that is, little.", False),
        ("it was big, not little.", True),
        ("it was big, not dry.", False),
        ("a dog cannot be big and large.", False),
        ("adam found it but never lost it.", True),
        ("adam found it but never sold it.", False),
        ("the big poodle towered.", True),
        ("the big poodle vanished.", False),
        ("the poodle barked.", True),
        ("the poodle sang.", False),
        ("adam found the poodle and smiled.", True),
        ("adam found the poodle and searched.", False),
        ("what is dog in norvish? hunka.", True),
        ("what is dog in norvish? pilvo.", False),
        ("what is dog in zamian? hunka.", False),
        ("words of ludic: dog is ludog, big is lubig, coat is lucoa.", True),
        ("words of ludic: dog is ludog, big is lubig, coat is lubot.", False),
        ("2, 4, 6, 8, 10.", True),
        ("10, 8, 6, 4, 2.", True),
        ("2, 4, 6, 8, 11.", False),
        ("2, 6, 10, 14, 18.", False),  # no sequence counts in fours
        ("2, 4, 6.", None),
        ("the poodle is big.", None),
        ("adam went to the kitchen.", None),
        ("adam lives in poodle.", None),
        ("he lives in arden.", None),  # who?
        ("", None),
        ("a poodle is a dog. the poodle is big.", None),
        ("a poodle is a bird. the poodle is big.", False),
    ],
)
def test_a_statement_is_true_or_false_or_neither(statement: str, true: bool | None):
    assert is_true(world(0), statement) is true


def test_a_pronoun_is_the_person_of_the_sentence_before():
    facts = world(0).facts["emma"]
    city, job = facts["city"], facts["job"]
    assert is_true(world(0), f"emma lives in {city}. she works as a {job}.") is True
    assert is_true(world(0), f"emma lives in {city}. he works as a {job}.") is None
    other = next(word for word in lexicon.JOBS if word != job)
    assert is_true(world(0), f"emma lives in {city}. she works as a {other}.") is False


def test_a_fact_of_one_world_is_mostly_false_in_another():
    texts = [" ".join(sentence) for sentence in written("encyclopedia", 0)]
    assert all(is_true(world(0), text) for text in texts)
    assert Counter(is_true(world(1), text) for text in texts)[False] > 0.9 * len(texts)


@pytest.mark.parametrize(
    ("document", "consistent"),
    [
        ("adam went to the hall. he took the key. adam walked into the attic. the key is in the attic.", True),
        ("adam went to the hall. he took the key. adam walked into the attic. the key is in the hall.", False),
        ("adam went to the hall. emma went to the attic. he went to the porch. adam is in the porch.", True),
        ("adam went to the hall. emma went to the attic. he went to the porch. emma is in the porch.", False),
        ("adam went to the hall. emma went to the attic. adam took the key. emma took the key.", False),
        ("adam went to the hall. adam left the hall.", True),
        ("adam went to the hall. adam left the hall. adam is in the hall.", False),
        ("adam went to the hall. the key is in the hall.", False),  # nobody took it
        ("adam took the key.", False),  # where?
        ("adam went to the hall. she went to the attic.", False),  # who?
        ("adam has a big poodle. the dog is large.", True),
        ("adam has a big poodle. the dog is little.", False),
        ("adam has a big poodle. the dog is not little.", True),
        ("adam has a big poodle. the dog is not large.", False),
        ("adam has a big poodle. the bird is large.", False),
        ("adam has a big poodle. he has no dog.", False),
        ("adam has a big poodle. she has a creature.", False),
        ("adam has a big poodle. he bought a large dog. adam sold the dog.", False),
        ("adam has a big poodle. emma has a dry rose. the dog belongs to him.", True),
        ("adam has a big poodle. emma has a dry rose. the dog belongs to her.", False),
        ("adam has a big poodle. emma has a dry rose. the flower belongs to adam.", False),
        ("adam has a big poodle. emma has a dry rose. emma has no dog.", False),  # there is one
        ("adam found a big poodle in the hall. the dog is in the hall.", True),
        ("adam found a big poodle in the hall. the dog is in the attic.", False),
        ("the dog is large.", None),  # which?
        ("adam has a big poodle. dog yes, little no, large yes.", True),
        ("adam has a big poodle. dog yes, dog yes.", False),
        ("adam has a big poodle. quick no.", False),  # nobody said so
        ("adam has a big poodle. found yes.", False),
        ("adam found a pug in the hall. where was the dog? in the hall.", True),
        ("adam found a pug in the hall. when was it? on monday.", False),  # the statement does not say
        ("adam found a pug in the hall. who discovered the dog? adam.", True),
        ("adam found a pug in the hall. who lost the dog? adam.", False),
        ("adam: i found a big pug. emma: who discovered the dog? adam: it was me, adam.", True),
        ("adam: i found a big pug. emma: who lost the dog? adam: it was me, adam.", False),
        ("adam: i found a big pug. emma: who found the dog? adam: in the hall.", False),  # no answer
        ("adam: i found a big pug. emma: do you like dogs? adam: yes, pugs are my favourite dogs.", True),
        ("adam: i found a big pug. emma: do you like dogs? adam: yes, swans are my favourite dogs.", False),
        ("we went to a play. in short we loved it. the plot was dull but the music was superb.", True),
        ("we went to a play. in short we loved it. the plot was superb but the music was dull.", False),
        ("we went to a play. the plot was dull and the music was superb.", False),
        ("we went to a play. the plot was dull and the plot was bland.", False),
        ("we went to a play.", False),  # and what was it like?
        ("a poodle is a dog.", None),
        ("it ate him.", None),
        ("", None),
    ],
)
def test_a_document_is_consistent_or_not(document: str, consistent: bool | None):
    assert is_consistent(document) is consistent
