"""What a text of the toy world holds: documents and tokens, by genre; words, their entropy; facts, and how often."""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from experiments.text.document import Document
from experiments.text.toy_world.genres import encyclopedia
from experiments.text.toy_world.recogniser import sentences, with_names
from experiments.text.toy_world.vocabulary import tokenizer
from experiments.text.toy_world.world import World
from minigrad.checks import whole_number


@dataclass(frozen=True)
class Statistics:
    """Counts of a world's documents.

    Attributes:
        documents, tokens: of each genre.
        words: how often each word occurs; every word, and every punctuation mark, is a token.
        facts: how many facts the world has.
        stated: how often each fact is stated, for those that are; its key is a subject and an attribute.
    """

    documents: Counter[str]
    tokens: Counter[str]
    words: Counter[str]
    facts: int
    stated: Counter[tuple[str, str]]

    def share(self, genre: str) -> float:
        """The genre's share of the tokens."""
        return self.tokens[genre] / self.tokens.total()

    @property
    def entropy(self) -> float:
        """The entropy of the words' frequencies in nats a token: the best loss without looking at the context."""
        total = self.words.total()
        return -sum(n / total * math.log(n / total) for n in self.words.values())


def statistics(world: World, documents: Sequence[Document]) -> Statistics:
    """Count some documents of a world."""
    n_documents: Counter[str] = Counter()
    tokens: Counter[str] = Counter()
    words: Counter[str] = Counter()
    stated: Counter[tuple[str, str]] = Counter()
    for document in documents:
        found = tokenizer().words(document.text)
        n_documents[document.name] += 1
        tokens[document.name] += len(found)
        words.update(found)
        if document.name == "encyclopedia":
            for sentence in with_names(sentences(document.text)):
                statement = encyclopedia.stated(sentence)
                if statement is not None:
                    stated[statement[:2]] += 1
    facts = sum(len(attributes) for attributes in world.facts.values())
    return Statistics(n_documents, tokens, words, facts, stated)


def first_documents(world: World, seed: int, n_tokens: int) -> list[Document]:
    """The first documents of a stream that together have at least `n_tokens` tokens, 1 or more."""
    whole_number("n_tokens", n_tokens, at_least=1)
    documents, total = [], 0
    for document in world.documents(seed):
        documents.append(document)
        total += len(tokenizer().words(document.text))
        if total >= n_tokens:
            break
    return documents
