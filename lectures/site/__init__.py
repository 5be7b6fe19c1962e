"""The site of the course: the pages of lectures/ as HTML that needs no network and no server.

building.py      build into a temporary folder, then rename
conf.py          what Sphinx reads: extensions, theme, and which events call the modules below
contents.py      which pages there are, and their order in the sidebar
links.py         where the links of a page lead to in the site
listings.py      a page for each file or folder of the project that is linked to
formulas.py      TeX as MathML, which browsers draw themselves
transcripts.py   the colours of a session in a debugger
steppers.py      the pages that step through our source

The site mirrors the project: lectures/machine/1-tape.md is lectures/machine/1-tape.html, and a link to the file
minigrad/tape.py leads to minigrad/tape.py.html. So the relative links of a page are the same in both.

Only building.py can be imported without Sphinx.
"""
