"""The commands of `python -m models`, which show a pretrained model at work.

python -m models
python -m models generate --model toy-gpt "the dog"
python -m models fill --model toy-bert "the dog is an [MASK]."
python -m models embed --model toy-bert sentences.txt --out vectors.npy
python -m models download gpt2

A model is a folder in Hugging Face's layout, from `download` or from `save_pretrained`, or the name of an installed
model, which the command without arguments lists.
Text is UTF-8 on every platform. Options are checked before the model is loaded.
"""

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from minigrad.checks import whole_number
from minigrad.files import replacing
from models import text
from models.bert import BERT
from models.download import REPOSITORIES, download
from models.pretrained.toy import listing
from models.sampling import Sampling
from models.t5 import T5
from tokenizer import WordPiece
from tokenizer.command.arguments import as_text, decimal, whole
from tokenizer.command.console import say
from tokenizer.formats.bert_files import MASK
from tokenizer.read.texts import input_chunks


def main(arguments: Sequence[str]) -> None:
    """Run the command, or raise an error that says what is wrong with it."""
    options = parser().parse_args(arguments)
    if "model" in options and options.model is None:  # said before standard input is read
        raise ValueError(f"--model: expected a folder or the name of an installed model, got none\n{listing()}")
    options.run(options)


def parser() -> argparse.ArgumentParser:
    """The commands and their options."""
    about = "See a pretrained model at work. Without a command: list the models that are installed with the package."
    top = argparse.ArgumentParser(prog="python -m models", description=about, allow_abbrev=False)
    top.set_defaults(run=run_list)
    commands = top.add_subparsers(metavar="download | generate | fill | embed")

    one = commands.add_parser("download", help="fetch a public checkpoint", allow_abbrev=False)
    one.set_defaults(run=run_download)
    one.add_argument("name", type=as_text, help=f"{', '.join(REPOSITORIES)}, or a repository, OWNER/NAME")
    one.add_argument("--out", type=Path, metavar="FOLDER", help="where to put it (default: a folder of that name)")

    one = commands.add_parser("generate", help="continue a text (GPT), or answer it (T5)", allow_abbrev=False)
    one.set_defaults(run=run_generate)
    one.add_argument("text", nargs="?", type=as_text, help="the text (default: standard input)")
    one.add_argument("--max-new-tokens", type=whole, default=100, metavar="N", help="how many tokens at most (100)")
    one.add_argument(
        "--temperature", type=decimal, default=1.0, metavar="X", help="below 1 safer, 0 always the likeliest token (1)"
    )
    one.add_argument("--top-k", type=whole, metavar="K", help="draw from the K likeliest tokens")
    one.add_argument(
        "--top-p", type=decimal, metavar="P", help="draw from the likeliest tokens with P of the probability"
    )
    one.add_argument("--repetition-penalty", type=decimal, default=1.0, metavar="X", help="above 1: repeat less (1)")
    one.add_argument("--beams", type=whole, default=1, metavar="N", help="search for the likeliest text with N beams")
    one.add_argument(
        "--seed", type=whole, default=0, metavar="N", help="of the draws; the same seed gives the same text (0)"
    )
    _add_model(one)

    one = commands.add_parser("fill", help="fill in each [MASK] of a text (BERT)", allow_abbrev=False)
    one.set_defaults(run=run_fill)
    one.add_argument("text", type=as_text, help="a text with [MASK] in it")
    one.add_argument("--best", type=whole, default=5, metavar="N", help="how many pieces to show for each (5)")
    _add_model(one)

    about = (
        "A vector for each line of a text: the mean of the hidden states of its tokens. Row i of the vectors is line i "
        "of the file, blank lines included. A line ends with \\n or \\r\\n; other characters, such as a form feed, are "
        "part of it. A model that reads no token of a blank line, such as GPT-2, gives it a row of zeros."
    )
    one = commands.add_parser("embed", help="a vector for each line of a text", description=about, allow_abbrev=False)
    one.set_defaults(run=run_embed)
    one.add_argument("file", nargs="?", default="-", help="the text (default: standard input)")
    one.add_argument("--out", type=Path, metavar="FILE", help="a .npy file (default: print how alike the lines are)")
    _add_model(one)
    return top


def _add_model(command: argparse.ArgumentParser) -> None:
    command.add_argument("--model", type=Path, metavar="NAME|FOLDER", help="an installed model, or the folder of one")
    command.add_argument("--device", default="cpu", choices=["cpu", "cuda"], help="where to compute (default: cpu)")


def _load(options: argparse.Namespace) -> tuple[text.Model, text.Tokenizer]:
    """The model, on its device, and its tokenizer."""
    model, tokenizer = text.load(options.model)
    return model.to(options.device), tokenizer


def _read(file: str) -> str:
    """The text of a file, or of standard input, with its line ends unchanged."""
    return "".join(input_chunks(file))


def run_list(options: argparse.Namespace) -> None:
    """Print how the commands are used, and which models are installed."""
    print(f"{parser().format_help()}\n{listing()}")


# -- download ---------------------------------------------------------------------------------------


def run_download(options: argparse.Namespace) -> None:
    """Fetch a checkpoint; the same command resumes one that was interrupted."""
    folder = options.out or Path(options.name.rsplit("/", 1)[-1])
    say(f"{download(options.name, folder)}: complete")


