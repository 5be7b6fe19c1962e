"""Four domains of twenty short documents, in place of the real ones."""

import numpy as np

from experiments.tables.data_table import counts
from experiments.tables.data_table.domains import DOMAINS, TOY_WORLD
from experiments.text.document import Document

LETTERS = dict(zip(DOMAINS, "rdct", strict=True))


def tiny_domains(world: int) -> dict[str, list[Document]]:
    """Twenty documents a domain, such as `07r07R07r…`: a number of the document's own, and a letter of the domain's."""
    rng = np.random.default_rng(world)
    names = {domain: [f"{domain}/{n}" for n in range(20)] for domain in DOMAINS}
    names[TOY_WORLD] = [genres[0] for genres in counts.GENRES.values()] * 4
    return {
        domain: [
            Document(name, "".join(f"{n:02d}{case}" for case in rng.choice([letter, letter.upper()], 10 + n // 3)))
            for n, name in enumerate(names[domain])
        ]
        for domain, letter in LETTERS.items()
    }
