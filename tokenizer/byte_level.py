"""Byte-level BPE, GPT-2's tokenizer: any text in, the same text out.

`lecture_bpe.py` loses the spacing between words, and a character that it never saw becomes UNK.
Here the alphabet is the 256 bytes of UTF-8, so every text can be spelt, and spaces belong to the pieces,
so nothing is dropped: `decode(encode(text)) == text` for every text. The merges are learnt in the same way.

    bpe = ByteLevelBPE.train(Path("corpus.txt"), 4096, special_tokens=["<|endoftext|>"])
    bpe.encode("Once upon a time<|endoftext|>")
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path

from tokenizer.batches import encode_batch
from tokenizer.cache import WordCache
from tokenizer.checks import shown, token_ids, whole_number
from tokenizer.formats import gpt2_files, tokenizer_json
from tokenizer.formats.files import from_file
from tokenizer.learn import incremental
from tokenizer.learn.training import MergesFile, learn_up_to
from tokenizer.merges import Merge, apply_merges, check_merges, merge_steps, rank_merges
from tokenizer.read.pretokens import count_pretokens, pretokenize, pretokenize_chunks
from tokenizer.read.special_tokens import SpecialTokens
from tokenizer.read.texts import Texts, check_text, utf8

BYTES = [bytes([byte]) for byte in range(256)]  # the alphabet: each byte as a symbol


class ByteLevelBPE:
    """A vocabulary of byte strings and the merges that make them.

    vocab:  id -> token, as bytes; special tokens included
    merges: pairs of tokens, in the order in which they were learnt
    """

    def __init__(
        self,
        vocab: Mapping[int, bytes],
        merges: Sequence[tuple[bytes, bytes]],
        special_tokens: Sequence[str] = (),
    ) -> None:
        """A special token that is not in `vocab` gets the id after the largest one.

        Raises ValueError if the vocabulary lacks a byte or a token that a merge needs, if it contains a token twice,
        or if a special token is also an ordinary one.
        """
        if not isinstance(vocab, Mapping):
            raise TypeError(f"vocab: expected a dict of tokens by id, got {shown(vocab)}")
        self.vocab: dict[int, bytes] = dict(zip(token_ids(vocab, "vocab"), vocab.values(), strict=True))
        self.merges: list[tuple[bytes, bytes]] = check_merges(merges, bytes)
        self._special = SpecialTokens(special_tokens)
        self._ranks = rank_merges(self.merges)  # {(b"t", b"h"): 0, (b"th", b"e"): 1, …}
        self.ids: dict[bytes, int] = {token: id for id, token in self.vocab.items()}
        if len(self.ids) != len(self.vocab):
            raise ValueError("vocab: expected every token once, got a repetition")
        self._check_tokens()
        for token in special_tokens:
            data = utf8(token)
            if data not in self.ids:
                self.ids[data] = max(self.vocab) + 1
                self.vocab[self.ids[data]] = data
        self._ids_of_pretoken = WordCache(self.encode_pretoken)

    def _check_tokens(self) -> None:
        """Check that every byte and every merge has a token, and that no special token is one of these."""
        # With all 256 bytes there is no unknown text: whatever does not merge is spelt in bytes.
        missing = [token for token in BYTES if token not in self.ids]
        if missing:
            raise ValueError(f"vocab: expected all 256 single bytes, got none for {shown(missing)}")
        if (smallest := min(self.vocab)) < 0:
            raise ValueError(f"vocab: expected ids of 0 or more, got {smallest}")
        # A merge is applied before ids are looked up, so what it makes must have an id.
        for left, right in self.merges:
            for token in (left, right, left + right):
                if token not in self.ids:
                    merge = f"{left!r} + {right!r}"
                    raise ValueError(f"vocab: expected the token {token!r}, which the merge {merge} needs")
        # An id shared by a special and an ordinary token would make ordinary text look like the special token.
        ordinary = {*BYTES, *(left + right for left, right in self.merges)}
        for special in self.special_tokens:
            if utf8(special) in ordinary:
                raise ValueError(f"special_tokens: expected tokens unlike the ordinary ones, got {special!r}")

    @classmethod
    def train(
        cls,
        texts: Texts,
        vocab_size: int,
        special_tokens: Sequence[str] = (),
        *,
        processes: int = 1,
        resume: str | Path | None = None,
        on_merge: Callable[[Merge[bytes]], object] | None = None,
        on_read: Callable[[int, int], object] | None = None,
    ) -> ByteLevelBPE:
        """Learn merges until there are `vocab_size` tokens, or until every pre-token is one token.

        texts: a string, an iterable of strings (a document each), or the pathlib.Path of a file
        processes: how many share the reading of a file; the merges are the same
        resume: a file that keeps the merges so far; if it exists, training resumes from it
        on_merge: called with each `Merge` as it is learnt, such as `print`; the merges in `resume` come first
        on_read: called with the number of bytes of a file that have been read, and with its size
        The ids: 0 to 255 are the bytes, then come a token for each merge and the special tokens.
        Raises ValueError for empty text, for a vocabulary with no room for the bytes, and if `resume` is
        damaged or belongs to another text.
        Source: Radford et al. 2019 (GPT-2), section 2.2.
        """
        special = SpecialTokens(special_tokens)
        smallest = len(BYTES) + len(special.tokens)
        vocab_size = whole_number("vocab_size", vocab_size)
        if vocab_size < smallest:
            needed = f"256 bytes and {len(special.tokens)} special tokens"
            raise ValueError(f"vocab_size: expected at least {smallest} ({needed}), got {vocab_size}")
        cls(dict(enumerate(BYTES)), [], special_tokens)  # refuses special tokens that are bytes, before the work
        # As in the lecture's BPE, merges stay inside words. Here the words are pre-tokens, with their spaces.
        counts = count_pretokens(texts, special, processes, on_read)  # {" the": 9012, ",": 8120, …}
        file = MergesFile(Path(resume), "bytes", Merge[bytes], gpt2_files.spell, gpt2_files.unspell) if resume else None
        wanted = vocab_size - smallest
        history = learn_up_to(wanted, counts, _symbols, incremental.learn_merges, on_merge=on_merge, file=file)
        # The ids are ours: GPT-2's vocab.json lists the bytes in another order, and `load` keeps the ids of the file.
        tokens = [*BYTES, *(merge.symbol for merge in history)]
        return cls(dict(enumerate(tokens)), [(merge.left, merge.right) for merge in history], special_tokens)

    @property
    def special_tokens(self) -> list[str]:
        """The special tokens as text."""
        return list(self._special.tokens)

    @property
    def vocab_size(self) -> int:
        """The number of tokens: bytes, merges and special tokens."""
        return len(self.vocab)

    def segment(self, text: str) -> list[bytes]:
        """The tokens of a text as bytes."""
        return [self.vocab[id] for id in self.encode(text)]

    def pretokens(self, text: str) -> list[str]:
        """The pre-tokens of a text, special tokens among them. No piece spans two pre-tokens."""
        return pretokenize(text, self._special)

    def steps(self, pretoken: str) -> Iterator[list[bytes]]:
        """Each state of one pre-token from its bytes to its tokens, one merge apart."""
        return merge_steps(_symbols(pretoken), self._ranks)

    def encode(self, text: str) -> list[int]:
        """The ids of a text; special tokens in it become their ids.

        Raises ValueError for a lone surrogate (half of a character in UTF-16, not a character).
        """
        check_text(text)
        # Most pre-tokens are in the cache, and map and chain run in C: no step of Python for each token.
        return list(chain.from_iterable(map(self._ids_of_pretoken.__getitem__, self.pretokens(text))))

    def encode_batch(self, texts: Iterable[str], processes: int | None = None) -> list[list[int]]:
        """The ids of many texts, each as `encode` returns them, in the order of the texts.

        processes: how many share the work; if None, `batches.py` decides by the size of the batch and the number of
        cores. With more than one, the program must do its work under `if __name__ == "__main__":`.
        """
        return encode_batch(self.encode, texts, processes)

    def __reduce__(self) -> tuple[type[ByteLevelBPE], tuple[object, ...]]:
        """What a copy or another process receives: everything but the cache."""
        return type(self), (self.vocab, self.merges, self.special_tokens)

    def encode_iterable(self, chunks: Iterable[str]) -> Iterator[int]:
        """The ids of a text that is passed in chunks (the lines of a file, for example), lazily and in constant memory.

        They are the ids of the joined text, wherever the chunks were cut.
        """
        for pretokens in pretokenize_chunks(chunks, self._special):
            yield from chain.from_iterable(map(self._ids_of_pretoken.__getitem__, pretokens))

    def encode_pretoken(self, pretoken: str) -> list[int]:
        """The ids of one pre-token, computed without the cache: its bytes, then every merge that applies."""
        if pretoken in self._special.tokens:
            return [self.ids[utf8(pretoken)]]
        return [self.ids[token] for token in apply_merges(_symbols(pretoken), self._ranks)]

    def decode_bytes(self, ids: Iterable[int]) -> bytes:
        """The bytes of some ids. Raises ValueError for an id that the vocabulary does not have."""
        try:
            return b"".join([self.vocab[id] for id in token_ids(ids)])
        except KeyError as error:
            largest = max(self.vocab)
            raise ValueError(f"ids: expected ids of the vocabulary (0 to {largest}), got {error}") from None

    def decode(self, ids: Iterable[int]) -> str:
        """The text of some ids. Bytes that are not valid UTF-8 (half a character, for example) become U+FFFD."""
        # First join, then decode: a character may be spread over several tokens, "🙂" over up to four.
        return self.decode_bytes(ids).decode("utf-8", errors="replace")

    def save(self, path: str | Path) -> None:
        """Write a folder with GPT-2's vocab.json and merges.txt, or the single file `….json`.

        Two more files in the folder name the special tokens. The single file is Hugging Face's tokenizer.json.
        """
        write = tokenizer_json.write_byte_level if Path(path).suffix == ".json" else gpt2_files.write_files
        write(Path(path), self.vocab, self.merges, self.special_tokens)

    @classmethod
    def load(
        cls,
        path: str | Path,
        merges_file: str | Path | None = None,
        special_tokens: Sequence[str] | None = None,
    ) -> ByteLevelBPE:
        """Read what `save` wrote, `load(path)`; or GPT-2's own files, `load(vocab_file, merges_file)`.

        special_tokens: if None, those in the folder's special_tokens.json; without that file, the entries of the
            vocabulary that are neither bytes nor made by a merge. In both cases the tokens are added that the files of
            transformers name (see `formats/config_files.py`). A tokenizer.json names its own.
        Raises ValueError if a file is damaged, or asks for something that this tokenizer cannot do.
        """
        path = Path(path)
        if special_tokens is not None:
            SpecialTokens(special_tokens)  # refuses bad ones here, so that the error does not name the file
        if merges_file is not None:
            parts = gpt2_files.read_files(path, Path(merges_file), special_tokens)
        elif path.suffix != ".json":
            parts = gpt2_files.read_folder(path, special_tokens)
        elif special_tokens is None:
            parts = tokenizer_json.read_byte_level(path)
        else:
            raise ValueError(f"special_tokens: expected None, as {path} names its own, got {special_tokens}")
        return from_file(path, cls, *parts)


def _symbols(pretoken: str) -> list[bytes]:
    """The symbols of a pre-token before the first merge, its UTF-8 bytes: "hé" -> [b"h", b"\\xc3", b"\\xa9"]."""
    return [BYTES[byte] for byte in utf8(pretoken)]
