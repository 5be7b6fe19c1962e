"""The assignments of the course, in order. Each is a folder with the same rooms:

handout.md      what the student reads
solution/       files that the library does not have, solved
adapters.py     how the grader calls the student's code: plain values in, plain values out
e1_….py         an exercise: its cases and the mistakes that it knows
instructor.md   what the instructor reads
"""

from lectures.assignments import autograd, tokenizers, transformer, warm_up

ASSIGNMENTS = (warm_up.ASSIGNMENT, autograd.ASSIGNMENT, tokenizers.ASSIGNMENT, transformer.ASSIGNMENT)
