"""The commands of the command line: `python -m tokenizer train | encode | decode | show`, for files and pipes.

python -m tokenizer train corpus.txt --vocab-size 4096 --out my-bpe
python -m tokenizer encode my-bpe < text.txt | python -m tokenizer decode my-bpe
python -m tokenizer show my-bpe --text "Once upon a time"

Text is UTF-8 on every platform. If no file is named, or its name is -, standard input is read.
"""

from __future__ import annotations

import argparse
import re
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path

from tokenizer import ByteLevelBPE, LectureBPE, WordPiece, WordVocabulary
from tokenizer.checks import shown
from tokenizer.command import terminal
from tokenizer.command.arguments import WHOLE, as_text
from tokenizer.command.console import say
from tokenizer.command.progress import Progress
from tokenizer.formats import bert_files, gpt2_files, tokenizer_json
from tokenizer.merges import Merge
from tokenizer.read.texts import input_chunks, whole_words
from tokenizer.words import split_words

Tokenizer = ByteLevelBPE | LectureBPE | WordPiece | WordVocabulary

KINDS: dict[str, tuple[type[Tokenizer], str]] = {  # kind -> its class, and a file by which its folder is recognised
    "byte": (ByteLevelBPE, gpt2_files.MERGES_FILE),
    "lecture": (LectureBPE, LectureBPE.FILE),
    "wordpiece": (WordPiece, bert_files.VOCAB_FILE),
    "words": (WordVocabulary, WordVocabulary.FILE),
}
UNFINISHED = "unfinished-merges.txt"  # in the folder of a tokenizer that is being trained
TOGETHER = 1 << 13  # ids that are written or decoded at a time
LONGEST_SHOWN = 1000  # characters of a word whose history is shown: n characters take n lines of up to n pieces


def main(arguments: Sequence[str]) -> None:
    """Run the command line."""
    options = parser().parse_args(arguments)
    options.run(options)


def parser() -> argparse.ArgumentParser:
    """The commands and their options."""
    about = "Train a tokenizer, and see the pieces of a text."
    top = argparse.ArgumentParser(prog="python -m tokenizer", description=about, allow_abbrev=False)
    commands = top.add_subparsers(required=True, metavar="train | encode | decode | show")

    one = commands.add_parser("train", help="learn from a text", allow_abbrev=False)
    one.set_defaults(run=train)
    one.add_argument("file", nargs="?", default="-", help="the text (default: standard input)")
    one.add_argument("--out", type=Path, required=True, metavar="FOLDER", help="where to put the tokenizer")
    one.add_argument("--vocab-size", type=count, required=True, metavar="N", help="how many tokens, at most")
    kinds = "byte-level BPE (default), the lecture's BPE, WordPiece, whole words"
    one.add_argument("--kind", choices=KINDS, default="byte", help=kinds)
    one.add_argument(
        "--special", action="append", type=as_text, metavar="TOKEN", help="a special token; may be repeated"
    )
    one.add_argument("--cased", action="store_true", default=None, help="keep capitals and accents (WordPiece)")
    rarer = "leave rarer words out, or let rarer pairs wait (WordPiece)"
    one.add_argument("--min-count", type=count, metavar="N", help=rarer)
    together = "how many read the text together (no more than there are cores)"
    one.add_argument("--processes", type=count, default=1, metavar="N", help=together)
    one.add_argument("--show-merges", action="store_true", help="print each merge as it is learnt")

    for name, run, about, file in (
        ("encode", encode, "print a text's ids, one a line", "the text"),
        ("decode", decode, "print the text of ids that white space separates", "the ids"),
        ("show", show, "show the pieces of a text", "the text"),
    ):
        one = commands.add_parser(name, help=about, allow_abbrev=False)
        one.set_defaults(run=run)
        one.add_argument("tokenizer", type=Path, help="the folder that `train` wrote, or a tokenizer.json")
        one.add_argument("file", nargs="?", default="-", help=f"{file} (default: standard input)")
    what = one.add_mutually_exclusive_group()
    what.add_argument("--text", type=as_text, help="this text, instead of a file's")
    what.add_argument("--steps", type=as_text, metavar="WORD", help="the history of a word: one merge after the other")
    what.add_argument("--tree", type=as_text, metavar="WORD", help="the same as a drawing")
    return top


