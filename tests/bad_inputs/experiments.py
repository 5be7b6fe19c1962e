"""Bad input to the experiments: results, cells, claims, settings, figures, corpora and the toy world."""

import json
import math
from pathlib import Path
from typing import Any

import numpy as np

from experiments.evidence import claims, figures, results
from experiments.evidence.claims import Claim
from experiments.evidence.decoding import DEEPEST
from experiments.evidence.errors import ExperimentError
from experiments.evidence.grid import Grid
from experiments.evidence.plain import fingerprint, plain
from experiments.evidence.results import CellValues, Figure, Result
from experiments.evidence.table import Table
from experiments.lab import zoo
from experiments.lab.finetuning import Finetuning
from experiments.lab.pretraining import Pretraining
from experiments.lab.windows import Windows
from experiments.lab.word_vectors import SkipGramSettings
from experiments.lab.worlds import Reading
from experiments.report.drawing import for_page
from experiments.running import cells
from experiments.running.contract import Request
from experiments.running.work import Work
from experiments.tables import catalogue
from experiments.tables.model_sizes import findings
from experiments.tables.pretrain_finetune.systems import Settings
from experiments.tables.subword_table.systems import Settings as SubwordSettings
from experiments.text import standard_library
from experiments.text.document import Document
from experiments.text.toy_world.dice import Dice
from experiments.text.toy_world.lexicon import pronouns
from experiments.text.toy_world.show import show
from experiments.text.toy_world.statistics import first_documents
from experiments.text.toy_world.tasks import blanks, closed_book, in_context, reading, summarisation, translation
from experiments.text.toy_world.tasks.glue import glue
from experiments.text.toy_world.tasks.judgements import cola, cola_of_all_words
from experiments.text.toy_world.tasks.senses import senses
from experiments.text.toy_world.tasks.split import split
from experiments.text.toy_world.templates import word_class
from experiments.text.toy_world.world import World

from .case import Case

RESULT = Result(
    lecture_says="More is more.",
    tables=[Table("Scores", ["system", "score"], [["a", [0.5, 0.25]]])],
    claims=[claims.holds("one", "a beats b", [0.5, 0.75, 0.5])],
    sweep=[{"lr": 0.1}],
    cells=[CellValues("a", [0], [{"score": 0.5}])],
    figures=[Figure("scores", "The scores.", "full.scores.svg")],
)
SETTINGS = {
    "seeds": 1,
    "finetuning_steps": 1,
    "label_counts": (16,),
    "finetuning_lrs": (1e-3,),
    "zoo": zoo.FULL,
}


def of_file(content: bytes) -> Any:
    """Read a result's file with this content."""

    def call(folder: Path) -> object:
        (folder / "full.json").write_bytes(content)
        return results.load(folder / "full.json")

    return call


def with_field(name: str, value: Any) -> Any:
    """Read a result in which one field, `claims.0.effect`, has another value; text is put in as it is."""

    def call(folder: Path) -> object:
        results.save(RESULT, folder / "full.json")
        content = json.loads((folder / "full.json").read_text(encoding="utf-8"))
        *outer, last = [int(step) if step.isdigit() else step for step in name.split(".")]
        where = content
        for step in outer:
            where = where[step]
        where[last] = "@" if isinstance(value, str) else value
        text = json.dumps(content)
        (folder / "full.json").write_text(text.replace('"@"', value) if isinstance(value, str) else text, "utf-8")
        return results.load(folder / "full.json")

    return call


def damaged_cell(content: bytes) -> Any:
    """Read a cell's file with this content."""

    def call(folder: Path) -> object:
        (folder / "cell.json").write_bytes(content)
        return cells.load(folder / "cell.json")

    return call


def cell_with(**changes: Any) -> Any:
    """Read a cell whose checksum is right and one of whose fields is not."""
    record = {"key": "a", "seed": 0, "value": {}, "seconds": 1.0, "commit": "abc", "files": {}} | changes
    return damaged_cell(json.dumps(record | {"checksum": fingerprint(record)}).encode())


