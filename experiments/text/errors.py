"""The error of everything that reads a user's files."""


class DataError(ValueError):
    """A file of data is missing or damaged; the message names the file, the place, what came and what was expected."""
