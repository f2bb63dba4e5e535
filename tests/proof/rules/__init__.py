"""Playlog's rules a second time: naive and obvious, from the design alone; nothing of the product is imported."""
