"""Handouts, the grader, and the proof that the grader notices and names typical mistakes.

exercise.py    what an exercise is: the functions to write, the cases that check them, the mistakes that it knows
stubs.py       the source with a function emptied, or with a mistake in it
folder.py      the files of a handout, and what a student's folder says about itself
wire.py        values as lines of JSON, between the grader and the student's process
overlay.py     files of the student's folder in place of the installed modules of the same name
child.py       the student's process: it gets inputs and returns outputs, and never sees what is expected
runner.py      the grader's side of it: time, crashes, restarts
comparing.py   whether two outputs are the same, and how a message shows them
explaining.py  which known mistakes give the same wrong outputs
grade.py       points and a message for each exercise
reports.py     the verdicts as text, as JSON and for Gradescope
classes.py     which symptoms a class has
leak.py        whether a handout holds an answer somewhere
proof.py       for every exercise: the stub, the solution and each mistake, graded
"""
