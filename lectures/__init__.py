"""The course that goes with the code: notes, walks through it in a debugger, and the tools that keep both true.

README.md         what to read, in which order; the map from each concept of the lecture to its module, test and table
NN-*.md           the notes; a block of our code in a note is a copy that `python -m lectures refresh` makes
walks/            debugger sessions, recorded; `python -m lectures walk check` replays them
steppers/         programs whose runs are recorded as pages; `python -m lectures steppers --to DIR` makes them
stepping/         what records a run and makes its page
build/            what makes and checks these pages

Everything below may be quoted here and nothing below imports anything from here.
"""
