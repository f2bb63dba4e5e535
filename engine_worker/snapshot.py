"""A partition's state as chunks of JSON and back: the only place that knows what a checkpoint's state looks like.

A chunk is `{at, closed, gone, verdicts, matches}`. A match names the verdicts that it remembers by their numbers
in the list that the chunks up to its own have made, because few verdicts differ.
"""

from collections.abc import Iterator, Sequence
from hashlib import sha256
from itertools import islice
from operator import attrgetter
from typing import Any, TypeAlias

import orjson

from engine_worker.judge import Entry, Seen, State
from engine_worker.table import Table
from schemas.match import Options
from schemas.view import Round

CHUNK_BYTES = 256 * 1024  # written in about 2 ms, read in about 4
IDS_AT_ONCE = 4000
TABLE = (
    "game", "rules", "options", "seats", "winner", "ended_by", "rematch",
    "phase", "deadline", "round", "score", "misses", "rounds", "moves",
)  # fmt: skip
OPTIONS = ("best_of", "move_seconds", "opponent")
ROUND = ("moves", "winner")
SEEN = ("cause", "version", "rejection", "digest")
ENTRY = ("table", "version", "seen")
LAYOUT = 2  # raised when the chunks change while the fields stay
# A state with other fields is another format, whether or not somebody thought of checkpoints.
FORMAT = f"{LAYOUT}-{sha256(repr((TABLE, OPTIONS, ROUND, SEEN, ENTRY)).encode()).hexdigest()[:12]}"

Verdict: TypeAlias = tuple[str | None, str | None]
_OPTIONS, _ROUNDS = TABLE.index("options"), TABLE.index("rounds")
_table_values = attrgetter(*TABLE)
_options_values = attrgetter(*OPTIONS)
_round_values = attrgetter(*ROUND)


class Capture:
    """The state as it was when this was made, written down in slices while the partition goes on.

    Whoever lets commands change the state calls `touch` with their matches first. Matches that are evicted or
    made meanwhile need no word: the one are never changed again, the others are not part of it.
    """

    def __init__(self, state: State, chunk_bytes: int = CHUNK_BYTES) -> None:
        self._chunk_bytes = chunk_bytes
        self._at = state.at
        self._closed = [*state.closed]
        self._gone = [*state.gone]
        self._left: dict[str, Entry] = dict(state.matches)
        self._touched: set[str] = set()
        self._verdicts: dict[Verdict, int] = {}
        self._named = 0  # how many verdicts have left in a chunk
        self._chunks = self._write()

    def touch(self, match: str) -> None:
        """Keep this match as it is, since a command is about to change it."""
        entry = self._left.get(match)
        if entry is not None and match not in self._touched:
            self._touched.add(match)
            self._left[match] = Entry(
                entry.table, entry.version, {who: {**ids} for who, ids in entry.seen.items()}
            )

    def chunk(self) -> bytes | None:
        """The next slice of about `chunk_bytes`; None behind the last."""
        return next(self._chunks, None)

    def _write(self) -> Iterator[bytes]:
        for first in range(0, max(len(self._closed), len(self._gone)), IDS_AT_ONCE):
            some = slice(first, first + IDS_AT_ONCE)
            yield self._chunk([], self._closed[some], self._gone[some])
        matches: list[bytes] = []
        size = 0
        for match in [*self._left]:
            written = orjson.dumps(self._entry(match, self._left.pop(match)))
            if matches and size + len(written) > self._chunk_bytes:
                yield self._chunk(matches)
                matches, size = [], 0
            matches.append(written)
            size += len(written)
        yield self._chunk(matches)

    def _chunk(self, matches: list[bytes], closed: Sequence[Any] = (), gone: Sequence[str] = ()) -> bytes:
        verdicts = [*islice(self._verdicts, self._named, None)]
        self._named = len(self._verdicts)
        rest = orjson.dumps({"at": self._at, "closed": closed, "gone": gone, "verdicts": verdicts})
        return b'%b,"matches":[%b]}' % (rest[:-1], b",".join(matches))

    def _entry(self, match: str, entry: Entry) -> list[Any]:
        players = [
            (
                player,
                [*ids],
                [seen.cause for seen in ids.values()],
                [seen.version for seen in ids.values()],
                [self._number(seen.rejection, seen.digest) for seen in ids.values()],
            )
            for player, ids in entry.seen.items()
        ]
        return [match, entry.version, _table(entry.table), players]

    def _number(self, *verdict: str | None) -> int:
        return self._verdicts.setdefault(verdict, len(self._verdicts))  # type: ignore[arg-type]  # it is a pair


def _table(table: Table) -> list[Any]:
    values = [*_table_values(table)]
    values[_OPTIONS] = _options_values(table.options)
    values[_ROUNDS] = [_round_values(shown) for shown in table.rounds]
    return values


class Loading:
    """A state being read back, chunk by chunk, in order."""

    def __init__(self) -> None:
        self.state = State()
        self._verdicts: list[Verdict] = []
        self._options: dict[tuple[Any, ...], Options] = {}
        self._rounds: dict[tuple[Any, ...], Round] = {}

    def feed(self, chunk: bytes) -> None:
        """Take the next chunk in. Raises ValueError, TypeError, LookupError or the like where it is damaged."""
        document = orjson.loads(chunk)
        state = self.state
        state.at = document["at"]
        state.closed.extend((at, match) for at, match in document["closed"])
        state.gone.update(dict.fromkeys(document["gone"]))
        self._verdicts += [(rejection, digest) for rejection, digest in document["verdicts"]]
        for match, version, table, players in document["matches"]:
            seen = {player: self._seen(*columns) for player, *columns in players}
            state.matches[match] = Entry(self._table(table), version, seen)

    def _seen(
        self, ids: list[str], causes: list[int], versions: list[int], verdicts: list[int]
    ) -> dict[str, Seen]:
        known = self._verdicts
        return {
            command: Seen(cause, version, *known[verdict])
            for command, cause, version, verdict in zip(ids, causes, versions, verdicts, strict=True)
        }

    def _table(self, values: list[Any]) -> Table:
        fields = [tuple(value) if isinstance(value, list) else value for value in values]
        fields[_OPTIONS] = self._option(fields[_OPTIONS])
        fields[_ROUNDS] = tuple([self._round(tuple(moves), winner) for moves, winner in values[_ROUNDS]])
        named: dict[str, Any] = dict(zip(TABLE, fields, strict=True))
        return Table(**named)

    def _option(self, values: tuple[Any, ...]) -> Options:
        if values not in self._options:
            self._options[values] = Options(**dict(zip(OPTIONS, values, strict=True)))
        return self._options[values]

    def _round(self, *values: Any) -> Round:
        if values not in self._rounds:
            self._rounds[values] = Round(**dict(zip(ROUND, values, strict=True)))
        return self._rounds[values]
