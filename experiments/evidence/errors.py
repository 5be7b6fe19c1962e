"""The error that the command line shows in one line."""


class ExperimentError(ValueError):
    """What was asked for cannot be run or read; the message says what can."""
