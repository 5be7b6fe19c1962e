"""`python run_fake.py FOLDER ARGUMENTS…` is `python -m experiments ARGUMENTS…` with the fake experiment alone.

Its results are written below FOLDER. Where the environment says SLOW, its work takes a minute.
"""

import os
import sys
import time
from pathlib import Path

from experiments import __main__ as command_line  # first, as it sets what NumPy reads
from experiments.running import places
from experiments.tables import catalogue
from tests.experiments import fake_experiment


def prepared() -> None:
    """Put the fake experiment in the place of ours, and the folder in the place of the checkout."""
    catalogue.CATALOGUE = (catalogue.Entry("fake_experiment", "a start", package="tests.experiments"),)
    places.PROJECT = Path(sys.argv[1])
    places.PROJECT.mkdir(exist_ok=True)
    (places.PROJECT / "pyproject.toml").touch()
    if "SLOW" in os.environ:
        fake_experiment.note = slow


def slow(name: str, seed: int) -> None:
    """Say that it begins, and take a minute."""
    print(f"working on {name}", flush=True)
    time.sleep(60)


if __name__ == "__main__":
    prepared()
    sys.exit(command_line.main(sys.argv[2:]))
