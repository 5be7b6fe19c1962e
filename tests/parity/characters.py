"""The characters that parity tests draw from, and words to put them between."""

import pydoc_data.topics
import unicodedata
from functools import cache

PROSE = "\n\n".join(pydoc_data.topics.topics[name] for name in sorted(pydoc_data.topics.topics))
OTHERS = (
    "Größe naïve café, Ελληνικά Привет мир עברית العربية हिन्दी ไทย 漢字かな 한국어 "
    "👩\u200d👩\u200d👧 ½ Ⅷ ² \u200b\u00a0\u2003x"
)


@cache
def assigned_characters():
    """Every character of this Python's Unicode version; what is newer, the libraries class each by its own.

    (Surrogates are no characters, private use is left in.)
    """
    every = map(chr, range(0x110000))
    return [character for character in every if unicodedata.category(character) not in ("Cn", "Cs")]
