"""The generated parts of a Markdown page, each between the lines `<!-- NAME -->` and `<!-- /NAME -->`."""

from experiments.evidence.errors import ExperimentError


def with_content(text: str, page: str, name: str, content: str) -> str:
    """The text of a page with new content between the markers of this name.

    Raises:
        ExperimentError: naming the page, unless each of the two markers occurs once, in this order.
    """
    start, end = f"<!-- {name} -->\n", f"<!-- /{name} -->"
    if text.count(start) != 1 or text.count(end) != 1 or text.index(start) > text.index(end):
        raise ExperimentError(f"{page}: expected {start.strip()} and, below it, {end}, each once")
    before, after = text.split(start)[0], text.split(end)[1]
    return f"{before}{start}{content}\n{end}{after}"
