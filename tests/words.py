"""Commands of the match domain for tests: fixed ones by name, random ones as hypothesis strategies."""

from typing import Any, get_args
from uuid import NAMESPACE_URL, uuid5

from hypothesis import strategies as st

from schemas.command import Command
from schemas.games import CATALOGUE
from schemas.ids import match_id
from schemas.match import Create, Join, Odd, Options, Play, Rematch, Resign, TimeElapsed
from schemas.outcome import Outcome, without_events

ANN, BOB, EVE = (str(uuid5(NAMESPACE_URL, name)) for name in ("ann", "bob", "eve"))
AT = 1_800_000_000_000  # when a test begins, Unix ms
ENTROPY = "0" * 32
SHAPES = {name: [str(shape) for shape in entry.move.__annotations__["shape"]] for name, entry in CATALOGUE.items()}


def outcome_of(**said: Any) -> Outcome:
    """An outcome that says this, and otherwise nothing."""
    nothing = without_events(command_id=None, player=None, at=AT, version=0, rejection=None)
    return Outcome(**{**nothing, **said})  # type: ignore[typeddict-item]


names = st.sampled_from(sorted(CATALOGUE))
entropies = st.integers(0, 2**128 - 1).map("{:032x}".format)
options = st.builds(
    Options,
    best_of=st.sampled_from(get_args(Odd)),
    move_seconds=st.integers(5, 86_400),
    opponent=st.sampled_from(["open", "computer"]),
)
json_values = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-(2**63), 2**63 - 1),
        st.floats(allow_nan=False, allow_infinity=False),
        st.text(max_size=8),
    ),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
moves = st.one_of(
    st.sampled_from([{"shape": shape} for shape in SHAPES["rpsfw"]]),
    st.dictionaries(st.text(max_size=6), json_values, max_size=3),
)
words: st.SearchStrategy[Any] = st.one_of(
    st.builds(Create, game=names | st.text(min_size=1, max_size=8), rules=st.integers(1, 3), options=options),
    st.just(Join()),
    st.builds(Play, move=moves, round=st.none() | st.integers(1, 4)),
    st.just(Resign()),
    st.just(Rematch()),
    st.builds(TimeElapsed, deadline=st.integers(0, AT * 2)),
)


def uid(name: Any) -> str:
    """A command id that is the same in every run."""
    return str(uuid5(NAMESPACE_URL, str(name)))


def create(name: Any = "create", game: str = "rps", player: str = ANN, **chosen: Any) -> Command:
    """Opens a match; the command's `key` is the match's id."""
    word = Create(game=game, rules=1, options=Options(**{"best_of": 3, **chosen}))
    return Command(uid(name), match_id(uid(name)), player, ENTROPY, word)


def throw(shape: Any, number: int | None = None) -> Play:
    """A move of both games of shapes."""
    return Play(move={"shape": str(shape)}, round=number)
