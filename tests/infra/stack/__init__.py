"""Tests of the local stack, most of them on the real binaries."""
