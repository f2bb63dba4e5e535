"""Tests of each game's rules, one sentence a test."""
