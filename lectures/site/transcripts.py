"""The colours of a session in pdb or gdb: what is typed, where it stopped, and what was printed."""

from __future__ import annotations

from pygments.lexer import RegexLexer, bygroups, using
from pygments.lexers.c_cpp import CppLexer
from pygments.lexers.python import PythonLexer
from pygments.token import Comment, Generic


class DebuggerLexer(RegexLexer):
    """For blocks of the languages `pdb` and `gdb`."""

    name = "debugger"
    aliases = ("pdb", "gdb")
    tokens = {  # noqa: RUF012  (as in every lexer of Pygments)
        "root": [
            (r"^(\$ |\(\w+\) )(.*\n)", bygroups(Generic.Prompt, Generic.Strong)),
            (r"^> .*\n", Comment),
            (r"^(-> )(.*\n)", bygroups(Comment, using(PythonLexer))),
            (r"^(\d+\t)(.*\n)", bygroups(Comment, using(CppLexer))),
            (r".*\n", Generic.Output),
        ]
    }
