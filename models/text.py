"""Text in, text out: a pretrained model together with the tokenizer from its folder.

    model, tokenizer = load("checkpoints/bert-base-uncased")
    fill(model, tokenizer, "The capital of France is [MASK].")     # [[("paris", 0.4…), …]]

Models and tokenizers meet only here: models know ids, tokenizers know text.
"""

import os
import re
from collections.abc import Callable, Iterator, Sequence
from itertools import groupby
from pathlib import Path

import numpy as np

from minigrad import no_grad
from minigrad.checks import whole_number
from minigrad.errors import CheckpointError, MinigradError
from models.beam_search import beam_search
from models.bert import BERT
from models.generation import WithCache, generate
from models.gpt import GPT
from models.inputs import pad_batch
from models.pretrained.folder import read_model_type
from models.sampling import PURE_SAMPLING, Sampling, check_sampling, next_token_distribution
from models.t5 import T5, Output
from tokenizer import ByteLevelBPE, WordPiece
from tokenizer.formats.bert_files import CLS, PREFIX, SEP
from tokenizer.formats.gpt2_files import END_OF_TEXT

MASK = "[MASK]"


class T5Tokenizer:
    """T5's pieces: a SentencePiece unigram model, read by the package `sentencepiece`, and 100 sentinels after it.

    The sentinels <extra_id_0>, <extra_id_1>, … have the last ids, in descending order.

    Raises:
        MinigradError: if the package is not installed.
        CheckpointError: if the file is damaged.
    """

    N_SENTINELS = 100

    def __init__(self, path: Path) -> None:
        try:
            import sentencepiece
        except ImportError as error:
            raise MinigradError('T5\'s tokenizer needs sentencepiece: pip install "minigrad[t5]"') from error
        self._pieces = sentencepiece.SentencePieceProcessor()
        try:
            self._pieces.LoadFromFile(str(path))
        except (OSError, RuntimeError) as error:
            raise CheckpointError(f"{path} is not a SentencePiece model: {error}") from error
        self.vocab_size = self._pieces.vocab_size() + self.N_SENTINELS
        self._sentinels = {f"<extra_id_{i}>": self.vocab_size - 1 - i for i in range(self.N_SENTINELS)}
        self._sentinel = re.compile(f"({'|'.join(self._sentinels)})")  # these and no others: <extra_id_00> is text

    def encode(self, text: str) -> list[int]:
        """The ids of a text, including its sentinels, without an end-of-sequence token."""
        ids: list[int] = []
        for part in self._sentinel.split(text):
            if part in self._sentinels:
                ids.append(self._sentinels[part])
            else:
                ids += self._pieces.encode(part)
        return ids

    def decode(self, ids: Sequence[int]) -> str:
        """The text of some ids, without padding, end-of-sequence and ids that belong to no piece."""
        n_pieces, parts = self._pieces.vocab_size(), list[str]()
        for are_pieces, group in groupby(ids, lambda id: 0 <= id < n_pieces):
            if are_pieces:
                parts.append(self._pieces.decode(list(group)))
            else:
                parts += [f"<extra_id_{self.vocab_size - 1 - id}>" for id in group if 0 <= id < self.vocab_size]
        return " ".join(filter(None, parts))


Model = GPT | BERT | T5
Tokenizer = ByteLevelBPE | WordPiece | T5Tokenizer
FAMILIES: dict[str, type[Model]] = {"gpt2": GPT, "bert": BERT, "t5": T5}


def load(folder: str | os.PathLike[str], strict: bool = True) -> tuple[Model, Tokenizer]:
    """The model and the tokenizer in a folder of Hugging Face's layout: a GPT-2, a BERT or a T5.

    Raises:
        CheckpointError: if the folder does not hold them, or is of another family.
        ValueError: if a file of the tokenizer is damaged.
    """
    family = read_model_type(folder)
    if family not in FAMILIES:
        raise CheckpointError(f"{folder}: expected a model of {', '.join(FAMILIES)}, got {family}")
    tokenizer = load_tokenizer(folder, family)
    model = FAMILIES[family].from_pretrained(folder, strict)
    largest = max(tokenizer.vocab) if not isinstance(tokenizer, T5Tokenizer) else tokenizer.vocab_size - 1
    if largest >= model.config.vocab_size:
        raise CheckpointError(
            f"{folder}: the tokenizer has the id {largest}, which is not in the model's vocabulary of "
            f"{model.config.vocab_size}"
        )
    return model, tokenizer


