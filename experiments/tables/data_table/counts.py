"""The columns of the Dolma table, measured on our text: UTF-8 bytes, documents, Unicode words, tokens."""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from experiments.lab.zoo import FULL
from experiments.tables.data_table.domains import CODE, DOCSTRINGS, DOMAINS, REFERENCE, domains, n_words, stream
from experiments.text.document import Document
from experiments.text.toy_world.tasks.answers import qnli
from experiments.text.toy_world.vocabulary import tokenizer
from tokenizer import ByteLevelBPE

WORLD = 0
"""The seed of the toy world that is counted."""
BYTES_PER_DOMAIN = 300_000
"""How much of each domain the tokenizer is trained on."""
OF_LIBRARY = {REFERENCE: "manual", DOCSTRINGS: "documentation", CODE: "code"}
GENRES = {  # of the toy world, in groups
    "facts": ("encyclopedia", "taxonomy", "habits", "lists", "numbers", "glossaries"),
    "stories": ("situations", "stories", "dialogues"),
    "reviews": ("reviews",),
    "questions": ("games", "questions"),
    "language": ("contrasts", "grammar", "homographs"),
}
TYPES = OF_LIBRARY | {f"toy world: {group}": ", ".join(genres) for group, genres in GENRES.items()}
"""Source → the type of its documents."""
FIELDS = ("bytes", "documents", "words", "tokens")


def count(vocab_size: int, corpus: Mapping[str, Any]) -> dict[str, Any]:
    """Count our text, and the toy world's labelled text.

    Args:
        vocab_size: of the tokenizer, a byte-level BPE that is trained on equal parts of the four domains.
        corpus: what identifies the text (`domains.describe`).

    Returns:
        sources: source → bytes, documents, words, tokens.
        labelled: the tokens of the training examples of the toy world's QNLI, in the toy world's own vocabulary.
        unlabelled: the tokens of the text on which the zoo's models are pretrained, in the same vocabulary.
    """
    bpe = ByteLevelBPE.train(equal_parts(BYTES_PER_DOMAIN), vocab_size)
    examples = qnli(WORLD).train
    return {
        "sources": {name: counts_of(documents, bpe) for name, documents in sources().items()},
        "labelled": sum(len(tokenizer().encode(example.text)) for example in examples),
        "labelled_examples": len(examples),
        "unlabelled": FULL.gpt.reading.n_tokens,
    }


def sources() -> dict[str, list[Document]]:
    """Our documents by source: the domains of the standard library, and groups of genres."""
    ours = domains(WORLD)
    *library, toy_world = DOMAINS
    of_genres = {
        f"toy world: {group}": [document for document in ours[toy_world] if document.name in genres]
        for group, genres in GENRES.items()
    }
    return {name: ours[name] for name in library} | of_genres


def counts_of(documents: Iterable[Document], bpe: ByteLevelBPE) -> dict[str, int]:
    """Bytes, documents, words and tokens."""
    texts = [document.text for document in documents]
    return {
        "bytes": sum(len(text.encode("utf-8", "surrogatepass")) for text in texts),
        "documents": len(texts),
        "words": sum(map(n_words, texts)),
        "tokens": sum(len(bpe.encode(text)) for text in texts),
    }


def equal_parts(n_bytes: int) -> list[str]:
    """The first bytes of every domain's documents, in a random order; of all of them, if there are fewer."""
    texts = []
    for name, documents in domains(WORLD).items():
        order = np.random.default_rng([WORLD, DOMAINS.index(name)]).permutation(len(documents))
        part = stream([documents[number] for number in order])[:n_bytes]
        texts.extend(part.tobytes().decode("utf-8", "ignore").strip("\0").split("\0"))
    return texts
