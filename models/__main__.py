"""The command line: `python -m models download | generate | fill | embed`, to see a pretrained model at work.

python -m models download gpt2
python -m models generate --model gpt2 "Once upon a time"
python -m models fill --model bert-base-uncased "The capital of France is [MASK]."
python -m models embed --model bert-base-uncased sentences.txt --out vectors.npy

A model is a folder in Hugging Face's layout: what `download` has fetched, or `save_pretrained` written.
Text is UTF-8 on every platform.
"""

import argparse
import io
import os
import sys
from pathlib import Path

import numpy as np

from minigrad.errors import MinigradError
from models import text
from models.bert import BERT
from models.download import REPOSITORIES, download
from models.t5 import T5
from tokenizer import WordPiece


def main(arguments: list[str] | None = None) -> int:
    """Do what the command line says; the exit code."""
    for stream in (sys.stdin, sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    options = parser().parse_args(arguments)
    try:
        options.run(options)
        sys.stdout.flush()
    except BrokenPipeError:  # whoever read our output has had enough, as `head` has
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or Python complains when it ends
        return 1
    except (MinigradError, ValueError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("\nInterrupted.", file=sys.stderr)
        return 130
    return 0


def parser() -> argparse.ArgumentParser:
    """The commands and their options."""
    about = "See a pretrained model at work."
    top = argparse.ArgumentParser(prog="python -m models", description=about, allow_abbrev=False)
    commands = top.add_subparsers(required=True, metavar="download | generate | fill | embed")

    one = commands.add_parser("download", help="fetch a public checkpoint", allow_abbrev=False)
    one.set_defaults(run=run_download)
    one.add_argument("name", help=f"{', '.join(REPOSITORIES)}, or a repository, OWNER/NAME")
    one.add_argument("--out", type=Path, metavar="FOLDER", help="where to put it (default: a folder of that name)")

    one = commands.add_parser("generate", help="go on with a text (GPT-2), or answer it (T5)", allow_abbrev=False)
    one.set_defaults(run=run_generate)
    one.add_argument("text", nargs="?", help="the text (default: standard input)")
    one.add_argument("--max-new-tokens", type=int, default=100, metavar="N", help="how many tokens at most (100)")
    one.add_argument("--temperature", type=float, default=1.0, help="below 1 safer, 0 always the likeliest token (1)")
    one.add_argument("--top-k", type=int, metavar="K", help="draw from the K likeliest tokens")
    one.add_argument(
        "--top-p", type=float, metavar="P", help="draw from the likeliest tokens with P of the probability"
    )
    one.add_argument("--repetition-penalty", type=float, default=1.0, metavar="X", help="above 1: repeat less (1)")
    one.add_argument("--beams", type=int, default=1, metavar="N", help="search for the likeliest text with N beams")
    one.add_argument("--seed", type=int, default=0, help="of the draws; the same seed gives the same text (0)")
    _add_model(one)

    one = commands.add_parser("fill", help="fill in each [MASK] of a text (BERT)", allow_abbrev=False)
    one.set_defaults(run=run_fill)
    one.add_argument("text", help="a text with [MASK] in it")
    one.add_argument("--best", type=int, default=5, metavar="N", help="how many pieces to show for each (5)")
    _add_model(one)

    one = commands.add_parser("embed", help="a vector for each line of a text", allow_abbrev=False)
    one.set_defaults(run=run_embed)
    one.add_argument("file", nargs="?", default="-", help="the text (default: standard input)")
    one.add_argument("--out", type=Path, metavar="FILE", help="a .npy file (default: print how alike the lines are)")
    _add_model(one)
    return top


def _add_model(command: argparse.ArgumentParser) -> None:
    command.add_argument("--model", type=Path, required=True, metavar="FOLDER", help="the folder of the model")
    command.add_argument("--device", default="cpu", choices=["cpu", "cuda"], help="where to compute (default: cpu)")


def _load(options: argparse.Namespace) -> tuple[text.Model, text.Tokenizer]:
    """The model, where it is to compute, and its tokenizer."""
    model, tokenizer = text.load(options.model)
    return model.to(options.device), tokenizer


def run_download(options: argparse.Namespace) -> None:
    """Fetch a checkpoint; the same command goes on with one that was interrupted."""
    folder = options.out or Path(options.name.rsplit("/", 1)[-1])
    print(f"{download(options.name, folder)}: complete", file=sys.stderr)


def run_generate(options: argparse.Namespace) -> None:
    """Print the text as it is written."""
    model, tokenizer = _load(options)
    if isinstance(model, BERT):
        raise ValueError(f"{options.model}: expected a model that writes (GPT-2, T5), got a BERT; use fill")
    start = sys.stdin.read().removesuffix("\n") if options.text is None else options.text
    if not isinstance(model, T5):
        print(start, end="", flush=True)
    shown = ""

    def show(piece: str) -> None:
        nonlocal shown
        shown += piece
        print(piece, end="", flush=True)

    written = text.write(
        model, tokenizer, start, options.max_new_tokens, n_beams=options.beams, seed=options.seed, on_token=show,
        temperature=options.temperature, top_k=options.top_k, top_p=options.top_p,
        repetition_penalty=options.repetition_penalty,
    )  # fmt: skip
    print(written[len(shown) :])


def run_fill(options: argparse.Namespace) -> None:
    """Print the likeliest pieces for each [MASK], a line each, and the text with the likeliest of all."""
    model, tokenizer = _load(options)
    if not isinstance(model, BERT) or not isinstance(tokenizer, WordPiece):
        raise ValueError(f"{options.model}: expected a BERT, which fills masks, got a {type(model).__name__}")
    filled = options.text
    for number, best in enumerate(text.fill(model, tokenizer, options.text, options.best), start=1):
        print(f"{text.MASK} {number}:")
        for piece, prob in best:
            print(f"  {prob:7.2%}  {piece}")
        filled = filled.replace(text.MASK, best[0][0], 1)
    print(filled)


def run_embed(options: argparse.Namespace) -> None:
    """Write the vectors of a file's lines, or print the cosines between them."""
    model, tokenizer = _load(options)
    source = sys.stdin.read() if options.file == "-" else Path(options.file).read_text(encoding="utf-8")
    lines = [line for line in source.splitlines() if line.strip()]
    if not lines:
        raise ValueError(f"{options.file}: expected a text, got no line with anything in it")
    vectors = np.stack(list(text.embed(model, tokenizer, lines)))
    if options.out is None:
        directions = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
        for line, cosines in zip(lines, directions @ directions.T, strict=True):
            print(*(f"{cosine:5.2f}" for cosine in cosines), f" {line}")
        return
    temporary = options.out.with_name(f"{options.out.name}.{os.getpid()}.tmp")
    try:
        with open(temporary, "wb") as file:
            np.save(file, vectors)
        os.replace(temporary, options.out)
    finally:
        temporary.unlink(missing_ok=True)
    print(f"{options.out}: {len(vectors)} vectors of {vectors.shape[1]} numbers", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
