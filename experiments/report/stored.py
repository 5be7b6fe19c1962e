"""Finds the results that are there."""

from dataclasses import dataclass
from pathlib import Path

from experiments.evidence.results import Result, load
from experiments.running.places import committed_results, results_folder
from experiments.tables import catalogue


@dataclass(frozen=True)
class Stored:
    """A result and the file it came from."""

    path: Path
    result: Result

    def svg(self, file: str) -> str | None:
        """A figure's SVG; None if the file is not there."""
        path = self.path.parent / file
        return path.read_text(encoding="utf-8") if path.is_file() else None


def stored_results() -> dict[str, list[Stored]]:
    """Experiment -> its results, the most telling first: full, full on a GPU, other presets, quick.

    Committed results are found beside the code even where new ones have to be written elsewhere.

    Raises:
        ExperimentError: if a result cannot be read; says which.
    """
    found: dict[str, list[Stored]] = {}
    folders = (committed_results(), results_folder())  # of two files with one name, the second's is the newer
    for name in (entry.name for entry in catalogue.CATALOGUE):
        files = {path.stem: path for folder in folders for path in (folder / name).glob("*.json")}
        if files:
            ordered = sorted(files, key=lambda stem: ("full" not in stem, "quick" in stem, stem))
            found[name] = [Stored(files[stem], load(files[stem])) for stem in ordered]
    return found
