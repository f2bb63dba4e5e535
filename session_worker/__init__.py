"""Outcomes to Redis: the newest snapshot of each match, what became of each command, and hints."""
