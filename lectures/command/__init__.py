"""The commands of `python -m lectures`: a module for each, with `add`, which describes its arguments, and `run`.

pages.py   check, refresh: what the pages quote from the code, and the map
walk.py    walk check, walk refresh: the debugger sessions
steppers.py   steppers, step: recorded runs as pages
"""
