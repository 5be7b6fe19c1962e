"""Pretraining objectives: pure functions from token ids to (inputs, labels).

Labels that carry no loss are `minigrad.IGNORE`.
"""
