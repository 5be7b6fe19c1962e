"""Pre-tokens: the stretches of text inside which byte-level BPE may merge.

GPT-2 first cuts a text roughly at its words, each with the space before it, so that no piece spans "dog."
or "the dog". Nothing is dropped: the pre-tokens of a text, joined, are the text. Special tokens come out as
pre-tokens of their own.

Distinct pre-tokens are few (a megabyte of English has 15,000), so training counts each once and encoding
looks most of them up.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from functools import partial

from tokenizer.counting import count_texts
from tokenizer.gpt2_pattern import find_all
from tokenizer.special_tokens import SpecialTokens
from tokenizer.texts import Texts, check_text

LOOKAHEAD = 2  # a pre-token cannot change any more once this many characters after it are known ('r|e)
BLOCK = 1 << 16  # characters to gather from small chunks before looking for pre-tokens


def pretokenize(text: str, special: SpecialTokens) -> list[str]:
    """The pre-tokens of a whole text, special tokens among them."""
    pretokens: list[str] = []
    end = 0
    for start, next_end in special.find(text):
        pretokens += find_all(text[end:start])
        pretokens.append(text[start:next_end])
        end = next_end
    return pretokens + find_all(text[end:])


def pretokenize_chunks(chunks: Iterable[str], special: SpecialTokens) -> Iterator[list[str]]:
    """The pre-tokens of a text that comes in chunks: those of the joined text, wherever it was cut.

    Yields them in lists of some ten thousand; keeps in memory only the text that is not yet decided.
    """
    held = ""
    enough = BLOCK
    for chunk in chunks:
        check_text(chunk)
        held += chunk
        if len(held) >= enough:
            pretokens, held = _decided(held, special)
            yield pretokens
            enough = max(BLOCK, 2 * len(held))  # twice, or one endless pre-token would be searched every time
    yield pretokenize(held, special)


def _decided(text: str, special: SpecialTokens) -> tuple[list[str], str]:
    """The pre-tokens of a text that stay the same however it goes on, and the rest of it."""
    stop = special.unfinished(text)
    pretokens: list[str] = []
    end = 0
    for start, next_end in special.find(text):
        if start >= stop:
            break
        pretokens += find_all(text[end:start])
        pretokens.append(text[start:next_end])
        end = next_end
    stop = max(stop, end)
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
    """How often each pre-token occurs, special tokens left out; see `count_texts` for the other arguments.

    Raises ValueError if there is none.
    """
    counts = count_texts(texts, partial(_count_document, special), special.tokens, processes, on_read)
    for token in special.tokens:
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
