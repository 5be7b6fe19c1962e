"""`python -m experiments.tables.bert_ablations` runs this table."""

from experiments.running.script import script

if __name__ == "__main__":
    script("experiments.tables.bert_ablations")
