"""T5's tokenizer, which is not ours: the package `sentencepiece` reads its file."""

import re
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path

from minigrad.errors import CheckpointError, MinigradError


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
