"""A zoo that is trained in seconds: the smallest models, and a text of 3,000 tokens."""

from experiments.lab.worlds import Reading
from experiments.lab.zoo import Zoo, zoo

READING = Reading(n_tokens=3_000, batch_tokens=200)
TINY: Zoo = zoo(READING, steps=4, small=(8, 1, 2), large=(12, 1, 2))
