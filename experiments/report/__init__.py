"""One page to look at: claims and verdicts first, then every experiment's tables, figures and samples.

The page holds its style and figures inside and needs no network. `template.html` is what it looks like.
"""

from pathlib import Path

from experiments.experiment import ExperimentError
from experiments.folders import results_folder
from experiments.report.page import render
from experiments.report.stored import stored_results
from minigrad.files import write_text


def write_report() -> Path:
    """Write `report.html` from all results that are there; gives its path.

    Raises:
        ExperimentError: if there is no result, or one cannot be read.
    """
    stored = stored_results()
    if not stored:
        raise ExperimentError("there are no results yet; run the experiments first: python -m experiments run")
    path = results_folder() / "report.html"
    write_text(path, render(stored))
    return path
