"""From the cells to claims and tables."""

from collections.abc import Mapping
from typing import Any

from experiments.evidence import claims
from experiments.evidence.claims import Claim
from experiments.evidence.grid import Grid, subtract
from experiments.evidence.table import Entry, Table
from experiments.tables.data_table import lecture
from experiments.tables.data_table.counts import FIELDS, TYPES
from experiments.tables.data_table.domains import DOMAINS
from experiments.tables.data_table.lecture import DOLMA, DOLMA_TOTAL, LABELLED, UNLABELLED, WORDS_PER_TOKEN, Source, gap
from experiments.tables.data_table.systems import MIXTURE, SYSTEMS, Learner

AVERAGE = "average"
ONE_SLOW_MODEL = (
    "With every seed and on every domain, the domain's own model is ahead. On code the lead varies much between seeds: "
    "one of the three models of code is worse than the others from the start, also on the text that it reads."
)


def grid_of(losses: Mapping[str, list[dict[str, float]]]) -> Grid:
    """System × domain, from each system's losses, which are by domain and one for each seed."""
    grid = Grid()
    for system, of_seeds in losses.items():
        for domain in DOMAINS:
            grid[system, domain].extend({"loss": of_seed[domain]} for of_seed in of_seeds)
    return grid


def judge(grid: Grid) -> list[Claim]:
    """The lecture's claims."""
    indexed = gap(UNLABELLED[lecture.INDEXED])
    mixture = grid.average(MIXTURE, DOMAINS, "loss")
    over_single = {name: subtract(grid.average(name, DOMAINS, "loss"), mixture) for name in DOMAINS}
    over_strangers, behind_own = {}, {}
    for domain in DOMAINS:
        strangers = [grid.values(name, domain, "loss") for name in DOMAINS if name != domain]
        best = [min(of_seed) for of_seed in zip(*strangers, strict=True)]
        over_strangers[domain] = subtract(best, grid.values(MIXTURE, domain, "loss"))
        behind_own[domain] = grid.differences(MIXTURE, domain, domain, "loss")
    return [
        claims.exact(
            "ten-million",
            "the indexed internet has ten million times the tokens of a large data set with labels",
            indexed >= lecture.GAP,
            indexed,
            f"510 trillion tokens over the {LABELLED / 1e6:.0f} million that SQuAD 2.0 has at most",
            unit="times",
        ),
        claims.every(
            "mixture-at-least-as-good",
            "the mixture is at least as good as any single domain, averaged over all domains' held-out text",
            over_single,
            unit="nats per byte",
        ),
        claims.every(
            "covers-every-domain",
            "on each domain the mixture is better than all models that have not read this domain",
            over_strangers,
            unit="nats per byte",
        ),
        claims.every(
            "weak-coverage",
            "the coverage is weak: on each domain the model that read nothing else is better than the mixture",
            behind_own,
            unit="nats per byte",
            explanation=ONE_SLOW_MODEL,
        ),
    ]


def gap_table(counted: dict[str, Any]) -> Table:
    """How many times more tokens there are without labels than with labels."""
    rows: list[list[Entry]] = [
        [name, round(tokens / 1e6), round(LABELLED / 1e6), round(gap(tokens))] for name, tokens in UNLABELLED.items()
    ]
    says: list[list[Entry]] = [
        [None, None, None, lecture.GAP if name == lecture.INDEXED else None] for name, *_ in rows
    ]
    ours, labelled, n = counted["unlabelled"], counted["labelled"], counted["labelled_examples"]
    rows.append(["toy world: the zoo's text, and QNLI", ours / 1e6, labelled / 1e6, round(gap(ours, labelled))])
    caption = (
        "Tokens without and with labels, in millions, and the gap between them; with labels: SQuAD 2.0, which has "
        f"fewer than 50 million. The toy world's {n:,} labelled examples are written by a program"
    )
    return Table(caption, ["text", "without labels", "with labels", "gap, times"], rows, [*says, [None] * 4])


