"""A table of results, with the lecture's own figures beside ours."""

from dataclasses import dataclass, field

from minigrad.checks import whole_number

MOST_DIGITS = 15  # decimals that a table may ask for; a float has no more
Entry = str | int | float | list[float] | None  # a list holds one value per seed: shown as mean ± std


@dataclass(frozen=True)
class Table:
    """Rows under columns, with the lecture's own figures beside ours.

    `lecture` has the shape of `rows`, with None where the lecture has no figure; [] if it has none at all.
    The first column names the row.
    """

    caption: str
    columns: list[str]
    rows: list[list[Entry]]
    lecture: list[list[Entry]] = field(default_factory=list)
    digits: int = 2  # decimals shown

    def __post_init__(self) -> None:
        whole_number(f"table {self.caption!r}: digits", self.digits, at_least=0, at_most=MOST_DIGITS)
        if not self.columns:
            raise ValueError(f"table {self.caption!r}: columns must hold at least one name, got none")
        for name, grid in (("rows", self.rows), ("lecture", self.lecture)):
            for number, row in enumerate(grid):
                if len(row) != len(self.columns):
                    raise ValueError(
                        f"table {self.caption!r}: {name}[{number}] must have {len(self.columns)} entries, "
                        f"one per column, got {len(row)}"
                    )
        if self.lecture and len(self.lecture) != len(self.rows):
            raise ValueError(
                f"table {self.caption!r}: lecture must have {len(self.rows)} rows, got {len(self.lecture)}"
            )

    def lecture_entry(self, row: int, column: int) -> Entry:
        """The lecture's figure for an entry; None if it has none, or if it is the name of the row."""
        entry = self.lecture[row][column] if self.lecture else None
        return None if column == 0 and entry == self.rows[row][0] else entry