# -- generate ---------------------------------------------------------------------------------------


def run_generate(options: argparse.Namespace) -> None:
    """Print the text while it is generated."""
    whole_number("--max-new-tokens", options.max_new_tokens, at_least=0)
    sampling = sampling_from(options)
    whole_number("--beams", options.beams, at_least=1)
    whole_number("--seed", options.seed, at_least=0)
    start = _read("-").removesuffix("\n").removesuffix("\r") if options.text is None else options.text
    model, tokenizer = _load(options)
    if isinstance(model, BERT):
        raise ValueError(f"{options.model}: expected a model that writes (a GPT or a T5), got a BERT; use fill")
    if not isinstance(model, T5):
        print(start, end="", flush=True)
    shown = ""

    def show(piece: str) -> None:
        nonlocal shown
        shown += piece
        print(piece, end="", flush=True)

    try:
        written = text.write(
            model, tokenizer, start, options.max_new_tokens, sampling, seed=options.seed, n_beams=options.beams,
            on_token=show,
        )  # fmt: skip
    except ValueError:
        print(flush=True)  # the error gets a line of its own
        raise
    print(written[len(shown) :])


def sampling_from(options: argparse.Namespace) -> Sampling:
    """The options of sampling. Raises ValueError, naming the option, for a number outside its range."""
    try:
        return Sampling(options.temperature, options.top_k, options.top_p, options.repetition_penalty)
    except ValueError as error:
        field, problem = str(error).split(" ", 1)  # "top_k must be …": each field is named like its option
        raise ValueError(f"--{field.replace('_', '-')} {problem}") from error


# -- fill -------------------------------------------------------------------------------------------


def run_fill(options: argparse.Namespace) -> None:
    """Print the likeliest pieces for each [MASK], one a line, and the text with the likeliest piece in each place."""
    whole_number("--best", options.best, at_least=1)
    model, tokenizer = _load(options)
    if not isinstance(model, BERT) or not isinstance(tokenizer, WordPiece):
        raise ValueError(f"{options.model}: expected a BERT, which fills masks, got a {type(model).__name__}")
    whole_number("--best", options.best, at_most=model.config.vocab_size)
    masks = text.fill(model, tokenizer, options.text, options.best)
    for mask_number, best in enumerate(masks, start=1):
        print(f"{MASK} {mask_number}:")
        for piece, prob in best:
            print(f"  {prob:7.2%}  {piece}")
    print(text.filled(options.text, [best[0][0] for best in masks]))


# -- embed ------------------------------------------------------------------------------------------


def run_embed(options: argparse.Namespace) -> None:
    """Write the vectors of a file's lines, or print the cosines between them."""
    out = None if options.out is None else _check_out(options.out)
    name = "standard input" if options.file == "-" else options.file
    lines = lines_of(_read(options.file))
    if not lines:
        raise ValueError(f"{name}: expected a text, got an empty one")
    if out is None:
        print_cosines(lines, np.stack(list(vectors_of(lines, name, options)[1])))
        return
    with replacing(out) as temporary, temporary.open("wb") as file:  # opened first: a path that fails, fails at once
        width, vectors = vectors_of(lines, name, options)
        # Row by row, so that memory does not grow, and so that a disk error keeps its name, which np.save would hide.
        header = {"descr": "<f4", "fortran_order": False, "shape": (len(lines), width)}
        np.lib.format.write_array_header_1_0(file, header)
        for vector in vectors:
            file.write(vector.astype("<f4").tobytes())
    say(f"{out}: {len(lines)} vectors of {width} numbers")


def _check_out(path: Path) -> Path:
    """The path of a file to write. Raises ValueError for a folder, or for a device, which the file would replace."""
    if path.exists() and not path.is_file():
        raise ValueError(f"--out: expected a file, got {path}, which is a folder or a device")
    return path


def lines_of(source: str) -> list[str]:
    """The lines of a text. They end with \\n or \\r\\n only; str.splitlines would split at a form feed, too."""
    lines = source.split("\n")
    if lines[-1] == "":  # nothing follows the last line end
        lines.pop()
    return [line.removesuffix("\r") for line in lines]


def vectors_of(lines: list[str], name: str, options: argparse.Namespace) -> tuple[int, Iterator[np.ndarray]]:
    """The width of a vector, and the vector of each line. Errors name the line of the file."""
    model, tokenizer = _load(options)
    vectors = text.embed(model, tokenizer, lines, zeros_without_token=True)
    return model.config.d_model, _with_line_numbers(vectors, name)


def _with_line_numbers(vectors: Iterator[np.ndarray], name: str) -> Iterator[np.ndarray]:
    try:
        yield from vectors
    except text.TextError as error:
        raise ValueError(f"{name}, line {error.number + 1}: {error.problem}") from error


def print_cosines(lines: list[str], vectors: np.ndarray) -> None:
    """Print, for each line, its cosines with all lines and the line itself. The cosine with a vector of zeros is 0."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)  # (N, 1)
    directions = vectors / np.where(lengths == 0, 1, lengths)  # (N, D)
    for line, direction in zip(lines, directions, strict=True):
        print(*(f"{cosine:5.2f}" for cosine in directions @ direction), f" {line}")
