"""Text to learn from that every machine has."""
