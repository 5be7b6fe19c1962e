"""Where files go: work in progress into the work folder, finished results beside the code."""

import os
import shutil
import sys
import tempfile
from pathlib import Path

from experiments.evidence.errors import ExperimentError

PROJECT = Path(__file__).parents[2]
"""The folder that `experiments` is in: a checkout of the project, or where packages are installed."""


def in_checkout() -> bool:
    """Whether the code runs from a checkout of the project."""
    return (PROJECT / "pyproject.toml").is_file()


def committed_results() -> Path:
    """The folder of the results that come with the code."""
    return PROJECT / "experiments" / "results"


def work_folder() -> Path:
    """The folder for resumable work: `MINIGRAD_CACHE`, else `.cache` of the checkout, else the user's own.

    Raises:
        ExperimentError: if no such folder can be written.
    """
    if chosen := os.environ.get("MINIGRAD_CACHE"):
        try:
            folder = Path(chosen).expanduser()
        except RuntimeError as error:  # the home folder of an unknown user
            raise ExperimentError(
                f"MINIGRAD_CACHE is {chosen!r}: {error}; set it to a folder that can be written"
            ) from error
    elif in_checkout() and _writable(PROJECT / ".cache"):
        return PROJECT / ".cache"
    else:
        folder = _user_cache() / "minigrad"
    if not _writable(folder):
        raise ExperimentError(f"cannot write to {folder}; set MINIGRAD_CACHE to a folder that can be written")
    return folder


def own_data_folder() -> Path:
    """Where everything of runs on the user's own files is: a part of the work folder, which nothing else uses."""
    return work_folder() / "own_data"


def results_folder() -> Path:
    """Where results are written: `experiments/results` of the checkout, else in the work folder.

    Raises:
        ExperimentError: if neither can be written.
    """
    committed = committed_results()
    return committed if in_checkout() and _writable(committed) else work_folder() / "results"


def remove(path: Path) -> None:
    """Remove a file, a folder with its contents, or a link (but not its target). A missing path is fine."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _writable(folder: Path) -> bool:
    """Create the folder if it is missing, and try to write. The file's name is unique: other threads may try too."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=folder).close()
    except OSError:
        return False
    return True


def _user_cache() -> Path:
    """The system's usual folder for caches. An empty environment variable counts as unset."""
    try:
        home = Path.home()
    except RuntimeError as error:  # a user without a home, as in some containers
        raise ExperimentError("there is no home folder; set MINIGRAD_CACHE to a folder that can be written") from error
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or home / "AppData" / "Local")
    if sys.platform == "darwin":
        return home / "Library" / "Caches"
    return Path(os.environ.get("XDG_CACHE_HOME") or home / ".cache")
