"""Exercise 2.5: the words of BERT's basic tokenization, and their pieces by longest match."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from unicodedata import category, normalize

import numpy as np

from lectures.assignments.tokenizers.merging_by_hand import random_letters
from lectures.grading.exercise import Case, Exercise, Mistake, Stub

UNK, PREFIX = "[UNK]", "##"
SECONDS = 1.0  # for a word of five letters; a loop that does not end is stopped after that


def cases(generator: np.random.Generator, variant: str) -> Iterator[Case]:
    """Words in which the longest and the shortest match differ, an unknown character, and texts."""
    a, b, c, d = random_letters(generator, 4)
    letters = [a, b, c, d, *(PREFIX + letter for letter in (a, b, c, d))]
    vocab = [UNK, *letters, a + b, a + b + c, PREFIX + b + c, PREFIX + c + d, PREFIX + c + d + a, PREFIX + d + a + b]

    def pieces(group: str, shows: str, word: str, vocab: Sequence[str] = vocab) -> Case:
        states = matched(word, vocab)
        return Case(group, shows, "wordpiece_steps", (list(vocab), word), states, seconds=SECONDS)

    def words(shows: str, text: str, lowercase: bool = True) -> Case:
        return Case("words", shows, "basic_words", (text, lowercase), normalised(text, lowercase))

    yield pieces("longest match", "a word that is a piece", a + b + c)
    yield pieces("longest match", "a word of two pieces", a + b + c + d + a)
    yield pieces("longest match", "the longest first piece leaves a short one", a + b + c + d)
    yield pieces("longest match", "a word of single letters", d + b + a)
    for _ in range(2):
        word = "".join(generator.choice([a, b, c, d], 9))
        yield pieces("longest match", "nine random letters", word)
    inside = [UNK, a, b, c, PREFIX + a, PREFIX + b, b + c]
    yield pieces("inside a word", f"{b + c} is a piece at the beginning of a word only", b + c + b + a, inside)
    yield pieces("inside a word", f"no {PREFIX + c}: the longest first piece leaves what has none", a + b + c, inside)
    yield pieces("inside a word", "a character without a piece in the middle", f"{a}{b}?{b}{a}", inside)
    yield pieces("inside a word", "greedy: another split would fit", a + b + c, [UNK, a, a + b, PREFIX + b + c])
    one, two = ("".join(generator.choice(list("abcdexyz"), 4)) for _ in range(2))
    yield words("capitals and white space", f" {one.upper()}  {two.title()}\n{one}")
    yield words("capitals of a cased model", f"{one.upper()} {two.title()}", lowercase=False)
    yield words("accents", f"Café{one} naïve{two} Ångström e\u0301")
    yield words("accents of a cased model", f"Café{one} Ångström", lowercase=False)
    yield words("punctuation", f"{one},{two}... ({one}) don't $5")
    yield words("Chinese characters", f"{one}漢字{two} 漢")
    yield words("control characters", f"{one[:2]}\u0000{one[2:]} {two}\u200b")


def matched(word: str, vocab: Sequence[str]) -> list[list[str]]:
    """The states of a word: every possible piece is tried at every place."""
    found: list[str] = []
    states = []
    at = 0
    while at < len(word):
        mark = PREFIX if at else ""
        states.append([*found, mark + word[at:]])
        ends = [end for end in range(at + 1, len(word) + 1) if mark + word[at:end] in vocab]
        if not ends:
            return [*states, [UNK]]
        found.append(mark + word[at : ends[-1]])
        at = ends[-1]
    return states  # the last rest is a piece itself


def normalised(text: str, lowercase: bool) -> list[str]:
    """The words of a text, one character after the other."""
    words: list[str] = []
    open_word = False
    for character in normalize("NFD", text) if lowercase else text:
        kind = category(character)
        if character.isspace():
            open_word = False
        elif kind in ("Cc", "Cf") or (kind == "Mn" and lowercase):
            continue
        elif kind.startswith("P") or character in "$+<=>^`|~" or "\u4e00" <= character <= "\u9fff":
            words.append(character)
            open_word = False
        else:
            letter = character.lower() if lowercase else character
            if open_word:
                words[-1] += letter
            else:
                words.append(letter)
            open_word = True
    return words


_STEPS = "tokenizer.wordpiece.WordPiece.steps"
_WORDS = "tokenizer.read.basic_tokenization.each_basic_word"
_ENDS = "ends = range(min(len(rest), self._longest), shortest - 1, -1)"
_PIECE = "piece = next((rest[:end] for end in ends if rest[:end] in self.ids), None)"
_NONE = """if piece is None:  # BERT's rule: if one part has no piece, the whole word is [UNK]
                yield [UNK]
                return"""
_REST = """rest = PREFIX + rest[len(piece) :] if piece != rest else ""  # "hats" -> "##s"
            shortest = len(PREFIX) + 1  # from now on a piece is ## and at least one character"""
