"""Next-sentence prediction: does the second chunk of text follow the first, or does it come from elsewhere?

BERT reads two chunks, A and B, and classifies the pair from the state of [CLS]. In half of the pairs B follows A in
the text; in the other half B comes from another document:

    ids             [CLS]  A A A A  [SEP]  B B B  [SEP]
    token_type_ids    0    0 0 0 0    0    1 1 1    1
    label             0 if B follows A, 1 if not (Hugging Face's convention)

Later work found that BERT does as well without this objective (Liu et al. 2019, RoBERTa, section 4.2).

Sources: the lecture, "BERT"; Devlin et al. 2019, section 3.1 (task 2) and appendix A.2.
"""

from collections.abc import Sequence

import numpy as np

from minigrad.checks import whole_number
from models.inputs import check_texts, check_vocabulary, pad_batch

IS_NEXT, IS_RANDOM = 0, 1

Sentence = Sequence[int]


def next_sentence(
    documents: Sequence[Sequence[Sentence]],
    generator: np.random.Generator,
    *,
    cls_id: int,
    sep_id: int,
    max_length: int,
    pad_id: int = 0,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Read the documents once and turn them into pairs of chunks for BERT.

    Shapes: documents, each a list of sentences, each a list of ids
    → ids (N, T), token_type_ids (N, T), attention_mask (N, T), labels (N,); T is at most max_length.

    The pairs come in the order of the documents, so shuffle them. BERT learns both of its tasks at once: pass ids
    to `masked_lm`.

    Raises:
        ValueError: if there are fewer than two documents, one of them or a sentence is empty, none has two
            sentences, an id is negative, or max_length is smaller than 5.
        TypeError: if an id or max_length is not an integer.
    """
    max_length, pad_id = whole_number("max_length", max_length), whole_number("pad_id", pad_id, at_least=0)
    pairs = sentence_pairs(documents, generator, max_length - 3)  # [CLS] and twice [SEP] take three positions
    if not pairs:
        raise ValueError("documents must have two sentences or more, got none that does")
    encoded = [encode_pair(a, b, cls_id, sep_id, max_length) for a, b, _ in pairs]
    ids, attention_mask = pad_batch([row for row, _ in encoded], pad_id)  # (N, T), (N, T)
    token_type_ids, _ = pad_batch([types for _, types in encoded], 0)  # (N, T)
    return ids, token_type_ids, attention_mask, np.array([label for _, _, label in pairs], np.int64)


def sentence_pairs(
    documents: Sequence[Sequence[Sentence]], generator: np.random.Generator, n_tokens: int
) -> list[tuple[list[int], list[int], int]]:
    """Pairs (A, B, label) of chunks. Each chunk has one or more sentences, and both together have about n_tokens.

    Sentences are read until they have n_tokens, and are divided into two parts. The first part is A. In half of the
    pairs the second part is B. In the other half B is the same number of sentences from another document, and the
    second part begins the next pair. (BERT fills a random B up to n_tokens. If documents are short, the length of
    such a B would reveal the label.) A single sentence left at the end of a document has no successor and is dropped.
    """
    documents = check_documents(documents)
    pairs = []
    for d, document in enumerate(documents):
        start = 0
        while start + 1 < len(document):
            end = chunk_end(document, start, n_tokens)
            middle = int(generator.integers(start + 1, end))  # at least one sentence on either side
            # Half and half: a model that ignores the text is right half of the time, with a loss of at least
            # ln 2 = 0.693. With 90% IS_NEXT, a model that always answers "next" would be right 90% of the time.
            if generator.random() < 0.5:
                b, label, next_start = document[middle:end], IS_NEXT, end
            else:
                # Step 1 … n - 1 documents on, around the end: any document but this one, each as likely.
                other = documents[(d + int(generator.integers(1, len(documents)))) % len(documents)]
                first = int(generator.integers(max(len(other) - (end - middle), 0) + 1))
                b, label, next_start = other[first : first + end - middle], IS_RANDOM, middle  # no text is skipped
            pairs.append((joined(document[start:middle]), joined(b), label))
            start = next_start
    return pairs


def chunk_end(document: Sequence[Sentence], start: int, n_tokens: int) -> int:
    """The end of a chunk from sentence `start` on, with at least two sentences and, if they exist, n_tokens tokens."""
    end, length = start, 0
    while end < len(document) and (end < start + 2 or length < n_tokens):
        length += len(document[end])
        end += 1
    return end


def joined(sentences: Sequence[Sentence]) -> list[int]:
    """Sentences as one list of ids."""
    return [token for sentence in sentences for token in sentence]


def check_documents(documents: Sequence[Sequence[Sentence]]) -> list[list[list[int]]]:
    """The documents, with each sentence as a list of Python integers.

    Raises:
        ValueError: unless there are two documents or more, with no empty one, no empty sentence and no negative id.
        TypeError: if an id is not an integer.
    """
    if len(documents) < 2:
        raise ValueError(f"documents must be at least 2, as a random chunk is from another one; got {len(documents)}")
    for d, document in enumerate(documents):
        if len(document) == 0 or any(len(sentence) == 0 for sentence in document):
            raise ValueError(f"documents and their sentences must not be empty, got an empty one in documents[{d}]")
    return [check_texts(f"documents[{d}]", document) for d, document in enumerate(documents)]


def encode_pair(
    a: Sequence[int], b: Sequence[int], cls_id: int, sep_id: int, max_length: int
) -> tuple[list[int], list[int]]:
    """Two texts as BERT reads them: [CLS] a [SEP] b [SEP] → ids (T,), token_type_ids (T,).

    If that is longer than max_length, tokens are removed from the end of whichever text is longer at
    the time, and of b when they are equally long.

    Raises:
        ValueError: if max_length is smaller than 5, which leaves no token of one of them, or an id is negative.
        TypeError: if an id or max_length is not an integer.
    """
    cls_id, sep_id = whole_number("cls_id", cls_id, at_least=0), whole_number("sep_id", sep_id, at_least=0)
    a, b = check_vocabulary("a", a).tolist(), check_vocabulary("b", b).tolist()
    if whole_number("max_length", max_length) < 5:
        raise ValueError(
            f"max_length must be at least 5, for three special tokens and one of each text; got {max_length}"
        )
    # Shorten the longer text first, so that a long text does not crowd out a short one: with room for 10 tokens,
    # lengths 12 and 3 become 7 and 3.
    keep_a, keep_b = len(a), len(b)
    while keep_a + keep_b > max_length - 3:
        if keep_a > keep_b:
            keep_a -= 1
        else:
            keep_b -= 1
    ids = [cls_id, *a[:keep_a], sep_id, *b[:keep_b], sep_id]
    # The first type covers [CLS] a [SEP], the second b [SEP].
    return ids, [0] * (keep_a + 2) + [1] * (keep_b + 1)
