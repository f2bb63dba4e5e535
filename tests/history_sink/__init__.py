"""Tests of history_sink."""