def our_sources(counted: dict[str, Any]) -> tuple[Source, ...]:
    """Our text in the rows of the Dolma table."""
    return tuple(
        Source(name, TYPES[name], *(numbers[field] for field in FIELDS)) for name, numbers in counted["sources"].items()
    )


def counts_table(counted: dict[str, Any]) -> Table:
    """The Dolma table's columns, ours and the lecture's."""
    ours = our_sources(counted)
    rows: list[list[Entry]] = [[source.name, source.type, *in_units(source)] for source in ours]
    rows.append(["ours, total", None, *in_units(lecture.total("", ours))])
    says: list[list[Entry]] = [[None] * 6 for _ in rows]
    for source in DOLMA:
        rows.append([source.name, source.type, *[None] * 4])
        says.append([None, None, *map(round, in_units(source))])
    rows.append(["Dolma, total", None, *map(round, in_units(lecture.total("", DOLMA)))])
    says.append([None, None, *map(round, in_units(DOLMA_TOTAL))])
    caption = (
        "The Dolma table, in the same units for our text. Our tokens are those of a byte-level BPE trained on equal "
        "parts of the four domains. The last row adds up the lecture's rows; the lecture's own total is beside the sum"
    )
    columns = ["source", "type", "UTF-8 bytes (MB)", "documents (thousands)", "Unicode words (millions)"]
    return Table(caption, [*columns, "tokens (millions)"], rows, says)


def in_units(source: Source) -> list[float]:
    """MB, thousands of documents, millions of words and of tokens."""
    return [source.bytes / 1e6, source.documents / 1e3, source.words / 1e6, source.tokens / 1e6]


def ratios_table(counted: dict[str, Any]) -> Table:
    """What the columns say about each other."""
    ours = our_sources(counted)
    rows: list[list[Entry]] = [[source.name, *ratios(source)] for source in (*ours, lecture.total("ours, total", ours))]
    rows += [[source.name, *ratios(source)] for source in (*DOLMA, DOLMA_TOTAL)]
    says: list[list[Entry]] = [[None] * 6 for _ in rows]
    says[-1][3] = WORDS_PER_TOKEN
    caption = (
        "Ratios of the columns, ours above, those of the lecture's figures below. The lecture says elsewhere that a "
        "token is about 0.75 words"
    )
    columns = [
        "source",
        "bytes per word",
        "tokens per word",
        "words per token",
        "bytes per token",
        "words per document",
    ]
    return Table(caption, columns, rows, says)


def ratios(source: Source) -> list[float]:
    """Bytes per word, tokens per word and the reverse, bytes per token, words per document."""
    return [
        source.bytes / source.words,
        source.tokens / source.words,
        source.words / source.tokens,
        source.bytes / source.tokens,
        source.words / source.documents,
    ]


def matrix_table(grid: Grid, learner: Learner) -> Table:
    """Loss by the text that was read, and the held-out text."""
    rows: list[list[Entry]] = [
        [
            name,
            *(grid.values(name, domain, "loss") for domain in DOMAINS),
            grid.average(name, DOMAINS, "loss"),
        ]
        for name in SYSTEMS
    ]
    caption = (
        f"Loss on the held-out text of each domain, in nats per byte. Every model reads {learner.n_windows:,} windows "
        f"of {learner.context} bytes {learner.passes} times. The learning rates are those with the lowest average, on "
        "another split and in another toy world"
    )
    return Table(caption, ["trained on", *DOMAINS, AVERAGE], rows, digits=3)


def means(grid: Grid) -> Mapping[tuple[str, str], float]:
    """(system, domain or AVERAGE) → the loss, averaged over seeds."""
    of_cells = {(name, domain): grid.values(name, domain, "loss") for name in SYSTEMS for domain in DOMAINS}
    of_cells |= {(name, AVERAGE): grid.average(name, DOMAINS, "loss") for name in SYSTEMS}
    return {place: sum(values) / len(values) for place, values in of_cells.items()}
