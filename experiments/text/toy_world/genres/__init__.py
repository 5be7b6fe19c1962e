"""The genres of the toy world's text, a file each: `TEMPLATES`, and `write(facts, dice)`, which returns sentences."""
