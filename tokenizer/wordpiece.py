"""WordPiece, BERT's tokenizer: the pieces of a word by greedy longest match.

Three things differ from byte-pair encoding. The text is normalized first (`read/basic_tokenization.py`: words,
punctuation, and for uncased models lower case without accents), so `decode` does not return the original text.
Pieces are learnt by likelihood instead of frequency (`learn/likelihood.py`). And encoding does not replay the merges:
it takes the longest piece that the word starts with, then the longest that the rest starts with, and so on.
A piece that continues a word is written with ##.

    wordpiece = WordPiece.train(Path("corpus.txt"), 4096)
    wordpiece.show("unaffable")                           # un ##aff ##able
    wordpiece.encode("Hello!", add_special_tokens=True)   # [CLS] hello ! [SEP]

A word becomes [UNK] if no piece fits at some point, or if it has more than 100 characters.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from itertools import chain
from pathlib import Path

from tokenizer.batches import encode_batch
from tokenizer.cache import WordCache
from tokenizer.checks import flag, shown, whole_number
from tokenizer.formats import bert_files, tokenizer_json
from tokenizer.formats.bert_files import CLS, PREFIX, SEP, SPECIAL_TOKENS, UNK
from tokenizer.formats.files import from_file
from tokenizer.learn import incremental_likelihood
from tokenizer.learn.likelihood import LikelyMerge, join, spell_out
from tokenizer.learn.training import MergesFile, learn_up_to
from tokenizer.read.basic_tokenization import (
    basic_words,
    count_basic_words,
    each_basic_word,
    split_chunks,
    split_stretches,
)
from tokenizer.read.special_tokens import SpecialTokens
from tokenizer.read.texts import Texts, check_text
from tokenizer.words import lookup

LONGEST_WORD = 100  # characters; BERT's limit


class WordPiece:
    """A vocabulary of pieces; `vocab` maps id -> piece, and a piece that continues a word begins with ##."""

    def __init__(self, vocab: Sequence[str], lowercase: bool = True, special_tokens: Sequence[str] = ()) -> None:
        """vocab: the pieces, special tokens included; a piece's place in it is its id

        lowercase: whether to lower capitals and strip accents, as BERT's uncased models do
        special_tokens: further tokens that are never split, besides those of [PAD] [UNK] [CLS] [SEP] [MASK] that
            are in `vocab`. A token that is not in `vocab` is added at its end.
        Raises ValueError if a piece is empty or occurs twice, or if there is no [UNK].
        """
        if isinstance(vocab, str | bytes) or not isinstance(vocab, Sequence):
            kind = "the string " * isinstance(vocab, str)
            raise TypeError(f"vocab: expected a list of pieces, got {kind}{shown(vocab)}")
        SpecialTokens(special_tokens)  # refuses bad ones
        for id, piece in enumerate(vocab):
            if not isinstance(piece, str) or not piece:
                got = f"{shown(piece)} as id {id}"
                raise ValueError(f"vocab: expected strings of at least one character, got {got}")
        # BERT's five are special in every BERT vocabulary, so a bare vocab.txt need not name them.
        berts = [token for token in SPECIAL_TOKENS if token in vocab and token not in special_tokens]
        self._special = SpecialTokens([*berts, *special_tokens])
        added = [token for token in special_tokens if token not in vocab]
        self.vocab: dict[int, str] = dict(enumerate([*vocab, *added]))
        self.ids: dict[str, int] = {piece: id for id, piece in self.vocab.items()}
        self.lowercase = flag("lowercase", lowercase)
        for id, piece in self.vocab.items():
            if self.ids[piece] != id:
                raise ValueError(f"vocab: expected every piece once, got {piece!r} as {id} and {self.ids[piece]}")
        if UNK not in self.ids:
            raise ValueError(f"vocab: expected {UNK} in it, got {len(self.vocab)} pieces without")
        self._longest = max(map(len, self.ids))  # no longer piece needs to be tried
        self._ids_of_stretch = WordCache(self.encode_stretch)

    @classmethod
    def train(
        cls,
        texts: Texts,
        vocab_size: int,
        special_tokens: Sequence[str] = SPECIAL_TOKENS,
        *,
        lowercase: bool = True,
        min_count: int | None = None,
        processes: int = 1,
        resume: str | Path | None = None,
        on_merge: Callable[[LikelyMerge], object] | None = None,
        on_read: Callable[[int, int], object] | None = None,
        learn: Callable[..., Iterator[LikelyMerge]] = incremental_likelihood.learn_merges,
    ) -> WordPiece:
        """Learn pieces until there are `vocab_size`, or until every word is one piece.

        texts: a string, an iterable of strings (a document each), or the pathlib.Path of a file
        special_tokens: [UNK] must be among them
        min_count: rarer pairs wait (see `learn/likelihood.py`); 1 is the score alone. If None, it depends on
            the vocabulary size: letters of the text / (4 · pieces to learn). Common words then become whole pieces.
        processes: how many share the reading of a file; the pieces are the same
        resume: a file that keeps the merges so far; if it exists, training resumes from it. It must have been written
            with the same `min_count`. If that is None, another `vocab_size` means another `min_count`.
        on_merge: called with each `LikelyMerge` as it is learnt, such as `print`; the merges in `resume` come first
        on_read: called with the number of bytes of a file that have been read, and with its size
        learn: how merges are found, `incremental_likelihood.learn_merges` or `likelihood.learn_merges` (simple)
        The ids: the special tokens, then every character, at the beginning of a word and inside it (so a word
        is [UNK] only if training never saw one of its characters), then a piece for each merge.
        Raises ValueError for empty text, for a vocabulary with no room for the characters, and if `resume` is
        damaged, or belongs to another text or to other settings.
        Source: Schuster and Nakajima 2012, section 3; Devlin et al. 2018, section 3.
        """
        special = SpecialTokens(special_tokens)
        if UNK not in special.tokens:
            raise ValueError(f"special_tokens: expected {UNK} among them, got {list(special_tokens)}")
        vocab_size, lowercase = whole_number("vocab_size", vocab_size), flag("lowercase", lowercase)
        if min_count is not None:
            min_count = whole_number("min_count", min_count, at_least=1)
        counts = count_basic_words(texts, special, lowercase, processes, on_read)
        # Encoding makes longer words [UNK] anyway, so their pieces would never be used.
        words = {word: count for word, count in counts.items() if len(word) <= LONGEST_WORD}
        if not words:
            raise ValueError(f"texts: expected a word of {LONGEST_WORD} characters or fewer, got only longer ones")
        characters = sorted(set().union(*words))
        # Both forms of each character, so that every word of known characters can be spelt: a ##b ##c.
        pieces = [*special_tokens, *characters, *(PREFIX + character for character in characters)]
        if vocab_size < len(pieces):
            needed = f"{len(special_tokens)} special tokens and twice {len(characters)} characters"
            raise ValueError(f"vocab_size: expected at least {len(pieces)} ({needed}), got {vocab_size}")
        if min_count is None:
            letters = sum(len(word) * count for word, count in words.items())
            # Chosen by trial: with 3 or 6 in place of 4, the pieces are similar.
            min_count = max(letters // (4 * max(vocab_size - len(pieces), 1)), 1)
        learner = f"{'uncased' if lowercase else 'cased'} pieces, min_count {min_count}"
        file = MergesFile(Path(resume), learner, LikelyMerge, str, str) if resume else None
        wanted = vocab_size - len(pieces)
        learn = partial(learn, min_count=min_count)
        merges = learn_up_to(wanted, words, spell_out, learn, on_merge=on_merge, file=file)
        pieces += [merge.symbol for merge in merges]
        return cls(list(dict.fromkeys(pieces)), lowercase, special_tokens)  # a special token may be a piece as well

    @property
    def special_tokens(self) -> list[str]:
        """The tokens that are never split."""
        return list(self._special.tokens)

    @property
    def vocab_size(self) -> int:
        """The number of pieces, including special tokens."""
        return len(self.vocab)

    def segment(self, text: str) -> list[str]:
        """The pieces of a word or a text: "hats" -> ["hat", "##s"]."""
        return [self.vocab[id] for id in self.encode(text)]

    def show(self, text: str) -> str:
        """The pieces in readable form: "taa ##aa ##sty"."""
        return " ".join(self.segment(text))

    def words(self, text: str) -> list[str]:
        """The words of a text as `basic_tokenization` returns them, special tokens among them."""
        words: list[str] = []
        for stretch in split_stretches(text, self._special):
            words += [stretch] if stretch in self._special.tokens else basic_words(stretch, self.lowercase)
        return words

    def steps(self, word: str) -> Iterator[list[str]]:
        """Each state of one word on the way to its pieces: the pieces found so far, and the rest still to be split.

        Each step takes the longest piece that the rest starts with. If there is none, the last state is [UNK].
        """
        if len(word) > LONGEST_WORD:
            yield [UNK]
            return
        found: list[str] = []
        rest, shortest = word, 1
        while rest:
            yield [*found, rest]
            # Greedy: the longest piece first, and no way back. "hats" -> hat ##s, even if ha ##ts were likelier.
            ends = range(min(len(rest), self._longest), shortest - 1, -1)
            piece = next((rest[:end] for end in ends if rest[:end] in self.ids), None)
            if piece is None:  # BERT's rule: if one part has no piece, the whole word is [UNK]
                yield [UNK]
                return
            found.append(piece)
            rest = PREFIX + rest[len(piece) :] if piece != rest else ""  # "hats" -> "##s"
            shortest = len(PREFIX) + 1  # from now on a piece is ## and at least one character

    def pieces(self, word: str) -> list[str]:
        """The pieces of one word as `basic_tokenization` returns it: the last of its `steps`."""
        states = list(self.steps(word))
        return states[-1] if states else []

    def encode_stretch(self, stretch: str) -> list[int]:
        """The ids of a stretch of text without white space, computed without the cache."""
        if stretch in self._special.tokens:
            return [self.ids[stretch]]
        words = each_basic_word(stretch, self.lowercase)
        return [self.ids[piece] for word in words for piece in self.pieces(word)]

    def encode(self, text: str, add_special_tokens: bool = False) -> list[int]:
        """The ids of a text; special tokens in it become their ids.

        add_special_tokens: whether to add [CLS] before and [SEP] after the text, as BERT reads a single text
        Raises ValueError for a lone surrogate (half of a character in UTF-16, not a character).
        """
        check_text(text)
        # The cache holds whole stretches between white space, so it saves their normalization as well.
        stretches = split_stretches(text, self._special)
        ids = list(chain.from_iterable(map(self._ids_of_stretch.__getitem__, stretches)))
        return [self._id(CLS), *ids, self._id(SEP)] if add_special_tokens else ids

    def encode_pair(self, first: str, second: str) -> tuple[list[int], list[int]]:
        """Two texts as BERT reads a pair: [CLS] first [SEP] second [SEP] -> ids, token_type_ids.

        The type is 0 up to and including the first [SEP], then 1.
        """
        # [CLS] and the first [SEP] belong to the first text: [CLS] a b [SEP] c [SEP] -> 0 0 0 0 1 1
        before = self.encode(first, add_special_tokens=True)
        after = [*self.encode(second), self._id(SEP)]
        return before + after, [0] * len(before) + [1] * len(after)

    def encode_batch(
        self, texts: Iterable[str], processes: int | None = None, add_special_tokens: bool = False
    ) -> list[list[int]]:
        """The ids of many texts, each as `encode` returns them, in the order of the texts.

        processes: how many share the work; if None, `batches.py` decides by the size of the batch and the number of
        cores. With more than one, the program must do its work under `if __name__ == "__main__":`.
        """
        return encode_batch(partial(self.encode, add_special_tokens=add_special_tokens), texts, processes)

    def __reduce__(self) -> tuple[type[WordPiece], tuple[object, ...]]:
        """What a copy or another process receives: everything but the cache."""
        return type(self), (list(self.vocab.values()), self.lowercase, self.special_tokens)

    def encode_iterable(self, chunks: Iterable[str]) -> Iterator[int]:
        """The ids of a text that is passed in chunks (the lines of a file, for example), lazily and in constant memory.

        They are the ids of the joined text, wherever the chunks were cut.
        """
        for stretches in split_chunks(chunks, self._special):
            for stretch in stretches:
                yield from self._ids_of_stretch[stretch]

    def decode(self, ids: Iterable[int]) -> str:
        """The words, separated by spaces. The text's own spacing and the words that became [UNK] are lost."""
        words: list[str] = []
        for piece in lookup(self.vocab, ids):
            if words and piece.startswith(PREFIX):
                words[-1] = join(words[-1], piece)  # "hat", "##s" -> "hats"
            else:
                words.append(piece)
        return " ".join(words)

    def _id(self, token: str) -> int:
        """The id of [CLS] or [SEP]. Raises ValueError if it is not in the vocabulary."""
        if token not in self.ids:
            raise ValueError(f"vocab: expected {token} in it, without which there are no special tokens to add")
        return self.ids[token]

    def save(self, path: str | Path) -> None:
        """Write a folder with BERT's vocab.txt and tokenizer_config.json, or the single file `….json`.

        The single file is Hugging Face's tokenizer.json.
        """
        pieces = list(self.vocab.values())
        if Path(path).suffix == ".json":
            tokenizer_json.write_wordpiece(Path(path), pieces, self.lowercase, self.special_tokens)
        else:
            further = [token for token in self.special_tokens if token not in SPECIAL_TOKENS]
            bert_files.write_files(Path(path), pieces, self.lowercase, further)

    @classmethod
    def load(cls, path: str | Path, lowercase: bool | None = None) -> WordPiece:
        """Read a folder that `save` wrote, a vocab.txt, or a tokenizer.json.

        lowercase: if None, as the folder or the tokenizer.json says, or True for a vocab.txt alone
        Raises ValueError if a file is damaged, or asks for something that this tokenizer cannot do.
        """
        path = Path(path)
        if lowercase is not None:
            flag("lowercase", lowercase)
        if path.suffix == ".json":
            pieces, lowercase_there, special_tokens = tokenizer_json.read_wordpiece(path)
        elif path.is_dir():
            pieces, lowercase_there, special_tokens = bert_files.read_files(path)
        else:
            # A bare vocab.txt does not say. BERT's best-known checkpoints are uncased.
            pieces, lowercase_there, special_tokens = bert_files.read_vocab(path), True, []
        return from_file(path, cls, pieces, lowercase_there if lowercase is None else lowercase, special_tokens)
