"""Pre-tokens: the parts of a text inside which byte-level BPE may merge.

GPT-2 first splits a text roughly into words, each with the space before it, so that no piece spans "dog."
or "the dog". Nothing is dropped: the pre-tokens of a text, joined, are the text. Each special token is a
pre-token of its own.

There are few distinct pre-tokens (15,000 in a megabyte of English). So training needs only their counts, and
encoding finds most of them in a cache.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from functools import partial

from tokenizer.read.counting import count_texts
from tokenizer.read.gpt2_pattern import find_all
from tokenizer.read.special_tokens import SpecialTokens
from tokenizer.read.texts import Texts, check_text

LOOKAHEAD = 2  # a pre-token is final once this many characters after it are known: 'r may become 're
BLOCK = 1 << 16  # characters to collect from small chunks before looking for pre-tokens


def pretokenize(text: str, special: SpecialTokens) -> list[str]:
    """The pre-tokens of a whole text, special tokens among them."""
    pretokens: list[str] = []
    end = 0
    # Special tokens first: the pattern would split <|endoftext|>, and a word must not span one.
    for start, next_end in special.find(text):
        pretokens += find_all(text[end:start])
        pretokens.append(text[start:next_end])
        end = next_end
    return pretokens + find_all(text[end:])


def pretokenize_chunks(chunks: Iterable[str], special: SpecialTokens) -> Iterator[list[str]]:
    """The pre-tokens of a text that is passed in chunks: those of the joined text, wherever it was cut.

    Yields them in lists of about ten thousand. Only the text whose pre-tokens are not final stays in memory.
    """
    held = ""  # the end of the text so far: the next chunk may change its pre-tokens
    enough = BLOCK
    for chunk in chunks:
        check_text(chunk)
        held += chunk
        if len(held) >= enough:
            pretokens, held = _decided(held, special)
            yield pretokens
            enough = max(BLOCK, 2 * len(held))  # twice, or a very long pre-token would be searched at every chunk
    yield pretokenize(held, special)


def _decided(text: str, special: SpecialTokens) -> tuple[list[str], str]:
    """The pre-tokens of a text that stay the same whatever text follows, and the rest of the text."""
    stop = special.unfinished(text)  # from here on a special token may be incomplete
    pretokens: list[str] = []
    end = 0
    for start, next_end in special.find(text):
        if start >= stop:
            break
        pretokens += find_all(text[end:start])
        pretokens.append(text[start:next_end])
        end = next_end
    stop = max(stop, end)
    # The last pre-tokens may still grow, so they go back to the text: " hel" of " hello" in two chunks.
    last = find_all(text[end:stop])
    undecided = ""
    while last and len(undecided) < LOOKAHEAD:
        undecided = last.pop() + undecided
    return pretokens + last, undecided + text[stop:]


def count_pretokens(
    texts: Texts,
    special: SpecialTokens,
    processes: int = 1,
    on_read: Callable[[int, int], object] | None = None,
) -> Counter[str]:
    """How often each pre-token occurs, except special tokens; see `count_texts` for the other arguments.

    Raises ValueError if there is none.
    """
    counts = count_texts(texts, partial(_count_document, special), special.tokens, processes, on_read)
    for token in special.tokens:  # nothing is learnt inside them
        counts.pop(token, None)
    if not counts:
        raise ValueError("texts: expected at least one character besides special tokens, got empty text")
    return counts


def _count_document(special: SpecialTokens, chunks: Iterable[str]) -> Counter[str]:
    """How often each pre-token of one document occurs."""
    counts: Counter[str] = Counter()
    for pretokens in pretokenize_chunks(chunks, special):
        counts.update(pretokens)
    return counts