_ACCENTS = 'text = ACCENT.sub("", normalize("NFD", text))'
_LOWER = """text = text.replace("Σ", "σ").lower()  # Python alone would make ς of a word's last Σ"""
_FIND = """    # findall is twice as fast, but holds all words at once.
    if len(text) <= BLOCK:
        return iter(WORD.findall(text))
    return (match[0] for match in WORD.finditer(text))"""

WORDPIECE = Exercise(
    number="2.5",
    title="WordPiece",
    points=15,
    minutes=75,
    stubs=(Stub(_STEPS, keep=1), Stub(_WORDS, keep=1)),
    cases=cases,
    mistakes=(
        Mistake(
            name="shortest match",
            old=_ENDS,
            new="ends = range(shortest, min(len(rest), self._longest) + 1)",
            symptom="the shortest piece that fits is taken",
        ),
        Mistake(
            name="prefix missing",
            old=_REST,
            new="rest = rest[len(piece) :]",
            symptom=f"what is inside a word is looked up without {PREFIX}, as if it began a word",
        ),
        Mistake(
            name="[UNK] for a piece",
            old=_NONE,
            new="""if piece is None:
                found.append(UNK)
                rest = PREFIX + rest[shortest:] if rest[shortest:] else ""
                shortest = len(PREFIX) + 1
                continue""",
            symptom="[UNK] stands for the part without a piece, and the rest of the word keeps its pieces",
        ),
        Mistake(
            name="stops",
            old=_NONE,
            new="""if piece is None:
                break""",
            symptom="the pieces before the part that has none are kept, and the rest of the word is dropped",
        ),
        Mistake(
            name="endless loop",
            old=_PIECE,
            new="piece = None\n            while piece is None:\n                " + _PIECE,
            symptom="a character without a piece is looked up for ever",
        ),
        Mistake(
            name="from the right",
            old="""yield [*found, rest]
            # Greedy: the longest piece first, and no way back. "hats" -> hat ##s, even if ha ##ts were likelier.
            ends = range(min(len(rest), self._longest), shortest - 1, -1)
            piece = next((rest[:end] for end in ends if rest[:end] in self.ids), None)
            """
            + _NONE
            + """
            found.append(piece)
            """
            + _REST,
            new="""yield [rest, *found]
            piece = next((PREFIX + rest[i:] for i in range(1, len(rest)) if PREFIX + rest[i:] in self.ids), None)
            if rest in self.ids:
                piece = rest
            if piece is None:
                yield [UNK]
                return
            found.insert(0, piece)
            rest = rest[: len(rest) - len(piece) + len(PREFIX)] if piece != rest else "\"""",
            symptom="the longest piece at the end of the word is taken first",
        ),
        Mistake(
            name="goes back",
            old=_NONE,
            new="""if piece is None:
                back = len(found[-1]) - 1 if found else 0
                while back and found[-1][:back] not in self.ids:
                    back -= 1
                if back <= (len(PREFIX) if len(found) > 1 else 0):
                    yield [UNK]
                    return
                rest = PREFIX + found[-1][back:] + rest.removeprefix(PREFIX)
                found[-1] = found[-1][:back]
                continue""",
            symptom="where no piece fits, an earlier piece is made shorter; longest match does not go back",
        ),
        Mistake(
            name="accents kept",
            old=_ACCENTS,
            new="pass",
            symptom="letters keep their accents",
            symbol=_WORDS,
        ),
        Mistake(
            name="accents removed before NFD",
            old=_ACCENTS,
            new='text = normalize("NFD", ACCENT.sub("", text))',
            symptom="accents are looked for before they are separated from their letters",
            symbol=_WORDS,
        ),
        Mistake(
            name="accented letters lost",
            old=_ACCENTS,
            new="""text = "".join(one for one in text if len(normalize("NFD", one)) == 1 or one > "\\u2e7f")""",
            symptom="a letter is dropped together with its accent",
            symbol=_WORDS,
        ),
        Mistake(
            name="always uncased",
            old="if lowercase:",
            new="if True:",
            symptom="a cased model's text is lowered too, or loses its accents",
            symbol=_WORDS,
        ),
        Mistake(
            name="capitals kept",
            old=_LOWER,
            new="pass",
            symptom="capitals stay",
            symbol=_WORDS,
        ),
        Mistake(
            name="punctuation stays",
            old=_FIND,
            new="    return iter(text.split())",
            symptom="punctuation and Chinese characters stay with their neighbours: only white space splits",
            symbol=_WORDS,
        ),
        Mistake(
            name="control characters stay",
            old='text = CONTROL.sub("", text)',
            new="pass",
            symptom="control characters stay in the words",
            symbol=_WORDS,
        ),
    ),
    page="pretraining/2-subwords.md",
)
