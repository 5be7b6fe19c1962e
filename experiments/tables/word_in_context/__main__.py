"""`python -m experiments.tables.word_in_context` runs this table."""

from experiments.running.script import script

if __name__ == "__main__":
    script("experiments.tables.word_in_context")
