"""The lecture's figures: how many tokens there are, with and without labels, and the Dolma table."""

from dataclasses import dataclass

TRILLION = 1e12
SQUAD = "SQuAD 2.0"
INDEXED = "internet text, indexed"
LABELLED = 50e6
"""The tokens of SQuAD 2.0 at most: the lecture says "< 50 million"."""
UNLABELLED = {"DCLM-pool": 240 * TRILLION, INDEXED: 510 * TRILLION, "internet text, total": 3100 * TRILLION}
GAP = 10_000_000
"""The lecture: "a 10 million times gap in QA to indexed internet"."""
WORDS_PER_TOKEN = 0.75
"""About."""
READ_BY = {"GPT-3": 300e9, "Chinchilla": 1.4 * TRILLION}
"""The training tokens of two models, from the lecture's table of models."""


@dataclass(frozen=True)
class Source:
    """A row of the Dolma table. Bytes are UTF-8's, words Unicode's, tokens Llama's."""

    name: str
    type: str
    bytes: float
    documents: float
    words: float
    tokens: float


def row(name: str, type: str, gigabytes: float, millions: float, words: float, tokens: float) -> Source:
    """A row in the table's units: GB, millions of documents, billions of words and tokens."""
    return Source(name, type, gigabytes * 1e9, millions * 1e6, words * 1e9, tokens * 1e9)


DOLMA = (
    row("Common Crawl", "web pages", 9_812, 3_734, 1_928, 2_479),
    row("GitHub", "code", 1_043, 210, 260, 411),
    row("Reddit", "social media", 339, 377, 72, 89),
    row("Semantic Scholar", "papers", 268, 38.8, 50, 70),
    row("Project Gutenberg", "books", 20.4, 0.056, 4.0, 6.0),
    row("Wikipedia, Wikibooks", "encyclopedic", 16.2, 6.2, 3.7, 4.3),
)
DOLMA_TOTAL = row("Dolma, total", "", 11_519, 4_367, 2_318, 3_059)
"""As the table has it."""


def total(name: str, sources: tuple[Source, ...]) -> Source:
    """The sum of some rows."""
    sums = (sum(getattr(source, field) for source in sources) for field in ("bytes", "documents", "words", "tokens"))
    return Source(name, "", *sums)


def gap(unlabelled: float, labelled: float = LABELLED) -> float:
    """How many times more tokens there are without labels than with labels."""
    return unlabelled / labelled
