"""Finds the available results."""

from dataclasses import dataclass
from pathlib import Path

from experiments.evidence.errors import ExperimentError
from experiments.evidence.results import AGAIN, Result, load
from experiments.running.places import committed_results, results_folder
from experiments.tables import catalogue
from minigrad.files import read_text


@dataclass(frozen=True)
class Stored:
    """A result and the file it came from."""

    path: Path
    result: Result

    def figure_path(self, file: str) -> Path:
        """The path of a figure, in the folder of its result.

        Raises:
            ExperimentError: if the name, or a link, leads out of that folder.
        """
        folder, path = self.path.parent, self.path.parent / file
        try:
            inside = path.resolve().is_relative_to(folder.resolve())
        except (OSError, ValueError, RuntimeError):  # a null character, a link to itself
            inside = False
        if not inside:
            raise ExperimentError(
                f"{self.path}: field figures.file must be the name of a file in {folder}, got {file!r:.200}; {AGAIN}"
            )
        return path

    def svg(self, file: str) -> str | None:
        """A figure's SVG; None if the file is not there.

        Raises:
            ExperimentError: if it is outside the result's folder.
            ValueError: naming the file, if it is not UTF-8.
        """
        path = self.figure_path(file)
        return read_text(path) if path.is_file() else None


def stored_results() -> dict[str, list[Stored]]:
    """Experiment -> its results, in this order: full, full on a GPU, other presets, quick.

    Committed results are found beside the code even if new ones are written elsewhere.

    Raises:
        ExperimentError: if a result cannot be read; says which.
    """
    found: dict[str, list[Stored]] = {}
    folders = (committed_results(), results_folder())  # if both have a file, the second one is newer
    for name in (entry.name for entry in catalogue.CATALOGUE):
        files = {path.stem: path for folder in folders for path in (folder / name).glob("*.json")}
        if files:
            ordered = sorted(files, key=lambda stem: ("full" not in stem, "quick" in stem, stem))
            found[name] = [Stored(files[stem], load(files[stem])) for stem in ordered]
    return found
