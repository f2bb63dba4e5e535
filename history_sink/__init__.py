"""Outcomes to PostgreSQL: matches, seats, every event and every result, exactly once."""