def count(argument: str) -> int:
    """An argument as an integer of at least 1. Python's int() would also accept 1_0 and digits of other scripts."""
    if not re.fullmatch("0*[1-9][0-9]{0,17}", argument):
        raise argparse.ArgumentTypeError(f"expected an integer of at least 1, got {argument!r}")
    return int(argument)


def train(options: argparse.Namespace) -> None:
    """Train a tokenizer and save it. After an interruption, the same command resumes the training."""
    check_train(options)
    unfinished = options.out / UNFINISHED
    reading, learning = Progress("reading", "MB"), Progress("learning", "merges")
    n_merges = 0

    def on_merge(merge: Merge) -> None:
        nonlocal n_merges
        n_merges += 1
        if options.show_merges:
            print(merge)
        else:
            learning.update(n_merges, options.vocab_size)

    def on_read(done: int, total: int) -> None:
        reading.update(done // 10**6, total // 10**6)
        if done == total:
            reading.close()

    with text_file(options.file) as path:
        try:
            model = learn(options, path, unfinished, on_merge, on_read)
        except KeyboardInterrupt:
            if unfinished.exists():
                say(f"\n{unfinished} keeps the merges so far; the same command resumes from there.")
            raise
        finally:
            learning.close()
    model.save(options.out)
    unfinished.unlink(missing_ok=True)
    say(f"{options.out}: {model.vocab_size:,} tokens")


def check_train(options: argparse.Namespace) -> None:
    """Raises ValueError for options of another kind, and if --out is a file or holds another kind of tokenizer."""
    for option, given, kinds in (
        ("--special", options.special, ("byte", "wordpiece")),
        ("--cased", options.cased, ("wordpiece",)),
        ("--min-count", options.min_count, ("wordpiece", "words")),
    ):
        if given is not None and options.kind not in kinds:
            raise ValueError(f"{option}: expected --kind {' or '.join(kinds)}, got {options.kind}")
    if options.out.exists() and not options.out.is_dir():
        raise ValueError(f"--out: expected a folder, got the file {options.out}")
    for kind, (_, file) in KINDS.items():
        if kind != options.kind and (options.out / file).exists():
            raise ValueError(f"--out: expected a folder without another kind of tokenizer, got {options.out / file}")


def learn(
    options: argparse.Namespace,
    path: Path,
    resume: Path,
    on_merge: Callable[[Merge], object],
    on_read: Callable[[int, int], object],
) -> Tokenizer:
    """A new tokenizer of the kind that the options name."""
    size, special, processes = options.vocab_size, options.special or [], options.processes
    if options.kind == "words":
        min_count = 1 if options.min_count is None else options.min_count
        return WordVocabulary.train(path, size, min_count, processes=processes, on_read=on_read)
    if options.kind == "lecture":
        return LectureBPE.train(path, size, processes=processes, resume=resume, on_merge=on_merge, on_read=on_read)
    if options.kind == "byte":
        return ByteLevelBPE.train(
            path, size, special, processes=processes, resume=resume, on_merge=on_merge, on_read=on_read
        )
    return WordPiece.train(
        path,
        size,
        [*bert_files.SPECIAL_TOKENS, *special],
        lowercase=not options.cased,
        min_count=options.min_count,
        processes=processes,
        resume=resume,
        on_merge=on_merge,
        on_read=on_read,
    )


def encode(options: argparse.Namespace) -> None:
    """Print the ids of a text, one a line, as they come."""
    ids = load(options.tokenizer).encode_iterable(input_chunks(options.file))
    while together := list(islice(ids, TOGETHER)):
        sys.stdout.write("".join(f"{id}\n" for id in together))


def decode(options: argparse.Namespace) -> None:
    """Print the text of ids: the exact bytes of a byte-level tokenizer, otherwise words with spaces and a line end."""
    tokenizer = load(options.tokenizer)
    ids = read_ids(options.file)
    if isinstance(tokenizer, ByteLevelBPE):
        while together := list(islice(ids, TOGETHER)):
            sys.stdout.buffer.write(tokenizer.decode_bytes(together))
        sys.stdout.buffer.flush()
    else:
        print(tokenizer.decode(ids))


def show(options: argparse.Namespace) -> None:
    """Print the pieces of a text, or the history of a word's pieces."""
    tokenizer = load(options.tokenizer)
    for option, word in ("--steps", options.steps), ("--tree", options.tree):
        if word is not None:
            show_history(tokenizer, option, word, options.tokenizer)
            return
    text = "".join(input_chunks(options.file)) if options.text is None else options.text
    paint = terminal.coloured if terminal.shows_colours() else terminal.barred
    if isinstance(tokenizer, ByteLevelBPE):
        print(paint(tokenizer.segment(text)), end="" if text.endswith("\n") else "\n")
    else:
        # Not splitlines, which also splits at a form feed.
        for line in text.removesuffix("\n").split("\n") if text else ():
            print(*(paint(tokenizer.segment(word)) for word in words(tokenizer, line)))


def show_history(tokenizer: Tokenizer, option: str, text: str, path: Path) -> None:
    """Print the history of each word's pieces. Raises ValueError if there is no word, or if one is too long."""
    parts = words(tokenizer, text)
    if not parts:
        raise ValueError(f"{option}: expected a word, got {text!r}")
    for part in parts:
        if len(part) > LONGEST_SHOWN:
            raise ValueError(f"{option}: expected words of at most {LONGEST_SHOWN} characters, got {len(part):,}")
    for part in parts:
        print("\n".join(how_it_splits(tokenizer, option, part, path)), end="\n\n")


def words(tokenizer: Tokenizer, text: str) -> list[str]:
    """The units that the tokenizer splits one by one: the words of a text, or its pre-tokens."""
    if isinstance(tokenizer, ByteLevelBPE):
        return tokenizer.pretokens(text)
    return tokenizer.words(text) if isinstance(tokenizer, WordPiece) else split_words(text)


def how_it_splits(tokenizer: Tokenizer, option: str, word: str, path: Path) -> Iterator[str]:
    """The lines of --steps or --tree. Raises ValueError for a tokenizer that has no such history."""
    if isinstance(tokenizer, WordVocabulary):
        raise ValueError(f"{path}: expected a tokenizer that learnt pieces, got a list of words")
    if isinstance(tokenizer, WordPiece):
        if option == "--tree":
            raise ValueError("--tree: expected a tokenizer with merges, got WordPiece, which has --steps only")
        return map(" ".join, tokenizer.steps(word))
    draw = terminal.tree if option == "--tree" else terminal.history
    return draw(list(tokenizer.steps(word)), tokenizer.merges)


def load(path: Path) -> Tokenizer:
    """The tokenizer in a folder or a tokenizer.json, of any kind."""
    if path.suffix == ".json":
        return (WordPiece if tokenizer_json.is_wordpiece(path) else ByteLevelBPE).load(path)
    found = [kind for kind, file in KINDS.values() if (path / file).exists()]
    if len(found) != 1:
        files = ", ".join(file for _, file in KINDS.values())
        raise ValueError(f"{path}: expected the folder of one tokenizer, with one of {files}, got {len(found)}")
    return found[0].load(path)


def read_ids(file: str) -> Iterator[int]:
    """The ids in a file, or in standard input."""
    for chunk in whole_words(input_chunks(file)):
        for word in chunk.split():
            if not WHOLE.fullmatch(word):
                raise ValueError(f"ids: expected numbers with white space between them, got {shown(word)}")
            yield int(word)


@contextmanager
def text_file(file: str) -> Iterator[Path]:
    """The path of a text. Standard input is copied to a file first, because processes can share only a file."""
    if file != "-":
        yield Path(file)
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "standard input"
        with open(path, "wb") as copy:
            shutil.copyfileobj(sys.stdin.buffer, copy)
        yield path
