"""Bad input, a table for each area: what is called, which error comes, and which words it must hold.

Each module of this folder has a list `CASES`; `tests/test_bad_inputs.py` runs them all.
"""
