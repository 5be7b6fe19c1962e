"""The course that goes with the code: pages, walks, recorded runs and assignments, and what keeps them true.

README.md                 what there is, in which order; the map from each concept to all that belongs to it
start.md                  from the clone to the first solved exercise
machine/, pretraining/    the pages; a block of our code in one is a copy that `python -m lectures refresh` makes
walks/                    debugger sessions, recorded; `python -m lectures walk check` replays them
steppers/, stepping/      programs whose runs are recorded as pages, and the recorder
examples/                 small programs to run and to step through
assignments/, grading/    exercises with their mistakes, and the grader
concepts.toml, build/     the map, and what makes and checks these pages
site/                     the pages as HTML: `python -m lectures site --to DIR`
command/                  the command line

Everything below may be quoted here and nothing below imports anything from here.
"""
