"""The lecture's tables and figures, rerun at toy scale: `python -m experiments list | run NAME … | report`.

What an experiment is, and where it puts what it finds:

experiment.py    what an experiment's module defines, and the list of experiments
<name>           the experiments themselves, one module each
results/         what they found: one JSON file for each preset, with its figures beside it
report/          one page, and the README's tables, made from the results
benchmarks/      how fast it is, beside what others use: `python -m experiments.benchmarks NAME`

What the experiments use:

corpora/         real text that every machine has
toy_world/       a generated world that knows its grammar and its facts
pretraining.py   the pretraining loops
finetuning.py    finetuning a classifier
flops.py         floating-point operations of training
claims.py        from numbers, one per seed, to a verdict
figures.py       drawings in one style
progress.py      bars, or lines in a log

What runs them:

__main__.py      the command line: how it begins and ends
command.py       its commands and options
jobs.py          several experiments at once
runner.py        gives an experiment its cells and checkpoints, writes its result
cells.py         a unit of work that is never done twice
results.py       what a result file holds
decoding.py      how files are checked when they are read
environment.py   what a result was computed with
folders.py       where files are kept
formatting.py    numbers as people read them
"""
