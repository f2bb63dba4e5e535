"""Ways to break good evidence, each by one thing, named for what would have gone wrong."""
