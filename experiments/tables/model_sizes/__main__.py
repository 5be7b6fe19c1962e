"""`python -m experiments.tables.model_sizes` runs this table."""

from experiments.running.script import script

if __name__ == "__main__":
    script("experiments.tables.model_sizes")
