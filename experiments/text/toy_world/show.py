"""What `python -m experiments world --show` prints: samples of each genre, statistics, and an item of each task."""

from itertools import islice
from textwrap import wrap

from experiments.text.toy_world.items import TASKS, Item
from experiments.text.toy_world.statistics import Statistics, first_documents, statistics
from experiments.text.toy_world.vocabulary import tokenizer
from experiments.text.toy_world.world import GENRES, World

WIDTH = 100
SAMPLES = 2
N_TOKENS = 100_000
"""So many tokens are counted for the statistics."""


def show(seed: int = 0, n_tokens: int = N_TOKENS) -> str:
    """Samples, statistics and items of the world with this seed, as text of at most WIDTH columns.

    Raises:
        TypeError or ValueError: if seed is not a whole number of at least 0, or n_tokens not one of at least 1.
    """
    world = World(seed)
    counted = statistics(world, first_documents(world, 0, n_tokens))
    parts = [
        [f"The toy world of seed {seed}"],
        [f"GENRES: two samples of each, and its share of {counted.tokens.total():,} tokens"],
        *(genre_lines(world, genre, counted) for genre in GENRES),
        ["STATISTICS", *statistics_lines(counted)],
        ["TASKS: examples, each with its gold answer"],
        *([name, *task_lines(list(items(world)))] for name, items in TASKS.items()),
    ]
    return "\n\n".join("\n".join(lines) for lines in parts)


def genre_lines(world: World, genre: str, counted: Statistics) -> list[str]:
    """A genre's name, its share of the tokens, and samples."""
    samples = islice(world.documents(0, {genre: 1.0}), SAMPLES)
    return [f"{genre}, {counted.share(genre):.1%}", *(line for sample in samples for line in indented(sample.text))]


def indented(text: str) -> list[str]:
    """A sample's lines: the first is marked, so that one sees where it begins."""
    return wrap(text, WIDTH, initial_indent="  - ", subsequent_indent="    ")


def statistics_lines(counted: Statistics) -> list[str]:
    """A line for each number: its name, the number, what it means."""
    documents, tokens = counted.documents.total(), counted.tokens.total()
    stated, unstated = counted.stated.total() / counted.facts, counted.facts - len(counted.stated)
    rows = [
        ("documents", f"{documents:,}", "read until their tokens were enough"),
        ("tokens", f"{tokens:,}", "every word, and every punctuation mark, is one"),
        ("tokens per document", f"{tokens / documents:.1f}", ""),
        ("vocabulary", f"{tokenizer().vocab_size:,}", "with special tokens, and letters to spell other words with"),
        ("different words", f"{len(counted.words):,}", "that occur in these documents"),
        ("unigram entropy", f"{counted.entropy:.2f}", "nats per token: the loss of a model that ignores the context"),
        ("facts", f"{counted.facts:,}", "about people and cities"),
        ("times stated", f"{stated:.1f}", f"each, on average; {unstated} are never stated"),
    ]  # fmt: skip
    return [f"  {name:<20} {number:>9}  {meaning}".rstrip() for name, number, meaning in rows]


def task_lines(items: list[Item]) -> list[str]:
    """For each item its kind, what is given, and the answer."""
    width = max(len(item.kind) for item in items) + 4
    lines = []
    for item in items:
        lines += wrap(item.given, WIDTH, initial_indent=f"  {item.kind}".ljust(width), subsequent_indent=" " * width)
        lines += wrap(item.gold, WIDTH, initial_indent=" " * width + "→ ", subsequent_indent=" " * (width + 2))
    return lines
