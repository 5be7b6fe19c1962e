"""The colours of a pdb session: what is typed, where it stopped, and what was printed."""

from __future__ import annotations

from pygments.lexer import RegexLexer, bygroups, using
from pygments.lexers.python import PythonLexer
from pygments.token import Comment, Generic, Keyword


class PdbLexer(RegexLexer):
    """For blocks of the language `pdb`."""

    name = "pdb"
    aliases = ("pdb",)
    tokens = {  # noqa: RUF012  (as in every lexer of Pygments)
        "root": [
            (r"^(\$ |\(Pdb\) )(.*\n)", bygroups(Generic.Prompt, Generic.Strong)),
            (r"^(> .*\n)", Comment),
            (r"^(-> )(.*\n)", bygroups(Keyword, using(PythonLexer))),
            (r".*\n", Generic.Output),
        ]
    }
