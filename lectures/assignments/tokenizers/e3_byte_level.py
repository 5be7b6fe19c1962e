"""Exercise 2.3: encoding and decoding with bytes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from unicodedata import category

import numpy as np

from lectures.assignments.tokenizers.merging_by_hand import Pair, learnt, random_letters, random_words, states
from lectures.grading.exercise import Case, Exercise, Mistake, Stub

END_OF_TEXT, LONGER = "<|end|>", "<|end|>|>"


def cases(generator: np.random.Generator, variant: str) -> Iterator[Case]:
    """Pre-tokens, ids and texts, with letters of several bytes, digits, white space and special tokens."""
    specials = [END_OF_TEXT, LONGER]
    words = ["".join(symbols) for symbols, _ in random_words(generator, "abcdé", 6, 5)]
    number = str(generator.integers(10, 1000))
    one, two, *_ = words

    def parts(group: str, shows: str, text: str) -> Case:
        return Case(group, shows, "pretokenize", (text, specials), split(text, specials))

    yield parts("pre-tokens", "words and a full stop", f"{one} {two}.")
    yield parts("pre-tokens", "a number after a word", f"{one}{number} {number}{two}")
    yield parts("pre-tokens", "several spaces, a tab and line ends", f"  {one}  {two}\t{one}\n\n{two} \n")
    yield parts("pre-tokens", "other characters, with and without a space", f"{one}, ({two}) – {number}% €😀 漢字")
    yield parts("special tokens", "a special token between words", f"{one} {END_OF_TEXT} {two}{END_OF_TEXT}")
    yield parts("special tokens", "two special tokens that begin at the same place", f"{one}{LONGER}{END_OF_TEXT}{two}")
    yield parts("special tokens", "a part of a special token", f"<|end {one}|>")

    merges = _merges(generator, [*words, "".join(random_letters(generator, 4))])
    # Ids in a random order: as in GPT-2, the id of a byte is not the byte.
    tokens = [*(bytes([byte]) for byte in range(256)), *(left + right for left, right in merges)]
    tokens = list(dict.fromkeys([*tokens, *(special.encode() for special in specials)]))
    vocab = dict(zip(map(int, generator.permutation(len(tokens))), tokens, strict=True))
    ids = {token: id for id, token in vocab.items()}

    def encoded(group: str, shows: str, text: str) -> Case:
        found = []
        for part in split(text, specials):
            data = part.encode()
            symbols = [data] if part in specials else states([data[i : i + 1] for i in range(len(data))], merges)[-1]
            found += [ids[symbol] for symbol in symbols]
        return Case(group, shows, "encode", (text, vocab, merges, specials), found)

    yield encoded("ids", "words that training saw", " ".join(words))
    yield encoded("ids", "letters of two, three and four bytes", f"{one} é漢😀 ä")
    yield encoded("ids", "characters that Unicode can write in two ways", "e\u0301é ﬁ ﬁ² Å")
    yield encoded("ids", "white space at both ends", f"  {one}\n")
    yield encoded("special tokens", "ids of a special token", f"{one}{END_OF_TEXT}{two}")

    def decoded(shows: str, symbols: Sequence[bytes], text: str) -> Case:
        return Case("text", shows, "decode", ([ids[symbol] for symbol in symbols], vocab), text)

    spelt = [bytes([byte]) for byte in f"{one} é, 漢😀".encode()]
    yield decoded("letters whose bytes are tokens of their own", spelt, f"{one} é, 漢😀")
    yield decoded(
        "tokens of several bytes", [b"".join(merges[0]), b" ", b"".join(merges[1])],
        f"{b''.join(merges[0]).decode()} {b''.join(merges[1]).decode()}",
    )  # fmt: skip
    yield decoded("spaces at both ends, and a line end", [b" ", b" ", b"a", b"\n", b" "], "  a\n ")
    yield decoded("a special token", [b"a", END_OF_TEXT.encode(), b"b"], f"a{END_OF_TEXT}b")
    yield decoded("the first half of é, then a letter", [b"\xc3", b"a"], "\ufffda")


def _merges(generator: np.random.Generator, words: Sequence[str]) -> list[Pair]:
    """Two merges of letters, whatever the words are, and then the first merges of the words."""
    text = [
        ([bytes([byte]) for byte in (space + word).encode()], int(generator.integers(1, 9)))
        for word in words
        for space in ("", " ")
    ]
    letters = [(b"a", b"b"), (b"c", b"d")]  # a learnt merge may be half of é, which is no text to decode
    return list(dict.fromkeys([*letters, *((left, right) for left, right, _ in learnt(text, 20))]))


def split(text: str, specials: Sequence[str]) -> list[str]:
    """The pre-tokens of a text, one character after the other."""
    parts: list[str] = []
    at = 0
    while at < len(text):
        here = [special for special in specials if text.startswith(special, at)]
        end = at + len(max(here, key=len)) if here else _end_of_run(text, at, specials)
        parts.append(text[at:end])
        at = end
    return parts


def _end_of_run(text: str, at: int, specials: Sequence[str]) -> int:
    first = at + 1 if text[at] == " " and kind(text[at + 1 : at + 2]) not in ("", "space") else at
    if any(text.startswith(special, first) for special in specials):
        first = at  # the space before a special token is white space
    end = first
    while end < len(text) and kind(text[end]) == kind(text[first]):
        if any(text.startswith(special, end) for special in specials):
            break
        end += 1
    return end


def kind(character: str) -> str:
    """letter, digit, space or other; "" at the end of a text."""
    if not character:
        return ""
    if character.isspace():
        return "space"
    return {"L": "letter", "N": "digit"}.get(category(character)[0], "other")


_MODULE = "lectures.assignments.tokenizers.solution.byte_tokenizer"
_PRETOKENIZE, _ENCODE, _DECODE = f"{_MODULE}.pretokenize", f"{_MODULE}.encode", f"{_MODULE}.decode"
_PATTERN = r'r" ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+"'
_JOINED = 'return b"".join([vocab[id] for id in ids]).decode("utf-8", errors="replace")'

BYTE_LEVEL = Exercise(
    number="2.3",
    title="byte-level encoding and decoding",
    points=20,
    minutes=90,
    stubs=(Stub(_PRETOKENIZE), Stub(_ENCODE), Stub(_DECODE)),
    cases=cases,
    mistakes=(
        Mistake(
            name="space after",
            old=_PATTERN,
            new=r'r"\p{L}+ ?|\p{N}+ ?|[^\s\p{L}\p{N}]+ ?|\s+"',
            symptom="a pre-token takes the space after it, not the one before it",
        ),
        Mistake(
            name="spaces alone",
            old=_PATTERN,
            new=r'r"\p{L}+|\p{N}+|[^\s\p{L}\p{N}]+|\s+"',
            symptom="spaces are pre-tokens of their own, also those before a word",
        ),
        Mistake(
            name="white space lost",
            old=_PATTERN,
            new=r'r" ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+"',
            symptom="white space that is not the space before a word is dropped",
        ),
        Mistake(
            name="words only",
            old=_PATTERN,
            new=r'r"\S+"',
            symptom="the text is split at white space, which is lost",
        ),
        Mistake(
            name="no digits",
            old=_PATTERN,
            new=r'r" ?[\p{L}\p{N}]+| ?[^\s\p{L}\p{N}]+|\s+"',
            symptom="letters and digits next to each other are one pre-token",
        ),
        Mistake(
            name="digits with the others",
            old=_PATTERN,
            new=r'r" ?\p{L}+| ?[^\s\p{L}]+|\s+"',
            symptom="digits and punctuation next to each other are one pre-token",
        ),
        Mistake(
            name="ASCII letters",
            old=_PATTERN,
            new=r'r" ?[A-Za-z]+| ?[0-9]+| ?[^\sA-Za-z0-9]+|\s+"',
            symptom="only the letters from a to z count as letters: é ends a word",
        ),
        Mistake(
            name="special tokens split",
            old='"|".join(map(regex.escape, specials)) or "(?!)"',
            new='"(?!)"',
            symptom="special tokens are split like any other text",
        ),
        Mistake(
            name="shorter special token",
            old="reverse=True",
            new="reverse=False",
            symptom="of two special tokens that begin at the same place the shorter one is found",
        ),
        Mistake(
            name="latin-1",
            old='part.encode("utf-8")',
            new='part.encode("latin-1", errors="replace")',
            symptom="the bytes are those of Latin-1, not of UTF-8: é is one byte, and what Latin-1 lacks is lost",
            symbol=_ENCODE,
        ),
        Mistake(
            name="normalised",
            old="pretokenize(text, special_tokens)",
            new='pretokenize(__import__("unicodedata").normalize("NFKC", text), special_tokens)',
            symptom="the text is normalised first, so another text comes back",
            symbol=_ENCODE,
        ),
        Mistake(
            name="special token in bytes",
            old="[data] if part in special_tokens else ",
            new="",
            symptom="a special token becomes the ids of its bytes",
            symbol=_ENCODE,
        ),
        Mistake(
            name="no merges",
            old="apply_merges([bytes([byte]) for byte in data], ranks)",
            new="[bytes([byte]) for byte in data]",
            symptom="every byte is a token: no merge is applied",
            symbol=_ENCODE,
        ),
        Mistake(
            name="bytes for ids",
            old="[ids[symbol] for symbol in symbols]",
            new="[symbol[0] if len(symbol) == 1 else ids[symbol] for symbol in symbols]",
            symptom="the id of a single byte is the byte itself, whatever the vocabulary says",
            symbol=_ENCODE,
        ),
        Mistake(
            name="token by token",
            old=_JOINED,
            new='return "".join(vocab[id].decode("utf-8", errors="replace") for id in ids)',
            symptom="each token is decoded alone: é in two tokens becomes ��",
            symbol=_DECODE,
        ),
        Mistake(
            name="bad bytes raise",
            old=', errors="replace"',
            new="",
            symptom="bytes that are not UTF-8 raise an error",
            symbol=_DECODE,
        ),
        Mistake(
            name="bad bytes dropped",
            old='errors="replace"',
            new='errors="ignore"',
            symptom="bytes that are not UTF-8 are dropped",
            symbol=_DECODE,
        ),
        Mistake(
            name="stripped",
            old=_JOINED,
            new=_JOINED + ".strip()",
            symptom="the white space at both ends of the decoded text is lost",
            symbol=_DECODE,
        ),
    ),
    page="pretraining/2-subwords.md",
)
