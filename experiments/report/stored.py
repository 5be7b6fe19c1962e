"""Finds the results that are there."""

from dataclasses import dataclass
from pathlib import Path

from experiments.experiment import EXPERIMENTS
from experiments.folders import PACKAGE, results_folder
from experiments.results import Result, load


@dataclass(frozen=True)
class Stored:
    """A result and the file it came from."""

    path: Path
    result: Result

    def svg(self, file: str) -> str:
        """A figure's SVG; a sentence in its place if the file is not there."""
        path = self.path.parent / file
        return path.read_text(encoding="utf-8") if path.is_file() else f"<p>The figure {file} is missing.</p>"


def stored_results() -> dict[str, list[Stored]]:
    """Experiment -> its results, the most telling first: full, full on a GPU, other presets, quick.

    Committed results are found beside the code even where new ones have to be written elsewhere.
    """
    found: dict[str, list[Stored]] = {}
    for name in EXPERIMENTS:
        files = {path.name: path for folder in (PACKAGE / "results", results_folder()) for path in _files(folder / name)}
        if files:
            ordered = sorted(files, key=lambda file: (file != "full.json", "full" not in file, "quick" in file, file))
            found[name] = [Stored(files[file], load(files[file])) for file in ordered]
    return found


def _files(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.json"))
