"""What several tests of tokenizers share."""

import pytest

from tokenizer.read import counting


@pytest.fixture(scope="module")
def small_files_are_worth_two_processes():
    """So that these tests have more than one, on a machine with more than one core."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(counting, "SHARE", 1)
        yield
