"""What makes and checks the pages of the course.

markdown.py   the fenced blocks of a page, and the comments that say where their text comes from
sources.py    the source of a function, class or constant, found by name without importing anything
snippets.py   blocks of a page that quote the code
figures.py    the figures beside the pages
drawings.py   two kinds of pictures for them
curves.py     and a third: curves over powers of ten
concepts.py   the map of the course, read from concepts.toml and checked
overview.py   the map and the lists of pages, walks and assignments in lectures/README.md
walking.py    blocks of a page that record a debugger session: replaying and comparing
sessions.py   such a session as a page has it: commands, answers, breakpoints
debuggers.py  pdb and gdb: how a session runs
launching.py  the walks for Visual Studio Code
"""
