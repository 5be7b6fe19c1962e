"""`python -m experiments.tables.pretrain_finetune` runs this table."""

from experiments.running.script import script

if __name__ == "__main__":
    script("experiments.tables.pretrain_finetune")
