"""Steppers: the run of a program, recorded line by line over our source, as a page that steps through it.

watching.py     which code is recorded
recorder.py     the steps: lines, variables and tape, as a trace function of Python sees them
statements.py   which lines are one statement
shortening.py   the value of a variable as a short text
tape_rows.py    the tape, read from the variables of the functions that run
running.py      runs a program under the recorder
page.py         a recording as one HTML page: page.html, page.css, page.js
building.py     the pages of lectures/steppers/, and their index
"""