def parts_of_parts(depth: int) -> str:
    """A claim that has a part that has a part, and so on."""
    claim = json.dumps(vars(RESULT.claims[0]))
    nested = claim
    for _ in range(depth):
        nested = claim.replace('"parts": []', f'"parts": [{nested}]')
    return nested


def blank(kind: str, n: int = 1, part: str = "test") -> object:
    """Draw blanks."""
    return blanks.draw(World(0), blanks.CLUE_BEFORE, kind, n, part)


def a_zoo(steps: int, n_heads: int) -> object:
    """A small zoo."""
    return zoo.zoo(Reading(9), steps, (8, 1, n_heads), (8, 1, 2))


DOCUMENTS = [Document(str(n), f"text {n}") for n in range(10)]

CASES = [
    # results
    Case("brackets without end", of_file(b"[" * 200_000), ExperimentError, ("full.json", "nested too deeply")),
    Case("a result that is a list", of_file(b"[]"), ExperimentError, ("full.json", "(top)", "an object", "[]")),
    Case("a result in Latin-1", of_file(b'{"a": "\xe9"}'), ExperimentError, ("full.json", "UTF-8", "0xe9")),
    Case("half a result", of_file(b'{"title": '), ExperimentError, ("full.json", "line 1", "expected JSON")),
    Case("NaN in a result", with_field("claims.0.effect", "NaN"), ExperimentError, ("claims[0].effect", "NaN")),
    Case("a large number", with_field("wall_seconds", "1e999"), ExperimentError, ("wall_seconds", "at most 1e+300")),
    Case("an integer too large", with_field("tokens", {"a": 10**400}), ExperimentError, ("tokens.a", "at most 1e+300")),
    Case("digits without end", with_field("tokens", "1" * 5000), ExperimentError, ("full.json", "expected JSON")),
    Case("an infinity in a table", with_field("tables.0.rows", "[[1, 1e999]]"), ExperimentError, ("rows[0][1]", "inf")),
    Case("an infinity", with_field("sweep.0.lr", "-1e999"), ExperimentError, ("sweep[0].lr", "finite", "-inf")),
    Case("half a character", with_field("title", '"\\ud800"'), ExperimentError, ("title", "UTF-8")),
    Case("half a name", with_field("settings", '{"\\ud800": 1}'), ExperimentError, ("settings", "UTF-8")),
    Case("a list for text", with_field("title", []), ExperimentError, ("title must be str", "[]")),
    Case("true for a count", with_field("claims.0.seeds", True), ExperimentError, ("claims[0].seeds", "int", "True")),
    Case("2.5 seeds", with_field("claims.0.seeds", 2.5), ExperimentError, ("claims[0].seeds must be int", "2.5")),
    Case("-1 seeds", with_field("claims.0.seeds", -1), ExperimentError, ("claims[0]", "seeds", "at least 0", "-1")),
    Case("an unknown verdict", with_field("claims.0.verdict", '"yes"'), ExperimentError, ("verdict", "'reproduced'")),
    Case("three ends of an interval", with_field("claims.0.interval", [1, 2, 3]), ExperimentError, ("two numbers",)),
    Case("an interval back", with_field("claims.0.interval", [2, 1]), ExperimentError, ("lower first", "[2, 1]")),
    Case(
        "settings without a bottom",
        with_field("settings", {"a": json.loads("[" * (DEEPEST + 2) + "]" * (DEEPEST + 2))}),
        ExperimentError,
        ("settings", f"nested at most {DEEPEST} deep"),
    ),
    Case(
        "parts of parts without end",
        with_field("claims", f"[{parts_of_parts(400)}]"),
        ExperimentError,
        ("full.json", "parts of claims", "nested too deeply"),
    ),
    Case("digits of a table", with_field("tables.0.digits", 10**9), ExperimentError, ("digits", "at most 15")),
    Case("a table without columns", with_field("tables.0.columns", []), ExperimentError, ("columns", "at least one")),
    Case("a folder for a result", lambda folder: results.load(folder), ExperimentError, ("expected a file",)),
    # cells
    Case("an empty cell", damaged_cell(b""), cells.DamagedCell, ("cell.json", "damaged")),
    Case("a cell of brackets", damaged_cell(b"[" * 200_000), cells.DamagedCell, ("cell.json", "nested too deeply")),
    Case("a cell without its checksum", damaged_cell(b"{}"), cells.DamagedCell, ("cell.json", "checksum")),
    Case("a cell whose value is a list", cell_with(value=[]), cells.DamagedCell, ("value must be an object", "[]")),
    Case("a cell of 'long' seconds", cell_with(seconds="long"), cells.DamagedCell, ("seconds must be float", "'long'")),
    Case("a set as a number", lambda _: plain({"a": {1}}), TypeError, ("value.a", "set")),
    Case("a number of a number", lambda _: plain({1: 2}), TypeError, ("keys must be text", "1")),
    # claims
    Case("text for effects", lambda _: claims.holds("c", "t", ["a"]), ValueError, ("claim 'c'", "finite number", "a")),
    Case("booleans for effects", lambda _: claims.holds("c", "t", [True]), ValueError, ("claim 'c'", "True")),
    Case("rows for effects", lambda _: claims.holds("c", "t", [[1.0]]), ValueError, ("claim 'c'", "[[1.0]]")),
    Case("an effect beyond floats", lambda _: claims.holds("c", "t", [10**400]), ValueError, ("claim 'c'",)),
    Case("text for an exact effect", lambda _: claims.exact("c", "t", True, "a", ""), ValueError, ("effect", "'a'")),
    Case("seeds that do not pair", lambda _: claims.compare("c", "t", [1], [1, 2]), ValueError, ("1 and 2 values",)),
    Case("an effect of NaN", lambda _: claims.compare("c", "t", [math.nan], [1]), ValueError, ("finite", "nan")),
    Case("no freedom", lambda _: claims.student_t(0), ValueError, ("freedom", "at least 1", "0")),
    Case("half a freedom", lambda _: claims.student_t(1.5), TypeError, ("freedom", "integer", "1.5")),
    Case("all of a distribution", lambda _: claims.student_t(3, 1.0), ValueError, ("coverage", "below 1")),
    Case("a spread of one", lambda _: claims.interval(np.array([1.0])), ValueError, ("at least 2", "1")),
    Case("a claim of -1 seeds", lambda _: Claim("c", "t", "reproduced", 1, None, -1), ValueError, ("seeds", "-1")),
    # settings
    Case(
        "a table nearly",
        lambda _: catalogue.requests(["subword_tables"]),
        ExperimentError,
        ("no table is named 'subword_tables'", "did you mean 'subword_table'?"),
    ),
    Case(
        "a preset nearly",
        lambda _: Request("experiments.tables.model_sizes", "Full").settings(),
        ExperimentError,
        ("no preset 'Full'", "did you mean 'full'?"),
    ),
    Case(
        "no seeds for what has none",
        lambda _: Request("experiments.tables.model_sizes", "quick", 0).settings(),
        ExperimentError,
        ("seeds", "at least 1", "0"),
    ),
    Case(
        "seeds of the sweep",
        lambda _: Request("experiments.tables.subword_table", "quick", 1001).settings(),
        ExperimentError,
        ("seeds", "at most 1000", "1001"),
    ),
    Case("nothing measured", lambda _: Grid().values("a", 16, "score"), KeyError, ("nothing was", "'a'", "16")),
    Case("half a step", lambda _: Pretraining(1.5, 1e-3), TypeError, ("steps", "integer", "1.5")),
    Case("an lr of NaN", lambda _: Pretraining(1, math.nan), ValueError, ("lr", "finite", "nan")),
    Case("warm-up of 2", lambda _: Pretraining(1, 1e-3, warmup=2), ValueError, ("warmup", "at most 1", "2")),
    Case("weights of 0", lambda _: Pretraining(1, 1e-3, keep_at=(0,)), ValueError, ("keep_at", "at least 1", "0")),
    Case("no window", lambda _: SkipGramSettings(window=0), ValueError, ("window", "at least 1", "0")),
    Case("no subsample", lambda _: SkipGramSettings(subsample=0), ValueError, ("subsample", "above 0", "0")),
    Case("no finetuning", lambda _: Finetuning(1e-3, steps=0), ValueError, ("steps", "at least 1", "0")),
    Case("steps and epochs", lambda _: Finetuning(1e-3, steps=1, epochs=1), ValueError, ("steps or epochs", "1 and 1")),
    Case("a finetuning of NaN", lambda _: Finetuning(math.nan, steps=1), ValueError, ("lr", "nan")),
    Case(
        "a negative factor of lr",
        lambda _: Finetuning(1e-3, steps=1, lr_factors={"head": -1.0}),
        ValueError,
        ("lr_factors['head']", "at least 0", "-1.0"),
    ),
    Case("no label counts", lambda _: Settings(**SETTINGS | {"label_counts": ()}), ValueError, ("label_counts",)),
    Case("a negative lr", lambda _: Settings(**SETTINGS | {"finetuning_lrs": (-1,)}), ValueError, ("above 0", "-1")),
    Case("no threads", lambda _: Settings(**SETTINGS | {"n_threads": 0}), ValueError, ("n_threads", "at least 1")),
    Case("true seeds", lambda _: SubwordSettings(seeds=True), TypeError, ("seeds", "integer", "True")),
    Case("a size of 512.0", lambda _: SubwordSettings(1, vocab_sizes=(512.0,)), TypeError, ("vocab_sizes", "512.0")),
    Case("a tolerance of NaN", lambda _: findings.Settings(math.nan), ValueError, ("tolerance", "nan")),
    Case("too few tokens", lambda _: Windows(np.arange(9), 8, 2, 0), ValueError, ("ids", "too few", "9")),
    # figures
    Case("a script in a figure", lambda _: for_page("<svg><script/></svg>", "p"), ValueError, ("line 1", "<script>")),
    Case("a handler in a figure", lambda _: for_page('<svg onload=""/>', "p"), ValueError, ("line 1", "onload")),
    Case(
        "a figure without a name",
        lambda _: Work(Request("experiments.tables.model_sizes")).figure("…", figures.subplots()[0], ""),
        ValueError,
        ("figure '…'", "letters and digits"),
    ),
    Case("no rows of axes", lambda _: figures.subplots(rows=0), ValueError, ("rows", "at least 1", "0")),
    Case("a figure of no size", lambda _: figures.subplots(size=(0, math.nan)), ValueError, ("size", "above 0", "0")),
    # text
    Case("nothing held out", lambda _: standard_library.split(DOCUMENTS, 0, 0.0), ValueError, ("held_out", "0.0")),
    Case("NaN held out", lambda _: standard_library.split(DOCUMENTS, 0, math.nan), ValueError, ("held_out", "nan")),
    Case("a split of one", lambda _: standard_library.split(DOCUMENTS[:1], 0), ValueError, ("1 documents", "nothing")),
    Case("a split by -1", lambda _: standard_library.split(DOCUMENTS, -1), ValueError, ("seed", "at least 0", "-1")),
    Case("a split by 0.5", lambda _: standard_library.split(DOCUMENTS, 0.5), TypeError, ("seed", "integer", "0.5")),
    # the toy world
    Case("world -1", lambda _: World(-1), ValueError, ("seed", "at least 0", "-1")),
    Case("world 'a'", lambda _: World("a"), TypeError, ("seed", "integer", "'a'")),
    Case("world True", lambda _: World(True), TypeError, ("seed", "integer", "True")),
    Case("text of NaN words", lambda _: World(0).text(0, math.nan), TypeError, ("n_words", "integer", "nan")),
    Case("text of no words", lambda _: World(0).text(0, 0), ValueError, ("n_words", "at least 1", "0")),
    Case("documents of -1", lambda _: next(World(0).documents(-1)), ValueError, ("seed", "at least 0", "-1")),
    Case("a pronoun of nobody", lambda _: pronouns("hal"), ValueError, ("person", "'hal'")),
    Case("three of two", lambda _: Dice(0).some("ab", 3), ValueError, ("n must be at most the 2 choices", "3")),
    Case("a slot of no class", lambda _: word_class("planet2"), ValueError, ("slot", "'planet2'", "city")),
    Case("world -1 shown", lambda _: show(-1), ValueError, ("seed", "at least 0", "-1")),
    Case("no tokens shown", lambda _: show(0, 0), ValueError, ("n_tokens", "at least 1", "0")),
    Case("dice -1", lambda _: Dice(-1), ValueError, ("seed", "at least 0", "-1")),
    Case("dice 'a'", lambda _: Dice("a"), TypeError, ("seed", "integer", "'a'")),
    # its tasks
    Case("words of -1", lambda _: split(-1), ValueError, ("seed", "at least 0", "-1")),
    Case("CoLA -1", lambda _: cola(-1), ValueError, ("seed", "at least 0", "-1")),
    Case("CoLA of all words, -1", lambda _: cola_of_all_words(-1, 1, 1, 1), ValueError, ("seed", "at least 0", "-1")),
    Case("-1 sentences", lambda _: cola(0, -1), ValueError, ("n_train", "at least 0", "-1")),
    Case("half a dev set", lambda _: cola(0, 1, 0.5), TypeError, ("n_dev", "integer", "0.5")),
    Case("-1 of MNLI", lambda _: glue(0, -1), ValueError, ("mnli", "at least 0", "-1")),
    Case("MNLI 'a'", lambda _: glue(0, "a"), TypeError, ("mnli", "integer", "'a'")),
    Case("a kind of blank", lambda _: blank("tense"), ValueError, ("kind must be one of fact, syntax", "'tense'")),
    Case("a part of blanks", lambda _: blank("syntax", part="valid"), ValueError, ("part", "train, dev", "'valid'")),
    Case("a part of facts", lambda _: blank("fact", part="valid"), ValueError, ("part", "train, dev", "'valid'")),
    Case("-1 blanks", lambda _: blank("fact", -1), ValueError, ("n must be", "at least 0", "-1")),
    Case("a part", lambda _: reading.questions(0, "valid", 1), ValueError, ("part", "train, dev", "'valid'")),
    Case("a set", lambda _: closed_book.questions(World(0), "two", "test"), ValueError, ("question_set", "'two'")),
    Case("a part of stories", lambda _: summarisation.stories(0, "dev2", 1), ValueError, ("part", "'dev2'")),
    Case("half a review", lambda _: summarisation.reviews(0, "dev", 0.5), TypeError, ("n must be", "0.5")),
    Case("French", lambda _: translation.translations(0, "french", "dev", 1), ValueError, ("norvish", "'french'")),
    Case("more senses than there are", lambda _: senses(0, "test", 1000), ValueError, ("n must be at most", "1000")),
    Case("17 examples", lambda _: in_context.translation(0, 1, 17), ValueError, ("n_examples", "at most 16", "17")),
    Case("an old mapping", lambda _: in_context.sentiment(0, 1, 1, "old"), ValueError, ("mapping", "'old'")),
    Case("wrong labels", lambda _: in_context.sentiment(0, 1, 1, "new", "bad"), ValueError, ("labels", "'bad'")),
    # what pretraining reads, and the zoo
    Case("nothing to read", lambda _: Reading(0), ValueError, ("n_tokens", "at least 1", "0")),
    Case("empty batches", lambda _: Reading(9, batch_tokens=0), ValueError, ("batch_tokens", "at least 1", "0")),
    Case("without poems", lambda _: Reading(9, without=("poems",)), ValueError, ("without", "'poems'", "games")),
    Case("a text of -1", lambda _: Reading(9).fingerprint(-1), ValueError, ("seed", "at least 0", "-1")),
    Case("a zoo of no steps", lambda _: a_zoo(0, 2), ValueError, ("steps", "at least 1", "0")),
    Case("three heads of eight", lambda _: a_zoo(1, 3), ValueError, ("n_heads", "divide", "3", "8")),
    Case("half a token", lambda _: first_documents(World(0), 0, 0.5), TypeError, ("n_tokens", "integer", "0.5")),
]  # fmt: skip
