"""Values of JSON files, checked. An error names the file and the path to the value: `data[0].paragraphs[2].context`."""

import json
import reprlib
from dataclasses import dataclass
from typing import Any

from experiments.text.errors import DataError

_SHORT = reprlib.Repr()  # long values are shortened, at every depth
_SHORT.maxstring = 80


@dataclass(frozen=True)
class Value:
    """A JSON value, and where it is.

    Attributes:
        file: the file, with the line if each line is a value of its own.
        path: the way to it inside the file. Empty at the top.
    """

    value: Any
    file: str
    path: str = ""

    def field(self, name: str) -> "Value":
        """The field of an object.

        Raises:
            DataError: if this is no object or has no such field.
        """
        if not isinstance(self.value, dict):
            raise self.error(f"an object with the field {name}")
        if name not in self.value:
            raise DataError(f"{self.where()}: expected a field {name}, got {', '.join(self.value) or 'none'}")
        return Value(self.value[name], self.file, f"{self.path}.{name}" if self.path else name)

    def has(self, name: str) -> bool:
        """Whether this is an object with this field."""
        return isinstance(self.value, dict) and name in self.value

    def items(self) -> list["Value"]:
        """The items of a list.

        Raises:
            DataError: if this is no list.
        """
        if not isinstance(self.value, list):
            raise self.error("a list")
        return [Value(item, self.file, f"{self.path}[{index}]") for index, item in enumerate(self.value)]

    def text(self) -> str:
        """A text that is not empty.

        Raises:
            DataError: if this is anything else.
        """
        if not isinstance(self.value, str) or not self.value.strip():
            raise self.error("a text")
        if any("\ud800" <= character <= "\udfff" for character in self.value):
            raise self.error("a text of whole characters, without half of a surrogate pair")
        return self.value

    def whole(self) -> int:
        """An integer from 0.

        Raises:
            DataError: if this is anything else.
        """
        if isinstance(self.value, bool) or not isinstance(self.value, int) or self.value < 0:
            raise self.error("an integer from 0")
        return self.value

    def boolean(self) -> bool:
        """True or false.

        Raises:
            DataError: if this is anything else.
        """
        if not isinstance(self.value, bool):
            raise self.error("true or false")
        return self.value

    def error(self, expected: str) -> DataError:
        """The error to raise if this value is not as expected."""
        return DataError(f"{self.where()}: expected {expected}, got {_SHORT.repr(self.value)}")

    def where(self) -> str:
        """The file and the path, for an error message."""
        return f"{self.file}, {self.path}" if self.path else self.file


def parse(text: str, file: str) -> Value:
    """The value of a JSON text.

    Raises:
        DataError: if it is damaged or cut off; the message says at which character.
    """
    try:
        return Value(json.loads(text), file)
    except json.JSONDecodeError as error:
        place = f"character {error.pos + 1} of {len(text)}"
        raise DataError(f"{file}: expected JSON, got an error at {place}: {error.msg}") from None
    except (RecursionError, ValueError) as error:  # nested too deeply, or an integer of thousands of digits
        raise DataError(f"{file}: expected JSON that can be read, got an error: {error}") from None
