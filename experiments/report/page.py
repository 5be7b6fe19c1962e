"""Renders the page's template."""

import dataclasses
import json
import re
from collections import Counter
from pathlib import Path

import jinja2
from markupsafe import Markup

from experiments.evidence import formatting
from experiments.evidence.errors import ExperimentError
from experiments.evidence.results import AGAIN, Result
from experiments.report import bars, drawing
from experiments.report.stored import Stored


def render(stored: dict[str, list[Stored]]) -> str:
    """The page as HTML. Of an experiment's results, the first counts for the list of claims."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent, encoding="utf-8"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "entry": formatting.entry,
        "lecture_entry": formatting.lecture_entry,
        "duration": formatting.duration,
        "count": formatting.count,
        "fields": dataclasses.asdict,
        "json": lambda value: json.dumps(value, ensure_ascii=False, indent=1),
    }
    leading = [results[0].result for results in stored.values()]
    tally = Counter(formatting.outcome(claim) for result in leading for claim in result.claims)
    return environment.get_template("template.html").render(
        stored=stored,
        leading=leading,
        tally={name: tally[name] for name in formatting.SYMBOLS if tally[name]},
        symbols=formatting.SYMBOLS,
        outcome=formatting.outcome,
        effect=formatting.effect,
        evidence=formatting.evidence,
        effect_bar=lambda claim, reach=None: Markup(bars.effect_bar(claim, reach)),
        effect_reach=bars.effect_reach,
        column_shares=bars.column_shares,
        inline_svg=inline_svg,
        systems=systems,
        sweep_columns=sweep_columns,
    )


def systems(result: Result) -> list[str]:
    """Every system in the result's costs, in order."""
    return list(dict.fromkeys([*result.parameters, *result.tokens, *result.flops]))


def sweep_columns(result: Result) -> list[str]:
    """The names of all columns of the sweep, in order."""
    return list(dict.fromkeys(name for trial in result.sweep for name in trial))


def inline_svg(one: Stored, file: str) -> Markup:
    """A figure as a part of the page, or a sentence if its file is missing.

    Raises:
        ExperimentError: if its file is outside the result's folder, or contains more than a drawing.
    """
    stored = one.svg(file)
    if stored is None:
        return Markup("<p>The figure {} is missing.</p>").format(file)
    prefix = re.sub(r"[^a-z0-9]+", "-", f"{one.result.experiment}-{file.removesuffix('.svg')}".lower())
    try:
        return Markup(drawing.for_page(stored, prefix))
    except ValueError as error:
        raise ExperimentError(f"{one.figure_path(file)}, {error}; {AGAIN}") from None
