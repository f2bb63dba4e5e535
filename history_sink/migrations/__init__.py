"""The history's tables, step by step."""
