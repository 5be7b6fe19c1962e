"""`python -m experiments.tables.fill_in_the_blank` runs this table."""

from experiments.running.script import script

if __name__ == "__main__":
    script("experiments.tables.fill_in_the_blank")