def load_tokenizer(folder: str | os.PathLike[str], family: str) -> Tokenizer:
    """The tokenizer in a folder, from the family's original files or else from a tokenizer.json.

    Raises:
        CheckpointError: if there is none.
    """
    folder = Path(folder)
    readers: dict[str, dict[str, Callable[[], Tokenizer]]] = {
        "gpt2": {
            "merges.txt": lambda: ByteLevelBPE.load(folder),
            "tokenizer.json": lambda: ByteLevelBPE.load(folder / "tokenizer.json"),
        },
        "bert": {
            "vocab.txt": lambda: WordPiece.load(folder),
            "tokenizer.json": lambda: WordPiece.load(folder / "tokenizer.json"),
        },
        "t5": {"spiece.model": lambda: T5Tokenizer(folder / "spiece.model")},
    }
    for file, read in readers[family].items():
        if (folder / file).is_file():
            return read()
    raise CheckpointError(f"{folder} holds no tokenizer for {family}: expected {' or '.join(readers[family])}")


def write(
    model: GPT | T5,
    tokenizer: Tokenizer,
    text: str,
    max_new_tokens: int,
    sampling: Sampling = PURE_SAMPLING,
    *,
    seed: int = 0,
    n_beams: int = 1,
    on_token: Callable[[str], object] | None = None,
) -> str:
    """The continuation of a text by a decoder, or the output of an encoder-decoder for it.

    Args:
        sampling: how each token is chosen; not used with several beams.
        seed: of the draws.
        n_beams: if more than 1, the result is the likeliest text that beam search finds.
        on_token: called with each new piece of text as it is written; not with several beams.

    Raises:
        ValueError: if an argument is out of range, the model has diverged, or the text has no token and the tokenizer
            no <|endoftext|>.
        TypeError: if an argument is of the wrong type, or the model does not write.
    """
    if not isinstance(model, GPT | T5):
        raise TypeError(f"model must be one that writes, a GPT or a T5, got a {type(model).__name__}")
    whole_number("n_beams", n_beams, at_least=1)
    check_sampling(sampling)
    if isinstance(model, T5):
        with no_grad():
            output = Output(model, np.array([[*tokenizer.encode(text), model.config.eos_id]]), repeat=n_beams)
        start, next_logits = output.start()[:1], WithCache(output)
        eos_id: int | None = model.config.eos_id
    else:
        eos_id = tokenizer.ids.get(END_OF_TEXT.encode()) if isinstance(tokenizer, ByteLevelBPE) else None
        beginning = tokenizer.encode(text) or ([] if eos_id is None else [eos_id])
        if not beginning:
            raise ValueError("text is empty, and there is no token to start from")
        start, next_logits = np.array([beginning]), WithCache(model, model.config.n_positions)
    if n_beams > 1:
        best = beam_search(next_logits, start, max_new_tokens, n_beams, eos_id=eos_id)[0]
        return _text_of(tokenizer, best.ids[start.shape[1] :], eos_id)

    shown = ""

    def show(so_far: np.ndarray) -> None:
        nonlocal shown
        if on_token is None:
            return
        written = _text_of(tokenizer, so_far[0, start.shape[1] :], eos_id)
        if not written.endswith("\ufffd"):  # a token may end in the middle of a character: wait for the rest
            on_token(written[len(shown) :])
            shown = written

    ids = generate(next_logits, start, max_new_tokens, sampling, seed=seed, eos_id=eos_id, on_token=show)
    return _text_of(tokenizer, ids[0, start.shape[1] :], eos_id)


def _text_of(tokenizer: Tokenizer, ids: np.ndarray, eos_id: int | None) -> str:
    """The text of some ids up to eos_id."""
    end = np.flatnonzero(ids == eos_id)
    return tokenizer.decode(ids[: end[0]].tolist() if len(end) else ids.tolist())


@no_grad()
def fill(model: BERT, tokenizer: WordPiece, text: str, n_best: int = 5) -> list[list[tuple[str, float]]]:
    """The likeliest pieces for each [MASK] in a text, with their probabilities.

    Raises:
        ValueError: if the text has no [MASK] or more tokens than the model has positions, n_best is not from 1 to the
            size of the vocabulary, the model has no masked-LM head, or it has diverged.
        TypeError: if n_best is not an integer.
    """
    whole_number("n_best", n_best, at_least=1, at_most=model.config.vocab_size)
    ids = np.array([tokenizer.encode(text, add_special_tokens=True)])  # (1, T)
    rows, places = np.nonzero(ids == tokenizer.ids.get(MASK, -1))
    if not len(places):
        raise ValueError(f"text must have a {MASK}, got {text!r}")
    if ids.shape[1] > model.config.n_positions:
        raise ValueError(f"text must have {_at_most(model.config.n_positions, tokenizer)}, got {ids.shape[1]}")
    masked = model(ids)[rows, places]  # (n_masks, D)
    probs = next_token_distribution(model.masked_lm_logits(masked).numpy())  # (n_masks, V)
    best = np.argsort(-probs, axis=-1, kind="stable")[:, :n_best]  # (n_masks, n_best)
    return [
        [(tokenizer.vocab.get(int(id), ""), float(row[id])) for id in ids_of_row]
        for row, ids_of_row in zip(probs, best, strict=True)
    ]


