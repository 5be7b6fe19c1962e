"""WordPiece, BERT's tokenizer: the pieces of a word by greedy longest match.

Three things differ from byte-pair encoding. The text is first made simple (`basic_tokenization.py`: words,
punctuation, and for uncased models small letters without accents), so what comes back is not what went in.
Pieces are learnt by likelihood instead of frequency (`likelihood.py`). And how they were learnt is forgotten:
a word takes the longest piece with which it begins, then the longest with which the rest begins, and so on.
A piece that continues a word is written with ##.

    wordpiece = WordPiece.train(Path("corpus.txt"), 4096)
    wordpiece.show("unaffable")                           # un ##aff ##able
    wordpiece.encode("Hello!", add_special_tokens=True)   # [CLS] hello ! [SEP]

A word of which no split into known pieces is found this way, or of more than 100 characters, is [UNK].
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from itertools import chain
from pathlib import Path

from tokenizer import bert_files, incremental_likelihood, tokenizer_json
from tokenizer.basic_tokenization import basic_words, count_basic_words, each_basic_word, split_chunks, split_stretches
from tokenizer.batches import encode_batch
from tokenizer.bert_files import CLS, SEP, SPECIAL_TOKENS, UNK
from tokenizer.checks import flag, shown, whole_number
from tokenizer.files import from_file
from tokenizer.learning import MergesKept, learn_up_to
from tokenizer.likelihood import PREFIX, LikelyMerge, join, spell_out
from tokenizer.memory import Memory
from tokenizer.special_tokens import SpecialTokens
from tokenizer.texts import Texts, check_text
from tokenizer.words import lookup

LONGEST_WORD = 100  # characters; BERT's limit


class WordPiece:
    """A vocabulary of pieces; `vocab` maps id -> piece, and a piece that continues a word begins with ##."""

    def __init__(self, vocab: Sequence[str], lowercase: bool = True, special_tokens: Sequence[str] = ()) -> None:
        """vocab: the pieces, special tokens included; a piece's place in it is its id

        lowercase: whether to lower capitals and strip accents, as BERT's uncased models do
        special_tokens: what else is never split, besides those of [PAD] [UNK] [CLS] [SEP] [MASK] that `vocab`
            has. One that it lacks is added at its end.
        Raises ValueError if a piece is empty or stands twice, or if there is no [UNK].
        """
        if isinstance(vocab, str | bytes) or not isinstance(vocab, Sequence):
            kind = "the string " * isinstance(vocab, str)
            raise TypeError(f"vocab: expected a list of pieces, got {kind}{shown(vocab)}")
        SpecialTokens(special_tokens)  # refuses bad ones
        for id, piece in enumerate(vocab):
            if not isinstance(piece, str) or not piece:
                got = f"{shown(piece)} as id {id}"
                raise ValueError(f"vocab: expected strings of at least one character, got {got}")
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
        self._longest = max(map(len, self.ids))
        self._ids_of_stretch = Memory(self.encode_stretch)

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
        min_count: rarer pairs have to wait (see `likelihood.py`). 1 is the score alone; if None, a quarter of the
            number of letters for each piece to learn, with which common words become whole pieces
        processes: how many read a file together; the pieces are the same
        resume: a file that keeps the merges learnt so far; if it is there, training resumes from it. (It must be
            of the same `min_count`, which for another `vocab_size` is another one, unless it is given.)
        on_merge: called with each `LikelyMerge` as it is learnt, `print` shows it; those of `resume` come first
        on_read: called with the bytes of a file that have been read, and with all its bytes
        learn: how merges are found, `incremental_likelihood.learn_merges` or `likelihood.learn_merges` (simple)
        The ids: the special tokens, then every character, at the beginning of a word and inside it (no word
        is lost unless it has a character that training did not see), then a piece for each merge.
        Raises ValueError for empty text, for a vocabulary with no room for the characters, and where `resume` is
        damaged, or was learnt from another text or with other settings.
        Source: Schuster and Nakajima 2012, section 3; Devlin et al. 2018, section 3.
        """
        special = SpecialTokens(special_tokens)
        if UNK not in special.tokens:
            raise ValueError(f"special_tokens: expected {UNK} among them, got {list(special_tokens)}")
        vocab_size, lowercase = whole_number("vocab_size", vocab_size), flag("lowercase", lowercase)
        if min_count is not None:
            min_count = whole_number("min_count", min_count, at_least=1)
        counts = count_basic_words(texts, special, lowercase, processes, on_read)
        words = {word: count for word, count in counts.items() if len(word) <= LONGEST_WORD}
        if not words:
            raise ValueError(f"texts: expected a word of {LONGEST_WORD} characters or fewer, got only longer ones")
        characters = sorted(set().union(*words))
        pieces = [*special_tokens, *characters, *(PREFIX + character for character in characters)]
        if vocab_size < len(pieces):
            needed = f"{len(special_tokens)} special tokens and twice {len(characters)} characters"
            raise ValueError(f"vocab_size: expected at least {len(pieces)} ({needed}), got {vocab_size}")
        if min_count is None:
            letters = sum(len(word) * count for word, count in words.items())
            min_count = max(letters // (4 * max(vocab_size - len(pieces), 1)), 1)  # a third, a sixth: much the same
        learner = f"{'uncased' if lowercase else 'cased'} pieces, min_count {min_count}"
        kept = MergesKept(Path(resume), learner, LikelyMerge, str, str) if resume else None
        wanted = vocab_size - len(pieces)
        learn = partial(learn, min_count=min_count)
        merges = learn_up_to(wanted, words, spell_out, learn, on_merge=on_merge, kept=kept)
        pieces += [merge.symbol for merge in merges]
        return cls(list(dict.fromkeys(pieces)), lowercase, special_tokens)  # a special token may be a piece as well

    @property
    def special_tokens(self) -> list[str]:
        """The tokens that are never split."""
        return list(self._special.tokens)

    @property
    def vocab_size(self) -> int:
        """How many pieces there are, special tokens included."""
        return len(self.vocab)

    def segment(self, text: str) -> list[str]:
        """The pieces of a word or a text: "hats" -> ["hat", "##s"]."""
        return [self.vocab[id] for id in self.encode(text)]

    def show(self, text: str) -> str:
        """The pieces as one reads them: "taa ##aa ##sty"."""
        return " ".join(self.segment(text))

    def words(self, text: str) -> list[str]:
        """The words of a text as `basic_tokenization` gives them, special tokens among them."""
        words: list[str] = []
        for stretch in split_stretches(text, self._special):
            words += [stretch] if stretch in self._special.tokens else basic_words(stretch, self.lowercase)
        return words

    def steps(self, word: str) -> Iterator[list[str]]:
        """Each state of one word on its way to its pieces: those found so far, and the rest that is still to split.

        The longest piece with which the rest begins is taken off; [UNK] is the last state if there is none.
        """
        if len(word) > LONGEST_WORD:
            yield [UNK]
            return
        found: list[str] = []
        rest, shortest = word, 1
        while rest:
            yield [*found, rest]
            ends = range(min(len(rest), self._longest), shortest - 1, -1)
            piece = next((rest[:end] for end in ends if rest[:end] in self.ids), None)
            if piece is None:
                yield [UNK]
                return
            found.append(piece)
            rest = PREFIX + rest[len(piece) :] if piece != rest else ""
            shortest = len(PREFIX) + 1

    def pieces(self, word: str) -> list[str]:
        """The pieces of one word as `basic_tokenization` gives it: the last of its `steps`."""
        states = list(self.steps(word))
        return states[-1] if states else []

    def encode_stretch(self, stretch: str) -> list[int]:
        """The ids of a stretch of text without white space, worked out."""
        if stretch in self._special.tokens:
            return [self.ids[stretch]]
        words = each_basic_word(stretch, self.lowercase)
        return [self.ids[piece] for word in words for piece in self.pieces(word)]

    def encode(self, text: str, add_special_tokens: bool = False) -> list[int]:
        """The ids of a text; special tokens in it become their ids.

        add_special_tokens: whether to put [CLS] before and [SEP] behind, as BERT reads a single text
        Raises ValueError for a lone surrogate (half of a character's UTF-16, which is no character).
        """
        check_text(text)
        stretches = split_stretches(text, self._special)
        ids = list(chain.from_iterable(map(self._ids_of_stretch.__getitem__, stretches)))
        return [self._id(CLS), *ids, self._id(SEP)] if add_special_tokens else ids

    def encode_pair(self, first: str, second: str) -> tuple[list[int], list[int]]:
        """Two texts as BERT reads a pair: [CLS] first [SEP] second [SEP] -> ids, token_type_ids.

        The type is 0 up to and with the first [SEP], then 1.
        """
        before = self.encode(first, add_special_tokens=True)
        after = [*self.encode(second), self._id(SEP)]
        return before + after, [0] * len(before) + [1] * len(after)

    def encode_batch(
        self, texts: Iterable[str], processes: int | None = None, add_special_tokens: bool = False
    ) -> list[list[int]]:
        """The ids of many texts, each as `encode` gives them, in the order of the texts.

        processes: how many share the work; if None, as many as there are cores and the batch is worth
        (`batches.py` says when). More than one need a program that works under `if __name__ == "__main__":`.
        """
        return encode_batch(partial(self.encode, add_special_tokens=add_special_tokens), texts, processes)

    def __reduce__(self) -> tuple[type[WordPiece], tuple[object, ...]]:
        """What a copy, or another process, gets: all but the memory of words."""
        return type(self), (list(self.vocab.values()), self.lowercase, self.special_tokens)

    def encode_iterable(self, chunks: Iterable[str]) -> Iterator[int]:
        """The ids of a text that comes in chunks (a file's lines, say), lazily and in constant memory.

        They are the ids of the joined text, wherever the chunks were cut.
        """
        for stretches in split_chunks(chunks, self._special):
            for stretch in stretches:
                yield from self._ids_of_stretch[stretch]

    def decode(self, ids: Iterable[int]) -> str:
        """The words with spaces between them; the text's own spacing is lost, and so is each [UNK]."""
        words: list[str] = []
        for piece in lookup(self.vocab, ids):
            if words and piece.startswith(PREFIX):
                words[-1] = join(words[-1], piece)
            else:
                words.append(piece)
        return " ".join(words)

    def _id(self, token: str) -> int:
        """The id of [CLS] or [SEP]; ValueError if there is none."""
        if token not in self.ids:
            raise ValueError(f"vocab: expected {token} in it, without which there are no special tokens to add")
        return self.ids[token]

    def save(self, path: str | Path) -> None:
        """Write BERT's vocab.txt and tokenizer_config.json into a folder, or the one file `….json`.

        The latter is Hugging Face's tokenizer.json.
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

        lowercase: if None, what the folder or the tokenizer.json says; True for a vocab.txt by itself.
        Raises ValueError where a file is damaged, or says what this tokenizer cannot do.
        """
        path = Path(path)
        if lowercase is not None:
            flag("lowercase", lowercase)
        if path.suffix == ".json":
            pieces, lowercase_there, special_tokens = tokenizer_json.read_wordpiece(path)
        elif path.is_dir():
            pieces, lowercase_there, special_tokens = bert_files.read_files(path)
        else:
            pieces, lowercase_there, special_tokens = bert_files.read_vocab(path), True, []
        return from_file(path, cls, pieces, lowercase_there if lowercase is None else lowercase, special_tokens)
