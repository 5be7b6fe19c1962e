"""`python -m experiments.tables.roberta_table` runs this table."""

from experiments.running.script import script

if __name__ == "__main__":
    script("experiments.tables.roberta_table")
