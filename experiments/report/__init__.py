"""The report, one HTML page: claims and verdicts first, then every experiment's tables, figures and samples.

The page contains its style and figures and needs no network. Its template is `template.html`.
"""

from pathlib import Path

from experiments.evidence.errors import ExperimentError
from experiments.report.page import render
from experiments.report.stored import stored_results
from experiments.running.places import results_folder
from minigrad.files import write_text


def write_report() -> Path:
    """Write `report.html` from all available results, and return its path.

    Raises:
        ExperimentError: if there is no result, or one cannot be read.
    """
    stored = stored_results()
    if not stored:
        raise ExperimentError("there are no results yet; run the experiments first: python -m experiments run")
    path = results_folder() / "report.html"
    write_text(path, render(stored))
    return path
