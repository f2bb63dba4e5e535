"""Tests of a player's side of the HTTP interface."""