def filled(text: str, pieces: Sequence[str]) -> str:
    """A text with each [MASK] replaced by a piece: "a cat [MASK] ." with "##s" is "a cats .".

    A piece that begins with ## is joined to the text before it, if there is any, as in WordPiece's `decode`. Any other
    piece is a word of its own. The rest of the text does not change.

    Raises:
        ValueError: if there are not as many pieces as masks.
    """
    start, *rest = text.split(MASK)
    if len(pieces) != len(rest):
        raise ValueError(f"pieces must be one for each of the {len(rest)} {MASK} in the text, got {len(pieces)}")
    for piece, after in zip(pieces, rest, strict=True):
        joins = piece.startswith(PREFIX) and start.strip()
        start = start.rstrip() + piece.removeprefix(PREFIX) if joins else _as_words(start, piece)
        start = _as_words(start, after)
    return start


def _as_words(before: str, after: str) -> str:
    """Two texts joined, with a space between them if they would otherwise read as one word."""
    return before + " " * (before[-1:].isalnum() and after[:1].isalnum()) + after


class TextError(ValueError):
    """One of several texts has no vector.

    Attributes:
        number: the index of the text.
        problem: what is wrong with it.
    """

    def __init__(self, number: int, expected: str, got: str) -> None:
        super().__init__(f"texts must have {expected} each, got {got} as number {number}")
        self.number, self.problem = number, f"expected {expected}, got {got}"


@no_grad()
def embed(
    model: Model,
    tokenizer: Tokenizer,
    texts: Sequence[str],
    batch_size: int = 32,
    *,
    zeros_without_token: bool = False,
) -> Iterator[np.ndarray]:
    """A vector for each text, (D,): the mean of its tokens' hidden states (in an encoder-decoder, of the encoder).

    Args:
        batch_size: how many texts the model reads at a time. The vectors do not depend on it.
        zeros_without_token: whether a text without a token, such as "" for a GPT, gets a vector of zeros. Otherwise it
            is an error.

    Raises:
        ValueError: if batch_size is not positive.
        TextError: if a text has no token or more tokens than the model has positions, or if its vector has a NaN or an
            infinity because the model has diverged. It is a ValueError, too.
        TypeError: if batch_size is not an integer.
    """
    whole_number("batch_size", batch_size, at_least=1)
    longest = None if isinstance(model, T5) else model.config.n_positions
    read = model.encode if isinstance(model, T5) else model.hidden_states
    for start in range(0, len(texts), batch_size):
        sequences = [_as_read(model, tokenizer, text) for text in texts[start : start + batch_size]]
        for number, sequence in enumerate(sequences, start):
            if not sequence and not zeros_without_token:
                raise TextError(number, "a token", repr(texts[number]))
            if longest is not None and len(sequence) > longest:
                raise TextError(number, _at_most(longest, tokenizer), str(len(sequence)))
        vectors = np.zeros((len(sequences), model.config.d_model), np.float32)
        with_tokens = [i for i, sequence in enumerate(sequences) if sequence]
        if with_tokens:
            ids, attention_mask = pad_batch([sequences[i] for i in with_tokens])  # (B, T)
            weights = attention_mask / attention_mask.sum(axis=1, keepdims=True)  # (B, T), 0 at padding
            vectors[with_tokens] = np.einsum("btd,bt->bd", read(ids, attention_mask).numpy(), weights)  # (B, D)
        for number, vector in enumerate(vectors, start):
            if not np.isfinite(vector).all():
                got = f"a NaN or an infinity from {texts[number]!r:.60} (the model has diverged)"
                raise TextError(number, "a finite vector", got)
            yield vector


def _at_most(longest: int, tokenizer: Tokenizer) -> str:
    """The limit on the tokens of a text, for an error message."""
    return f"at most {longest} tokens{f' with {CLS} and {SEP}' if isinstance(tokenizer, WordPiece) else ''}"


def _as_read(model: Model, tokenizer: Tokenizer, text: str) -> list[int]:
    """The ids of a text with the special tokens of its family."""
    if isinstance(tokenizer, WordPiece):
        return tokenizer.encode(text, add_special_tokens=True)
    return [*tokenizer.encode(text), model.config.eos_id] if isinstance(model, T5) else tokenizer.encode(text)
