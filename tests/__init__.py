"""Tests mirror the tree; test names are sentences."""
