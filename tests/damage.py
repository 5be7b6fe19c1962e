"""What happens to files: a bad disk, a careless editor, a stranger. For the fuzz tests of the command lines."""

import json
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

DEEP = [b"[", b'{"a":', b'{"model":{"vocab":']  # a hundred thousand of them are deeper than any parser goes


def damage(draw: st.DrawFn, path: Path, json_values: st.SearchStrategy) -> None:
    """Change a file, remove it, or put a folder in its place. `json_values` may end up inside a JSON file."""
    data = path.read_bytes()
    how = draw(st.sampled_from(["json", "json", "json", "cut", "flip", "lines", "empty", "folder", "gone", "deep"]))
    place = draw(st.integers(0, max(len(data) - 1, 0)))
    if how == "json" and path.suffix == ".json":
        path.write_text(json.dumps(damage_json(draw, json.loads(data), json_values)), encoding="utf-8")
    elif how in ("cut", "empty"):
        path.write_bytes(data[: place if how == "cut" else 0])
    elif how in ("json", "flip"):
        place = min(place, draw(st.sampled_from([8, 400, len(data)])))  # in a header, or anywhere
        path.write_bytes(data[:place] + bytes([draw(st.integers(0, 255))]) + data[place + 1 :])
    elif how == "lines":
        lines = data.split(b"\n")
        i, j = (draw(st.integers(0, len(lines) - 1)) for _ in range(2))
        path.write_bytes(b"\n".join([*lines[:i], lines[j], *lines[i + draw(st.integers(0, 1)) :]]))
    elif how == "deep":
        path.write_bytes(draw(st.sampled_from(DEEP)) * 100_000)
    else:
        path.unlink()
        if how == "folder":
            path.mkdir()


def damage_json(draw: st.DrawFn, value: Any, json_values: st.SearchStrategy) -> Any:
    """A value of JSON with another one put somewhere into it, or without one of its fields."""
    if isinstance(value, dict) and value and draw(st.integers(0, 5)):
        name = draw(st.sampled_from(sorted(value)))
        if not draw(st.integers(0, 9)):
            return {key: part for key, part in value.items() if key != name}
        return {**value, name: damage_json(draw, value[name], json_values)}
    if isinstance(value, list) and value and draw(st.integers(0, 5)):
        i = draw(st.integers(0, len(value) - 1))
        return [*value[:i], damage_json(draw, value[i], json_values), *value[i + 1 :]]
    return draw(json_values)
