"""The commands of `python -m lectures`: a module for each, with `add`, which describes its arguments, and `run`.

pages.py   check, refresh: what the pages quote from the code, the map, and the walks for Visual Studio Code
walk.py    walk check, walk refresh: the debugger sessions
handout.py handout: the files of an assignment
grade.py   grade: points and messages for a student's folder
classes.py class: the points and symptoms of many folders
prove.py   prove: each stub, solution and mistake is graded as it should be
site.py    site: the course as HTML
steppers.py steppers, step: recorded runs as pages
"""
