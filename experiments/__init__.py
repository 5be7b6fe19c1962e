"""The lecture's tables and figures, rerun at toy scale: `python -m experiments list | run NAME … | report`.

tables/      one module (or folder) for each table of the lecture; catalogue.py lists the sixteen
lab/         what tables do: pretraining, finetuning, the zoo of shared checkpoints, worlds, probes, metrics, the
             sweep on dev examples, floating-point operations
text/        what models read: Python's own documentation, and a toy world that knows its grammar and facts
             (`python -m experiments world --show` prints samples)
evidence/    from numbers to claims, tables, figures and results; knows no model
running/     how work is run, killed, resumed, and spread over processes and machines
report/      one page from the results, and the generated README files
results/     the results: one JSON file for each preset, with its figures beside it
benchmarks/  speed and memory, compared with other libraries: `python -m experiments.benchmarks NAME`

Imports run one way: report, __main__ → tables → lab → text, running → evidence. No table imports another.
"""
