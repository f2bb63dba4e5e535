"""Tests of the words, the codec and the reader rule."""
