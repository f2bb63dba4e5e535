"""Random logs of one partition, and random ways to cut them into batches."""

from collections.abc import Sequence
from itertools import pairwise

from hypothesis import strategies as st

from tests.session_worker.author import NOISE, SHAPES, Author, Line, disturb, play

Script = list[tuple[list[tuple[int, int]], list[str]]]  # per match: shapes thrown each round, noise after it

scripts: st.SearchStrategy[Script] = st.lists(
    st.tuples(
        st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2)), max_size=6),
        st.lists(st.sampled_from(NOISE), max_size=4),
    ),
    min_size=1,
    max_size=4,
)


def write(script: Script, noisy: bool = True) -> list[Line]:
    """The log that a script tells."""
    author = Author()
    author.take_over("first")
    for number, (rounds, noise) in enumerate(script):
        game = play(author, f"match-{number}", [(SHAPES[a], SHAPES[b]) for a, b in rounds])
        for kind in noise:
            if noisy:
                disturb(author, game, kind)
    return author.lines


def cut(lines: Sequence[Line], points: Sequence[int]) -> list[Sequence[Line]]:
    """The same lines in batches that end at these points."""
    edges = [0, *sorted({point % (len(lines) + 1) for point in points}), len(lines)]
    return [lines[a:b] for a, b in pairwise(edges)]


points = st.lists(st.integers(0, 1000), max_size=8)
