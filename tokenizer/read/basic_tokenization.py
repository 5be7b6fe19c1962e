"""BERT's basic tokenization: a text is split into words, before WordPiece looks inside them.

White space separates words and is dropped. In each stretch of text without white space:
1. control characters are removed;
2. uncased models only: accents are removed (é is decomposed into e and its accent first), and letters are lowered;
3. every punctuation mark and every Chinese character becomes a word of its own, because Chinese has no spaces.

Special tokens are found before all this and stay as they are. No step looks across white space, so the words of a
stretch are computed once, however often it occurs.

Source: Devlin et al. 2018 (BERT), its tokenization.py. The details are those of Hugging Face's
BertNormalizer and BertPreTokenizer. They leave out the 256 ideographs from U+2B820 on, and they lower every
character on its own (the last sigma of a Greek word becomes σ like any other, not ς).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from unicodedata import normalize

import regex

from tokenizer.read.counting import count_texts
from tokenizer.read.special_tokens import SpecialTokens
from tokenizer.read.texts import Texts, check_text, utf8

# Sets of characters, to be put between [ and ].
SPACE = r"\t\n\r\p{Z}"
PUNCTUATION = r"!-/:-@\[-`{-~\p{P}"  # in ASCII also what Unicode calls symbols: $ + < = > ^ ` | ~
CHINESE = (
    r"\u3400-\u4DBF\u4E00-\u9FFF\uF900-\uFAFF"
    r"\U00020000-\U0002A6DF\U0002A700-\U0002B81F\U0002B920-\U0002CEAF\U0002F800-\U0002FA1F"
)
STRETCH = regex.compile(rf"[^{SPACE}]+")
UP_TO_SPACE = regex.compile(rf".*[{SPACE}]", regex.DOTALL)
# Tab and line ends are control characters to Unicode, but white space to BERT.
CONTROL = regex.compile(r"(?![\t\n\r])[\p{Cc}\p{Cf}\p{Co}\uFFFD]")
ACCENT = regex.compile(r"\p{Mn}")  # a combining mark, which NFD separates from its letter
WORD = regex.compile(rf"[{PUNCTUATION}{CHINESE}] | [^{SPACE}{PUNCTUATION}{CHINESE}]+", regex.VERBOSE)

BLOCK = 1 << 16  # characters to collect from small chunks before looking for stretches


def basic_words(text: str, lowercase: bool) -> list[str]:
    """The words of a text without special tokens: "Café, 漢字" -> ["cafe", ",", "漢", "字"].

    Raises ValueError for a lone surrogate.
    """
    return list(each_basic_word(text, lowercase))


def each_basic_word(text: str, lowercase: bool) -> Iterator[str]:
    """The same words one by one: ten million Chinese characters in a row are as many strings of 80 bytes."""
    utf8(text)  # refuses lone surrogates
    text = CONTROL.sub("", text)
    if lowercase:
        text = ACCENT.sub("", normalize("NFD", text))
        text = text.replace("Σ", "σ").lower()  # Python alone would make ς of a word's last Σ
    # findall is twice as fast, but holds all words at once.
    if len(text) <= BLOCK:
        return iter(WORD.findall(text))
    return (match[0] for match in WORD.finditer(text))


def split_stretches(text: str, special: SpecialTokens) -> list[str]:
    """The stretches without white space of a whole text, special tokens among them."""
    stretches: list[str] = []
    end = 0
    # Special tokens first: the punctuation in [MASK] would split it.
    for start, next_end in special.find(text):
        stretches += STRETCH.findall(text[end:start])
        stretches.append(text[start:next_end])
        end = next_end
    return stretches + STRETCH.findall(text[end:])


def split_chunks(chunks: Iterable[str], special: SpecialTokens) -> Iterator[list[str]]:
    """The stretches of a text that is passed in chunks: those of the joined text, wherever it was cut.

    Only the text since the last white space or special token stays in memory.
    """
    held = ""  # the beginning of a stretch, which the next chunk may continue
    enough = BLOCK
    for chunk in chunks:
        check_text(chunk)
        held += chunk
        if len(held) >= enough:
            cut = _last_boundary(held, special)
            yield split_stretches(held[:cut], special)
            held = held[cut:]
            enough = max(BLOCK, 2 * len(held))  # twice, or a very long stretch would be searched at every chunk
    yield split_stretches(held, special)


def _last_boundary(text: str, special: SpecialTokens) -> int:
    """The last place where the text can be cut, whatever text follows: after white space or a special token."""
    stop = special.unfinished(text)  # from here on a special token may be incomplete
    ends = [end for start, end in special.find(text) if start < stop]
    last = ends[-1] if ends else 0
    space = UP_TO_SPACE.match(text, last, stop)
    return space.end() if space else last


def count_basic_words(
    texts: Texts,
    special: SpecialTokens,
    lowercase: bool,
    processes: int = 1,
    on_read: Callable[[int, int], object] | None = None,
) -> Counter[str]:
    """How often each word occurs, except special tokens; see `count_texts` for the other arguments.

    Raises ValueError if there is none.
    """
    stretches = count_texts(texts, partial(_count_stretches, special), special.tokens, processes, on_read)
    for token in special.tokens:
        stretches.pop(token, None)
    # Stretches are counted first: each distinct one is normalized and split only once.
    words: Counter[str] = Counter()
    for stretch, count in stretches.items():
        for word in each_basic_word(stretch, lowercase):
            words[word] += count
    if not words:
        raise ValueError("texts: expected at least one word besides special tokens, got empty text")
    return words


def _count_stretches(special: SpecialTokens, chunks: Iterable[str]) -> Counter[str]:
    """How often each stretch of one document occurs."""
    counts: Counter[str] = Counter()
    for stretches in split_chunks(chunks, special):
        counts.update(stretches)
    return counts
